"""From a name that someone typed to the one plugin it means."""

import difflib
import re
from collections.abc import Sequence

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.find import CONFLICT, FOUND, PluginEntry, find
from pe_host.plugins.known import not_installed
from pe_host.plugins.names import DOCTOR, GENERATOR, KINDS, split
from pe_host.plugins.ref import PluginRef


def resolve(kind: str, name: str, plugins: Sequence[PluginEntry] | None = None) -> PluginRef:
    """The plugin of this kind that `name`, or `distribution/name`, means.

    Args:
        kind: one of `KINDS`.
        name: as typed; `-` and `_` are the same.
        plugins: where to look; what `find` gives by default.

    Raises:
        PluginFailure: there is none (with a did-you-mean), it cannot be used (with the reason), or there are several.
    """
    plugins = find() if plugins is None else plugins
    distribution, plain = split(name)
    same = [
        p
        for p in plugins
        if p.kind == kind and p.name == plain and distribution in ("", p.distribution)
    ]
    if not same:
        raise _unknown(kind, name, plugins)
    usable = [p for p in same if p.state in (FOUND, CONFLICT)]
    if not usable:
        reasons = "; ".join(f"{p.distribution} {p.version}: {p.reason}" for p in same)
        raise PluginFailure(
            f"{kind} {plain!r} cannot be used: {reasons}",
            fix="`pe list-plugins` shows the state of each",
        )
    if len(usable) > 1:
        owners = sorted({p.distribution for p in usable})
        fix = f"say which one: {' or '.join(f'{owner}/{plain}' for owner in owners)}"
        if len(owners) == 1:
            fix = f"report it to the authors of {owners[0]}"
        raise PluginFailure(
            f"{kind} {plain!r} is offered more than once, by {' and by '.join(owners)}", fix=fix
        )
    return usable[0].ref


def resolve_any(
    name: str, kind: str = "", plugins: Sequence[PluginEntry] | None = None
) -> PluginRef:
    """The plugin of this name, of whatever kind where `kind` is "": a check, which has the name of what it checks, only
    where there is nothing else.

    Raises:
        PluginFailure: as `resolve`.
        UsageError: an unknown kind, or a name that plugins of several kinds have.
    """
    if kind not in ("", *KINDS):
        raise UsageError(
            f"there is no kind {kind!r} of plugin", where="--kind", fix=f"one of {', '.join(KINDS)}"
        )
    plugins = find() if plugins is None else plugins
    distribution, plain = split(name)
    having = {p.kind for p in plugins if p.name == plain and distribution in ("", p.distribution)}
    if len(having) > 1:
        having.discard(DOCTOR)
    if not kind and len(having) > 1:
        raise UsageError(
            f"{plain!r} is a name of several kinds of plugin: {', '.join(sorted(having))}",
            fix="give --kind",
        )
    return resolve(kind or next(iter(having), GENERATOR), name, plugins)


def _unknown(kind: str, name: str, plugins: Sequence[PluginEntry]) -> PluginFailure:
    distribution, plain = split(name)
    if distribution and any(p.distribution == distribution for p in plugins):
        offers = sorted(
            p.name for p in plugins if p.kind == kind and p.distribution == distribution
        )
        return PluginFailure(
            f"{distribution} offers no {kind} {plain!r}; it has: {', '.join(offers) or 'none'}"
        )
    known = {
        k.name: k
        for k in not_installed(plugins)
        if k.kind == kind and distribution in ("", k.distribution)
    }
    if plain in known:
        return PluginFailure(f"{kind} {name!r} is not installed", fix=f"`{known[plain].install}`")
    names = sorted({p.name for p in plugins if p.kind == kind})
    close = next(
        iter(difflib.get_close_matches(plain, sorted({*names, *known}), n=1, cutoff=0.6)), ""
    )
    fix = f"`pe list-plugins` shows what is installed ({', '.join(names) or f'no {kind} at all'})"
    if close in known and close not in names:
        fix += f"; {close!r} is not yet: `{known[close].install}`"
    elif kind == GENERATOR and re.fullmatch(r"[a-z0-9][a-z0-9-]*", plain):
        fix += f"; if it is published, perhaps `pip install pe-plugin-{plain}`"
    return PluginFailure(
        f"no {kind} {name!r} is installed{f'; did you mean {close!r}?' if close else ''}", fix=fix
    )
