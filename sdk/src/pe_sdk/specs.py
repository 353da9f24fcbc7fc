"""What a plugin's module yields: frozen descriptions with a factory, light to import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.embedding import Embedding
from pe_sdk.generator import Generator, Simulator
from pe_sdk.options import NoOptions
from pe_sdk.output import OutputSpec
from pe_sdk.peers import Peers

Factory = Callable[[OutputSpec, tuple[str, ...], Any], Generator | Simulator]
ComposingFactory = Callable[[OutputSpec, tuple[str, ...], Any, Peers], Generator | Simulator]

_DIGITS = OutputSpec.image(28, 28)


@dataclass(frozen=True)
class GeneratorSpec:
    """A generator plugin.

    Args:
        name: what users type; the same as the entry point's name.
        summary: one line.
        factory: called with (output, label names, options); heavy imports belong inside. Raises `CannotMake`.
        options: frozen dataclass of the options (see `pe_sdk.options`).
        labels: label names where the data set brings none.
        default_data: SOURCE of a public or synthetic data set, so that the plugin runs by name alone.
        embedding: name of an embedding of the same package that tells its samples apart best. It sees private records, which a
            generator does not: so it is the default on public data alone, and a suggestion on other data.
        exact: output is bit-identical for any batch, not just for equal blocks.
        block: rows a call; the host pads the last block.
        gpu: uses a GPU where there is one.
        composes: is made of other generators: the factory gets a fourth argument, `pe_sdk.Peers`.
        output: a form of records it makes, for `pe describe`. Where the records of a source have this shape and no declared
            features, they are taken to have the features of this one.
    """

    name: str
    summary: str
    factory: Factory | ComposingFactory
    options: type = NoOptions
    labels: tuple[str, ...] = ()
    default_data: str = ""
    embedding: str = ""
    exact: bool = False
    block: int = 256
    gpu: bool = False
    composes: bool = False
    output: OutputSpec = _DIGITS


@dataclass(frozen=True)
class EmbeddingSpec:
    """An embedding plugin. factory: called with (output, options); it will be given private records."""

    name: str
    summary: str
    factory: Callable[[OutputSpec, Any], Embedding]
    options: type = NoOptions


@dataclass(frozen=True)
class SourceInfo:
    """What a reader tells of a source without reading records; all of it counts as public.

    Args:
        output: form of a record.
        label_names: class names from the data set's own metadata, or () where it has none.
        public: the data are public or synthetic; True or False, nothing else. So a default ε may be assumed, the embedding of
            the generator's package may see the records, and the end of a run measures clean statistics of them into
            `internal/` of the run folder.
        clients: records carry a client, and the unit of privacy is the client; True or False.
    """

    output: OutputSpec
    label_names: tuple[str, ...] = ()
    public: bool = False
    clients: bool = False


@dataclass(frozen=True)
class Table:
    """The records of a source, as a reader hands them to the private side, which alone calls it.

    Args:
        data: [n, *shape].
        labels: int64 [n], positions in the label names.
        clients: int64 [n] ids of the clients, or None where each record is its own unit.
        parameters: of synthetic data that know them: the parameters of the simulator that made each record, columns [n] by
            name, as in a `ParameterSpace`. A run does not use them; they show afterwards what it has found again.
    """

    data: NDArray[Any]
    labels: NDArray[np.int64]
    clients: NDArray[np.int64] | None = None
    parameters: Mapping[str, NDArray[Any]] | None = None


@dataclass(frozen=True)
class ReaderSpec:
    """A reader plugin, for SOURCE = `name:location`.

    Args:
        name: the scheme.
        summary: one line.
        describe: location -> SourceInfo, from metadata, without reading records. Raises `SourceError`.
        read: (location, OutputSpec, label names) -> Table; every record in full. Raises `SourceError`, which may name a
            row, never its content.
    """

    name: str
    summary: str
    describe: Callable[[str], SourceInfo]
    read: Callable[[str, OutputSpec, tuple[str, ...]], Table]
