"""The hooks, which are the whole extension surface.

A plugin's module implements the hook of its kind with `@pe_sdk.hookimpl`.
"""

from collections.abc import Iterable

import pluggy

from pe_sdk.doctor import DoctorSpec
from pe_sdk.exporter import ExporterSpec
from pe_sdk.specs import EmbeddingSpec, GeneratorSpec, ReaderSpec

PROJECT = "pe"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin's module as the implementation of the hook of the same name."""


@hookspec
def pe_generators() -> Iterable[GeneratorSpec]:
    """Return the generators of this module (entry-point group `pe.plugins`)."""
    return ()


@hookspec
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    """Return the embeddings of this module (entry-point group `pe.embeddings`)."""
    return ()


@hookspec
def pe_readers() -> Iterable[ReaderSpec]:
    """Return the readers of this module (entry-point group `pe.readers`)."""
    return ()


@hookspec
def pe_exporters() -> Iterable[ExporterSpec]:
    """Return the exporters of this module (entry-point group `pe.exporters`)."""
    return ()


@hookspec
def pe_doctor() -> Iterable[DoctorSpec]:
    """Return the checks that `pe doctor` runs (entry-point group `pe.doctor`)."""
    return ()
