"""Find plugins from the metadata of installed distributions, without importing them or numpy.

A distribution that cannot be read, does not fit or conflicts with another becomes an entry with a
state and a reason, never an error.
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
class PluginEntry:
    """One plugin as its metadata describes it.

    Args:
        name: normalised.
        kind: one of `KINDS`.
        distribution: normalised name of the distribution.
        version: of the distribution.
        summary: of the distribution; each built-in plugin has its own.
        module: the target of its entry point.
        state: found, incompatible, conflict, disabled or unreadable.
        reason: why the state is not "found".
        dev: "module:object" if PE_DEV_PLUGIN names that, else None.
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


def find(environ: Mapping[str, str] | None = None) -> list[PluginEntry]:
    """Every plugin, sorted by kind, name and distribution, whatever the order of the file system.

    Args:
        environ: environment to read, by default that of the process. PE_PLUGINS is a
            comma-separated list of names or distribution/name; plugins that are neither built in
            nor listed are disabled. PE_DEV_PLUGIN is `[kind/]name=module[:object]`; without a kind
            it is a generator, without an object the hooks of the module are called.
    """
    from importlib import metadata

    environ = os.environ if environ is None else environ
    sdk = metadata.version("pe-sdk")
    plugins = {plugin for found in _distributions() for plugin in _offers(found, sdk)}
    restricted = [_restrict(plugin, environ.get("PE_PLUGINS", "")) for plugin in plugins]
    if text := environ.get("PE_DEV_PLUGIN", "").strip():
        restricted.append(_dev(text))
    return sorted(
        _clashes(restricted), key=lambda p: (KINDS.index(p.kind), p.name, p.distribution, p.module)
    )


def _distributions() -> Iterator[metadata.Distribution]:
    """The distributions with plugins.

    Of several with one name, the one that Python would import; within one folder, the newest.
    """
    from importlib import metadata

    first: dict[str, tuple[str, metadata.Distribution]] = {}
    for distribution in metadata.distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
            if not any(group in text for group in GROUPS):
                # Before METADATA is read: for a hundred other distributions, that takes longer than
                # everything else.
                continue
            name = normalise(distribution.metadata["Name"] or "")
            place = str(distribution.locate_file(""))
        except Exception:  # unreadable metadata, which a broken installation leaves behind
            continue
        if not name:
            continue
        at, other = first.setdefault(name, (place, distribution))
        # Two in one folder are left by a failed upgrade.
        is_second = other is not distribution and at == place
        if is_second and _order(distribution) > _order(other):
            first[name] = (place, distribution)
    for _, distribution in first.values():
        yield distribution


def _order(distribution: metadata.Distribution) -> tuple[bool, Any]:
    """A sort key: the newer distribution has the larger one."""
    from packaging.version import InvalidVersion, Version

    version = distribution.version or ""
    try:
        return True, Version(version)
    except InvalidVersion:
        return False, version


def _offers(distribution: metadata.Distribution, sdk: str) -> Iterator[PluginEntry]:
    meta = distribution.metadata  # each use of the property reads the file again
    # The protocol of metadata has no `get`.
    summary = meta["Summary"] if "Summary" in meta else ""  # noqa: SIM401
    name = normalise(meta["Name"])
    about = name, meta["Version"] or "unknown", one_line(summary)
    try:
        entries = [entry for entry in distribution.entry_points if entry.group in GROUPS]
    except Exception as error:  # importlib.metadata may raise anything on malformed files
        reason = f"its entry_points.txt cannot be read ({type(error).__name__})"
        yield PluginEntry(about[0], GENERATOR, *about, "", UNREADABLE, reason)
        return
    misfit = _misfit(distribution, sdk)
    state = INCOMPATIBLE if misfit else FOUND
    for entry in entries:
        plugin = PluginEntry(
            normalise(entry.name), GROUPS[entry.group], *about, entry.value, state, misfit
        )
        # The summary of the host does not describe its plugins.
        own = SUMMARIES.get((plugin.kind, plugin.name)) if name == HOST else None
        yield replace(plugin, summary=own) if own else plugin


def _misfit(distribution: metadata.Distribution, sdk: str) -> str:
    """Why the distribution does not fit the installed version of pe-sdk, or ""."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in distribution.requires or ():
        try:
            need = Requirement(text)
        except InvalidRequirement:
            continue
        if normalise(need.name) != "pe-sdk" or (
            need.marker and not need.marker.evaluate({"extra": ""})
        ):
            continue
        if not need.specifier.contains(sdk, prereleases=True):
            return f"needs pe-sdk{need.specifier}, but {sdk} is installed"
    return ""


def allowed(name: str, distribution: str, wanted: str) -> bool:
    """True if PE_PLUGINS, whose value is `wanted`, lists the plugin or is empty."""
    names = [split(part) for part in wanted.split(",") if part.strip()]
    return not names or ("", name) in names or (distribution, name) in names


def _restrict(plugin: PluginEntry, wanted: str) -> PluginEntry:
    if allowed(plugin.name, plugin.distribution, wanted) or plugin.distribution == HOST:
        return plugin
    return replace(plugin, state=DISABLED, reason=f"not listed in PE_PLUGINS={wanted}")


def _dev(text: str) -> PluginEntry:
    given, _, target = (part.strip() for part in text.partition("="))
    kind, slash, name = given.rpartition("/")
    kind = kind if slash else GENERATOR
    module, colon, attribute = target.partition(":")
    summary = "from PE_DEV_PLUGIN"
    if not (name and module and bool(colon) == bool(attribute) and kind in KINDS):
        reason = (
            f"PE_DEV_PLUGIN={text} is not [kind/]name=module[:object] "
            f"with a kind of {', '.join(KINDS)}"
        )
        return PluginEntry(
            normalise(name),
            kind if kind in KINDS else GENERATOR,
            DEV,
            DEV,
            summary,
            "",
            UNREADABLE,
            reason,
        )
    return PluginEntry(
        normalise(name), kind, DEV, DEV, summary, module, dev=target if colon else None
    )


def _clashes(plugins: Iterable[PluginEntry]) -> Iterator[PluginEntry]:
    """The same plugins; usable ones that share kind and name become conflicts."""
    sharing: dict[tuple[str, str], list[PluginEntry]] = defaultdict(list)
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
