"""Specs that the hooks of a plugin's module return: frozen, with a factory, light to import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.embedding import Embedding
from pe_sdk.errors import SourceError
from pe_sdk.generator import Generator, Simulator
from pe_sdk.options import NoOptions
from pe_sdk.output import OutputSpec
from pe_sdk.peers import Peers
from pe_sdk.records import Records
from pe_sdk.source_options import SourceOptions

Factory = Callable[[OutputSpec, tuple[str, ...], Any], Generator | Simulator]
ComposingFactory = Callable[[OutputSpec, tuple[str, ...], Any, Peers], Generator | Simulator]

_DIGITS = OutputSpec.image(28, 28)


@dataclass(frozen=True)
class GeneratorSpec:
    """A generator plugin.

    Args:
        name: what users type; the same as the name of the entry point.
        summary: one line.
        factory: called with (output, label names, options); heavy imports belong inside. Raises
            `CannotMake`.
        options: frozen dataclass of the options (see `pe_sdk.options`).
        labels: label names for data sets that have none.
        default_data: SOURCE of a public or synthetic data set, so that the plugin runs by its name
            and nothing else.
        embedding: name of an embedding in the same package that distinguishes its samples best. An
            embedding sees private records, which a generator does not. So it is the default only
            for public data, and a suggestion for other data.
        exact: whether output is bit-identical for any batch, not just for equal blocks.
        block: number of rows in a call; the host pads the last block.
        gpu: whether it uses a GPU where there is one; without it, its process cannot open one.
        composes: whether it is made of other generators: the factory then gets a fourth argument,
            `pe_sdk.Peers`.
        network: whether it can use the network, as for models of a hub. It gets one only if the
            user asks for it: `--allow-network NAME`. It must work without.
        output: spec of records that it can make, for `pe describe`. Records of a source that have
            this shape and no declared features are taken to have these features.
        output_is_example: whether `output` is only an example, because the generator makes records
            of any features: those of a source then stay as they are.

    Examples:
        Images of one brightness, and the checks that every generator must pass:

        >>> import numpy as np
        >>> from pe_sdk import CannotMake, Float, GeneratorSpec, ParameterSpace, Simulator
        >>> from pe_sdk.testing import check_generator
        >>> class Flat(Simulator):
        ...     space = ParameterSpace({"gray": Float(0, 255)})
        ...
        ...     def __init__(self, output):
        ...         self.output = output
        ...
        ...     def render(self, params, labels, seeds):
        ...         gray = params["gray"].astype(np.uint8)[:, None, None, None]
        ...         return np.broadcast_to(gray, (len(gray), *self.output.shape)).copy()
        >>> def make(output, labels, options):
        ...     if output.kind != "image":
        ...         raise CannotMake(f"flat makes images, not {output.kind}")
        ...     return Flat(output)
        >>> spec = GeneratorSpec("flat", "images of one brightness", make, exact=True)
        >>> check_generator(spec, level="basic").raise_for_failures()
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
    network: bool = False
    output_is_example: bool = False


@dataclass(frozen=True)
class EmbeddingSpec:
    """An embedding plugin.

    Args:
        name: what users type; the same as the name of the entry point.
        summary: one line.
        factory: called with (output, options); raises `CannotMake`. The embedding that it makes
            will see private records.
        options: frozen dataclass of the options (see `pe_sdk.options`).

    Examples:
        One number for each image, its mean brightness:

        >>> import numpy as np
        >>> from pe_sdk import Embedding, EmbeddingSpec, OutputSpec
        >>> class Brightness(Embedding):
        ...     dim = 1
        ...
        ...     def embed(self, data):
        ...         pixels = data.reshape(len(data), -1) / np.float32(255)
        ...         return pixels.mean(axis=1, keepdims=True)
        >>> def make(output, options):
        ...     return Brightness()
        >>> spec = EmbeddingSpec("brightness", "mean brightness of an image", make)
        >>> embedding = spec.factory(OutputSpec.image(8, 8), spec.options())
        >>> black, white = np.zeros((8, 8, 1), np.uint8), np.full((8, 8, 1), 255, np.uint8)
        >>> embedding.embed(np.stack([black, white])).tolist()
        [[0.0], [1.0]]
    """

    name: str
    summary: str
    factory: Callable[[OutputSpec, Any], Embedding]
    options: type = NoOptions


@dataclass(frozen=True)
class SourceInfo:
    """Public facts about a source, which its reader reports without reading records.

    Args:
        output: spec of a record.
        label_names: class names from the data set's own metadata, or () if it has none.
        public: whether the data are public or synthetic; exactly True or False. If True, a default
            ε may be assumed, the embedding of the generator's package may see the records, and at
            the end of a run clean statistics of them are written to `internal/` of the run folder.
        clients: whether records carry a client, which is then the unit of privacy; exactly True or
            False.
        public_ranges: whether ranges of features and step are known without the data, as constants
            of the format are; exactly True or False. If False, those of private data are refused
            unless the operator declares them public: they may have been computed from records.
        layout: what the source is taken for, such as "class folders"; for `pe inspect`.
        names_from, clients_from: where class names and clients come from, in a few words, such as
            "the names of the folders" and "column patient"; for `pe inspect`.
        preparation: what is done to every record, one phrase each; published in the plan.
        passed_over: files, columns or arrays that are not read; for `pe inspect`.
        counted: whether the classes were counted from labels that are numbers, so that their number
            becomes public; exactly True or False.
        options: the options as the reader resolved them, which `read` will get; None for those that
            the user gave.
    """

    output: OutputSpec
    label_names: tuple[str, ...] = ()
    public: bool = False
    clients: bool = False
    public_ranges: bool = False
    layout: str = ""
    names_from: str = ""
    clients_from: str = ""
    preparation: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    counted: bool = False
    options: SourceOptions | None = None


@dataclass(frozen=True)
class Table:
    """The records of a source, as a reader returns them to the private side, its only caller.

    Args:
        data: [n, *shape], an array or what keeps its rows on disk (see `Records`).
        labels: int64 [n], positions in the label names.
        clients: int64 [n], ids of the clients, or None if each record is its own unit.
        parameters: for synthetic data that know them, the simulator parameters that made each
            record: columns [n] by name, as in a `ParameterSpace`. A run does not use them; they
            show afterwards which of them it has recovered.
        faults: what is wrong with records that cannot be used, by row. Such a row holds anything of
            the right shape. Whether it has a fault must follow from this record and from public
            values only. By default the run is refused with the first fault; with `--bad-records
            drop` these rows are left out.
    """

    data: Records
    labels: NDArray[np.int64]
    clients: NDArray[np.int64] | None = None
    parameters: Mapping[str, NDArray[Any]] | None = None
    faults: Mapping[int, SourceError] | None = None


@dataclass(frozen=True)
class ReaderSpec:
    """A reader plugin, for SOURCE = `name:location`.

    Args:
        name: the scheme.
        summary: one line.
        describe: location -> SourceInfo, from metadata, without reading records. Raises
            `SourceError`.
        read: (location, OutputSpec, label names) -> Table, with every record in full. Raises
            `SourceError`, which may name a row, never its content. What is wrong with one record
            belongs in `Table.faults` instead, so that the user can drop such records.
        takes: names of the fields of `SourceOptions` that it understands. If there are any, both
            functions get the options as one more argument, the last.

    Examples:
        Ten synthetic images of two classes, and the checks that every reader must pass:

        >>> import numpy as np
        >>> from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table
        >>> from pe_sdk.testing import check_reader
        >>> def describe(location):
        ...     if location != "demo":
        ...         raise SourceError("no such source", where=location, fix="use flat:demo")
        ...     return SourceInfo(OutputSpec.image(8, 8), ("dark", "light"), public=True)
        >>> def read(location, output, label_names):
        ...     labels = np.arange(10) % 2
        ...     data = np.full((10, *output.shape), 50, np.uint8)
        ...     data[labels == label_names.index("light")] = 200
        ...     return Table(data, labels)
        >>> spec = ReaderSpec("flat", "images of one brightness", describe, read)
        >>> check_reader(spec, location="demo").raise_for_failures()
    """

    name: str
    summary: str
    describe: Callable[..., SourceInfo]
    read: Callable[..., Table]
    takes: tuple[str, ...] = ()

    def describe_with(self, location: str, options: SourceOptions) -> SourceInfo:
        """Call `describe`, with the options if it takes any."""
        return self.describe(location, options) if self.takes else self.describe(location)

    def read_with(
        self,
        location: str,
        output: OutputSpec,
        label_names: tuple[str, ...],
        options: SourceOptions,
    ) -> Table:
        """Call `read`, with the options if it takes any."""
        if self.takes:
            return self.read(location, output, label_names, options)
        return self.read(location, output, label_names)
