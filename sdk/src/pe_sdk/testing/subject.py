"""The subject of checks: a spec and, if it can be imported again, its address."""

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import pluggy

from pe_sdk import hookspecs

HOOKS = {
    "generator": "pe_generators",
    "embedding": "pe_embeddings",
    "reader": "pe_readers",
    "exporter": "pe_exporters",
}
GROUPS = {
    "generator": "pe.plugins",
    "embedding": "pe.embeddings",
    "reader": "pe.readers",
    "exporter": "pe.exporters",
}


@dataclass(frozen=True)
class Subject:
    """A spec, its kind and its address.

    The address is "module:attribute", "module:" for the hooks of the module, or "" if none is
    known.
    """

    kind: str
    spec: Any
    address: str


def find_subject(kind: str, subject: Any, name: str = "") -> Subject:
    """Find a subject by an entry point's name, by an address or by its spec.

    Raises:
        LookupError: there is no such entry point, or no spec of that name at the address.
    """
    if not isinstance(subject, str):
        return Subject(kind, subject, _derived(kind, subject))
    if ":" in subject:
        return Subject(kind, spec_at(kind, subject, name), subject)
    distribution, _, plain = subject.rpartition("/")
    found = [
        e
        for e in metadata.entry_points(group=GROUPS[kind])
        if e.name.replace("_", "-") == plain.replace("_", "-")
        and (not distribution or (e.dist and e.dist.name == distribution))
    ]
    if not found:
        raise LookupError(
            f"no {kind} {subject!r} is installed; pass its name or `module:attribute`"
        )
    address = found[0].value if ":" in found[0].value else f"{found[0].value}:"
    return Subject(kind, spec_at(kind, address, plain), address)


def spec_at(kind: str, address: str, name: str = "") -> Any:
    """Import the spec at an address: an object, a function that returns specs, or a module's hooks.

    Raises:
        LookupError: the address does not have exactly one spec of that name.
    """
    module, _, attribute = address.partition(":")
    found: Any = importlib.import_module(module)
    if attribute:
        for part in attribute.split("."):
            found = getattr(found, part)
        found = found() if callable(found) else found
        specs = list(found) if isinstance(found, Iterable) else [found]
    else:
        specs = _hooked(kind, found)
    if name:
        specs = [s for s in specs if s.name.replace("_", "-") == name.replace("_", "-")]
    if len(specs) != 1:
        raise LookupError(
            f"expected one {kind} at {address}{f' named {name!r}' if name else ''}, "
            f"found {len(specs)}"
        )
    return specs[0]


def _hooked(kind: str, module: Any) -> list[Any]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    return [spec for specs in getattr(manager.hook, HOOKS[kind])() for spec in specs]


def _derived(kind: str, spec: Any) -> str:
    """Return the address of the hook that returns this very spec, or "".

    It is looked for in the module of the factory and the packages above it.
    """
    module = getattr(
        getattr(spec, "factory", None)
        or getattr(spec, "write", None)
        or getattr(spec, "read", None),
        "__module__",
        "",
    )
    while module and module != "__main__":  # no other process can import __main__
        loaded = sys.modules.get(module)
        if loaded is not None and any(s == spec for s in _hooked(kind, loaded)):
            return f"{module}:"
        module = module.rpartition(".")[0]
    return ""
