"""Find the plugins from the metadata of installed distributions. Imports none of them, and no numpy.

A distribution that cannot be read, does not fit or clashes is an entry with a state and a reason, never an error.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pe_host.plugins.built_in import SUMMARIES
from pe_host.plugins.names import DEV, GENERATOR, GROUPS, HOST, KINDS, normalise, one_line, split
from pe_host.plugins.ref import PluginRef

if TYPE_CHECKING:  # it imports the standard library's mail parser; workers look nothing up
    from importlib import metadata

FOUND, INCOMPATIBLE, CONFLICT, DISABLED, UNREADABLE = (
    "found",
    "incompatible",
    "conflict",
    "disabled",
    "unreadable",
)


@dataclass(frozen=True)
class Found:
    """One plugin as its metadata describes it.

    Args:
        name: normalised.
        kind: one of `KINDS`.
        distribution, version, summary: of the distribution; what the host brings has summaries of its own.
        module: what its entry point names.
        state: found, incompatible, conflict, disabled or unreadable.
        reason: why it is not simply found.
        dev: "module:object" where PE_DEV_PLUGIN gave that.
    """

    name: str
    kind: str
    distribution: str
    version: str
    summary: str
    module: str
    state: str = FOUND
    reason: str = ""
    dev: str | None = None

    @property
    def ref(self) -> PluginRef:
        return PluginRef(
            self.kind, self.name, self.module, self.distribution, self.version, self.dev
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def find(environ: Mapping[str, str] | None = None) -> list[Found]:
    """Every plugin there is, by kind, then name, then distribution: the order of the file system plays no part.

    Args:
        environ: where to read PE_PLUGINS (comma-separated names or distribution/name: of the plugins that are not built
            in, only these) and PE_DEV_PLUGIN (`[kind/]name=module[:object]`: a generator where no kind is given, the
            hooks of the module where no object is); the process's own by default.
    """
    environ = os.environ if environ is None else environ
    plugins = {plugin for distribution in _distributions() for plugin in _offers(distribution)}
    restricted = [_restrict(plugin, environ.get("PE_PLUGINS", "")) for plugin in plugins]
    if text := environ.get("PE_DEV_PLUGIN", "").strip():
        restricted.append(_dev(text))
    return sorted(
        _clashes(restricted), key=lambda p: (KINDS.index(p.kind), p.name, p.distribution, p.module)
    )


def _distributions() -> Iterator[metadata.Distribution]:
    """The distributions with plugins; of several with one name those that Python would import from, newest first."""
    from importlib import metadata

    first: dict[str, tuple[str, metadata.Distribution]] = {}
    for distribution in metadata.distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
            if not any(group in text for group in GROUPS):
                continue  # before METADATA is read: that of a hundred other distributions takes longer than all the rest
            name, place = (
                normalise(distribution.metadata["Name"] or ""),
                str(distribution.locate_file("")),
            )
        except (
            Exception
        ):  # not even its metadata can be read: what a broken installation leaves behind
            continue
        if not name:
            continue
        at, other = first.setdefault(name, (place, distribution))
        if at == place and _order(distribution) > _order(
            other
        ):  # two in one folder: an upgrade that failed
            first[name] = (place, distribution)
    for _, distribution in first.values():
        yield distribution


def _order(distribution: metadata.Distribution) -> tuple[bool, Any]:
    """A key by which the newer of two is the larger."""
    from packaging.version import InvalidVersion, Version

    version = distribution.version or ""
    try:
        return True, Version(version)
    except InvalidVersion:
        return False, version


def _offers(distribution: metadata.Distribution) -> Iterator[Found]:
    meta = distribution.metadata
    summary = meta["Summary"] if "Summary" in meta else ""  # noqa: SIM401  the protocol of metadata has no `get`
    name = normalise(meta["Name"])
    about = name, distribution.version or "unknown", one_line(summary)
    try:
        entries = [entry for entry in distribution.entry_points if entry.group in GROUPS]
    except Exception as error:  # importlib.metadata raises whatever its parsing stumbles over
        reason = f"its entry_points.txt cannot be read ({type(error).__name__})"
        yield Found(about[0], GENERATOR, *about, "", UNREADABLE, reason)
        return
    misfit = _misfit(distribution)
    state = INCOMPATIBLE if misfit else FOUND
    for entry in entries:
        plugin = Found(
            normalise(entry.name), GROUPS[entry.group], *about, entry.value, state, misfit
        )
        # The host's own summary says nothing of one plugin.
        own = SUMMARIES.get((plugin.kind, plugin.name)) if name == HOST else None
        yield replace(plugin, summary=own) if own else plugin


def _misfit(distribution: metadata.Distribution) -> str:
    """Why the distribution does not go with the installed pe-sdk, or ""."""
    from importlib import metadata

    from packaging.requirements import InvalidRequirement, Requirement

    installed = metadata.version("pe-sdk")
    for text in distribution.requires or ():
        try:
            need = Requirement(text)
        except InvalidRequirement:
            continue
        if normalise(need.name) != "pe-sdk" or (
            need.marker and not need.marker.evaluate({"extra": ""})
        ):
            continue
        if not need.specifier.contains(installed, prereleases=True):
            return f"needs pe-sdk{need.specifier}, installed is {installed}"
    return ""


def allowed(name: str, distribution: str, wanted: str) -> bool:
    """Whether PE_PLUGINS, whose text is `wanted`, leaves a plugin in; an empty one leaves all in."""
    names = [split(part) for part in wanted.split(",") if part.strip()]
    return not names or ("", name) in names or (distribution, name) in names


def _restrict(plugin: Found, wanted: str) -> Found:
    if allowed(plugin.name, plugin.distribution, wanted) or plugin.distribution == HOST:
        return plugin
    return replace(plugin, state=DISABLED, reason=f"PE_PLUGINS={wanted} leaves it out")


def _dev(text: str) -> Found:
    given, _, target = (part.strip() for part in text.partition("="))
    kind, slash, name = given.rpartition("/")
    kind = kind if slash else GENERATOR
    module, colon, attribute = target.partition(":")
    summary = "from PE_DEV_PLUGIN"
    if not (name and module and bool(colon) == bool(attribute) and kind in KINDS):
        reason = f"PE_DEV_PLUGIN={text} does not have the form [kind/]name=module[:object], kind {' or '.join(KINDS)}"
        return Found(
            normalise(name),
            kind if kind in KINDS else GENERATOR,
            DEV,
            DEV,
            summary,
            "",
            UNREADABLE,
            reason,
        )
    return Found(normalise(name), kind, DEV, DEV, summary, module, dev=target if colon else None)


def _clashes(plugins: Iterable[Found]) -> Iterator[Found]:
    """The same plugins, where several that could be used share kind and name as conflicts."""
    sharing: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for plugin in plugins:
        sharing[plugin.kind, plugin.name].append(plugin)
    for group in sharing.values():
        usable = sorted(plugin.distribution for plugin in group if plugin.state == FOUND)
        for plugin in group:
            if plugin.state == FOUND and len(usable) > 1:
                yield replace(
                    plugin, state=CONFLICT, reason=f"offered by {' and by '.join(usable)}"
                )
            else:
                yield plugin
