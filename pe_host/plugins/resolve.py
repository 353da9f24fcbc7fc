"""Resolve a name that a user typed to one plugin."""

import difflib
from collections.abc import Sequence

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.find import CONFLICT, FOUND, PluginEntry, find
from pe_host.plugins.known import not_installed
from pe_host.plugins.names import DOCTOR, GENERATOR, KINDS, split
from pe_host.plugins.ref import PluginRef


def resolve(kind: str, name: str, plugins: Sequence[PluginEntry] | None = None) -> PluginRef:
    """The plugin of this kind and name.

    Args:
        kind: one of `KINDS`.
        name: `name` or `distribution/name`, as typed; `-` and `_` are equal.
        plugins: the plugins to search; by default the result of `find`.

    Raises:
        PluginFailure: there is none (with a suggestion), it cannot be used (with the reason), or
            there are several.
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
        fix = f"choose one: {' or '.join(f'{owner}/{plain}' for owner in owners)}"
        if len(owners) == 1:
            fix = f"report it to the authors of {owners[0]}"
        raise PluginFailure(
            f"{kind} {plain!r} is offered more than once, by {' and by '.join(owners)}", fix=fix
        )
    return usable[0].ref


def resolve_any(
    name: str, kind: str = "", plugins: Sequence[PluginEntry] | None = None
) -> PluginRef:
    """The plugin of this name, of any kind if `kind` is "".

    A check of the machine has the name of what it checks, so it is chosen only if no other kind has
    the name.

    Raises:
        PluginFailure: see `resolve`.
        UsageError: the kind is unknown, or plugins of several kinds have this name.
    """
    if kind not in ("", *KINDS):
        raise UsageError(
            f"unknown kind of plugin {kind!r}", where="--kind", fix=f"use one of {', '.join(KINDS)}"
        )
    plugins = find() if plugins is None else plugins
    distribution, plain = split(name)
    having = {p.kind for p in plugins if p.name == plain and distribution in ("", p.distribution)}
    if len(having) > 1:
        having.discard(DOCTOR)
    if not kind and len(having) > 1:
        raise UsageError(
            f"plugins of several kinds have the name {plain!r}: {', '.join(sorted(having))}",
            fix="choose one with --kind",
        )
    return resolve(kind or next(iter(having), GENERATOR), name, plugins)


def _unknown(kind: str, name: str, plugins: Sequence[PluginEntry]) -> PluginFailure:
    distribution, plain = split(name)
    if distribution and any(p.distribution == distribution for p in plugins):
        offers = sorted(
            p.name for p in plugins if p.kind == kind and p.distribution == distribution
        )
        return PluginFailure(
            f"{distribution} offers no {kind} {plain!r}; it has: {', '.join(offers) or 'none'}",
            fix=f"`pe list-plugins` lists every {kind}",
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
    fix = f"`pe list-plugins` shows what is installed ({', '.join(names) or f'no {kind}'})"
    if close in known and close not in names:
        fix += f"; to install {close!r}: `{known[close].install}`"
    return PluginFailure(
        f"no {kind} {name!r} is installed{f'; did you mean {close!r}?' if close else ''}", fix=fix
    )
