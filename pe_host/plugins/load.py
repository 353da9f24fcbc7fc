"""Load one plugin: import its module, call its hook, pick the spec of its name.

Loading runs the plugin's code. Generators are loaded only in worker processes and in the child
processes of `pe_host.plugins.child`, never where private data is opened. Checks of the machine are
loaded only in the child processes. Embeddings and readers are loaded in the host.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pe_host.errors import PluginFailure
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.names import (
    DEV,
    DOCTOR,
    EMBEDDING,
    EXPORTER,
    GENERATOR,
    READER,
    normalise,
)
from pe_host.plugins.ref import PluginRef

if TYPE_CHECKING:  # pe_sdk imports numpy, which finding and resolving must not
    from pe_sdk import DoctorSpec, EmbeddingSpec, ExporterSpec, GeneratorSpec, ReaderSpec

HOOKS = {
    GENERATOR: "pe_generators",
    EMBEDDING: "pe_embeddings",
    READER: "pe_readers",
    EXPORTER: "pe_exporters",
    DOCTOR: "pe_doctor",
}


def load_generator(ref: PluginRef) -> GeneratorSpec:
    """The spec of a generator. Raises PluginFailure for whatever goes wrong in the plugin."""
    spec: GeneratorSpec = load(_of_kind(ref, GENERATOR))
    return spec


def load_embedding(ref: PluginRef) -> EmbeddingSpec:
    """The spec of an embedding. Raises PluginFailure for whatever goes wrong in the plugin."""
    spec: EmbeddingSpec = load(_of_kind(ref, EMBEDDING))
    return spec


def load_reader(ref: PluginRef) -> ReaderSpec:
    """The spec of a reader. Raises PluginFailure for whatever goes wrong in the plugin."""
    spec: ReaderSpec = load(_of_kind(ref, READER))
    return spec


def load_exporter(ref: PluginRef) -> ExporterSpec:
    """The spec of an exporter. Raises PluginFailure for whatever goes wrong in the plugin."""
    spec: ExporterSpec = load(_of_kind(ref, EXPORTER))
    return spec


def load_doctor(ref: PluginRef) -> DoctorSpec:
    """The spec of a machine check. Raises PluginFailure for whatever goes wrong in the plugin."""
    spec: DoctorSpec = load(_of_kind(ref, DOCTOR))
    return spec


def load(ref: PluginRef) -> Any:
    """The spec of a plugin of any kind.

    Raises:
        PluginFailure: the import or the hook failed in any way, `SystemExit` included, or there is
            no such spec. It names the plugin, its distribution and the cause in one sentence.
    """
    try:
        # What a plugin prints during import must not mix with results on stdout.
        with contextlib.redirect_stdout(sys.stderr):
            specs = _dev_specs(ref.dev) if ref.dev else _hooked_specs(ref)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _failure(ref, describe_cause(error) + _place(error, ref)) from None
    return _pick(ref, specs)


def _place(error: BaseException, ref: PluginRef) -> str:
    """ " at FILE:LINE" for a plugin under development, else "".

    The place is the innermost one outside the import machinery.
    """
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")
    ]
    known = (
        ref.distribution == DEV
        and frames
        and frames[-1].filename not in (__file__, importlib.__file__)
    )
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if known else ""


def _hooked_specs(ref: PluginRef) -> list[Any]:
    import pluggy

    from pe_sdk import hookspecs

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module(ref.module), name=ref.name)
    return [spec for specs in getattr(manager.hook, HOOKS[ref.kind])() for spec in specs]


def _dev_specs(target: str) -> list[Any]:
    """Specs from an object: a spec, or a function that returns one or, like a hook, several."""
    module, _, attribute = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    found = found() if callable(found) else found
    return list(found) if isinstance(found, Iterable) else [found]


def _pick(ref: PluginRef, specs: list[Any]) -> Any:
    import pe_sdk

    expected = {
        GENERATOR: pe_sdk.GeneratorSpec,
        EMBEDDING: pe_sdk.EmbeddingSpec,
        READER: pe_sdk.ReaderSpec,
        EXPORTER: pe_sdk.ExporterSpec,
        DOCTOR: pe_sdk.DoctorSpec,
    }[ref.kind]
    if strange := [type(spec).__name__ for spec in specs if not isinstance(spec, expected)]:
        raise _failure(
            ref, f"its hook {HOOKS[ref.kind]} returned {strange[0]}, not {expected.__name__}"
        )
    named = [spec for spec in specs if normalise(str(spec.name)) == ref.name]
    if len(named) == 1:
        return named[0]
    if named:
        raise _failure(ref, f"it returned {len(named)} specs of that name")
    names = ", ".join(repr(spec.name) for spec in specs)
    returned = f"it returned {names}" if names else f"no hook {HOOKS[ref.kind]} returned any"
    raise _failure(ref, f"it has no spec of that name; {returned}")


def _of_kind(ref: PluginRef, kind: str) -> PluginRef:
    if ref.kind != kind:
        raise ValueError(f"{ref} is no {kind}")
    return ref


def _failure(ref: PluginRef, cause: str) -> PluginFailure:
    fix = (
        "fix it in your source tree, from which PE_DEV_PLUGIN loads it"
        if ref.distribution == DEV
        else f"report it to the authors of {ref.distribution}, or uninstall it; "
        "`pe list-plugins --check` tries all plugins"
    )
    return PluginFailure(f"cannot be loaded: {cause}", where=str(ref), fix=fix)
