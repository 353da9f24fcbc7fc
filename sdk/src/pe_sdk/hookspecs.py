"""The whole extension surface. A plugin's module implements the hook of its kind with `@pe_sdk.hookimpl`."""

from collections.abc import Iterable

import pluggy

from pe_sdk.doctor import DoctorSpec
from pe_sdk.specs import EmbeddingSpec, GeneratorSpec, ReaderSpec

PROJECT = "pe"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin's module as the implementation of the hook of that name."""


@hookspec
def pe_generators() -> Iterable[GeneratorSpec]:
    """The generators of this module (entry-point group `pe.plugins`)."""
    return ()


@hookspec
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    """The embeddings of this module (entry-point group `pe.embeddings`)."""
    return ()


@hookspec
def pe_readers() -> Iterable[ReaderSpec]:
    """The readers of this module (entry-point group `pe.readers`)."""
    return ()


@hookspec
def pe_doctor() -> Iterable[DoctorSpec]:
    """The checks of this module (entry-point group `pe.doctor`), which `pe doctor` runs."""
    return ()
