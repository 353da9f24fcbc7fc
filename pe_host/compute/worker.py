"""The worker's side: read a request, call the plugin, reply.

It serves one request at a time until the host closes the stream. An exception of the plugin becomes
an error reply. If the process ends (SystemExit, a crash), the host notices that itself.
"""

import faulthandler
import sys
import warnings
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from pe_host.compute import protocol
from pe_host.compute.checks import RuleBrokenError, check_data, check_samples, check_vectors
from pe_host.compute.failures import describe_exception
from pe_host.compute.messages import take_samples, take_seeds
from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.digest import arrays_of
from pe_host.embeddings.grid import to_grid
from pe_host.plugins.load import load_embedding, load_generator
from pe_host.plugins.peers import InstalledPeers, build_generator
from pe_host.plugins.ref import PluginRef
from pe_sdk import (
    Degree,
    Embedding,
    Generator,
    OutputSpec,
    PluginWarning,
    Released,
    Samples,
    Seeds,
    Simulator,
    SimulatorGenerator,
    TrainableEmbedding,
    option_values,
    parse_options,
    random,
)

Header = dict[str, Any]
Answer = tuple[Header, Arrays]

_WARNINGS_LIMIT = 50
_WARNING_LENGTH = 1000
_BLOCK_LIMIT = 1 << 20


def serve(source: int, sink: int) -> None:
    """Answer requests until the stream ends.

    Args:
        source: descriptor to read requests from.
        sink: descriptor to write replies to. Both are left open: the host takes their end to mean
            that the process has ended.
    """
    faulthandler.enable()
    texts: dict[str, None] = {}
    _collect_warnings(texts)
    server = Server()
    with (
        open(source, "rb", buffering=0, closefd=False) as requests,
        open(sink, "wb", buffering=0, closefd=False) as replies,
    ):
        while (request := protocol.read(requests)) is not None:
            texts.clear()
            _heed_warnings()
            try:
                header, arrays = server.answer(*request)
            except Exception as error:
                header, arrays = {"error": describe_exception(error)}, {}
            header["warnings"] = list(texts)
            try:
                protocol.write(replies, header, arrays)
            except ProtocolError as error:
                protocol.write(replies, {"error": describe_exception(error), "warnings": []}, {})


def _heed_warnings() -> None:
    """Show plugin warnings again: some libraries silence all warnings when they are imported."""
    warnings.simplefilter("always", PluginWarning)


def _collect_warnings(texts: dict[str, None]) -> None:
    shown = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, PluginWarning):
            shown(message, category, filename, lineno, file, line)
        elif len(texts) < _WARNINGS_LIMIT:
            texts[str(message)[:_WARNING_LENGTH]] = None

    warnings.showwarning = show


class Server:
    """The loaded plugin, the embedding, and the operations on them.

    Each operation takes and returns a header and arrays.
    """

    def __init__(self) -> None:
        self._made: Generator | None = None
        self._generator: Generator | None = None
        self._embedding: Embedding | None = None
        self._output: OutputSpec | None = None

    def answer(self, header: Header, arrays: Arrays) -> Answer:
        operations = {
            "load": self._load,
            "set_embedding": self._set_embedding,
            "adapt": self._adapt,
            "random": self._random,
            "vary": self._vary,
            "data": self._data,
            "embed": self._embed,
        }
        return operations[header["op"]](header, arrays)

    def _load(self, header: Header, arrays: Arrays) -> Answer:
        ref = PluginRef.from_json(header["plugin"])
        spec, peers = load_generator(ref), InstalledPeers(ref)
        _heed_warnings()
        output = OutputSpec.from_json(header["output"])
        labels = tuple(header["labels"])
        if not (isinstance(spec.block, int) and 1 <= spec.block <= _BLOCK_LIMIT):
            raise RuleBrokenError(
                f"the block of a generator must lie in 1..{_BLOCK_LIMIT}, got {spec.block!r}"
            )
        options: Any = parse_options(spec.options, header["options"])
        made = build_generator(spec, output, labels, options, peers)
        if isinstance(made, Simulator):
            made = SimulatorGenerator(made, output, labels)
        if not isinstance(made, Generator):
            raise RuleBrokenError(
                f"a factory must return a Generator or a Simulator, got {type(made).__name__}"
            )
        space = None if made.space is None else made.space.to_json()
        label_spaces = [s.to_json() for s in made.label_spaces]
        self._made, self._generator, self._output, self._embedding = made, made, output, None
        _one_thread()
        return {
            "space": space,
            "label_spaces": [] if all(s == space for s in label_spaces) else label_spaces,
            "state_only": bool(made.state_only),
            "exact": bool(spec.exact),
            "gpu": bool(spec.gpu),
            "adapts": type(made).adapt is not Generator.adapt,
            "parts": peers.parts(),
            "block": spec.block,
            "options": option_values(options),
        }, {}

    def _set_embedding(self, header: Header, arrays: Arrays) -> Answer:
        spec = load_embedding(PluginRef.from_json(header["plugin"]))
        embedding = spec.factory(
            self._output_spec(), parse_options(spec.options, header["options"])
        )
        if header["weights"]:
            if not isinstance(embedding, TrainableEmbedding):
                raise RuleBrokenError(f"the embedding {spec.name!r} takes no weights")
            embedding = embedding.with_weights(arrays)
        self._embedding = embedding
        _one_thread()
        return {"dim": embedding.dim}, {}

    def _adapt(self, header: Header, arrays: Arrays) -> Answer:
        """Adapt the generator of the factory, never an adapted one; see `Generator.adapt`."""
        if self._made is None:
            raise ProtocolError("no generator is loaded")
        if header["released"] is None:
            self._generator = self._made
            return {}, {}
        votes = arrays.pop("votes")
        samples = take_samples(arrays)
        adapted = self._made.adapt(
            Released(labels=samples.labels, votes=votes, state=samples.state, **header["released"])
        )
        if not isinstance(adapted, Generator) or adapted.state_only != self._made.state_only:
            raise RuleBrokenError(
                "adapt must return a generator that is `state_only` if and only if the original is"
            )
        self._generator = adapted
        _one_thread()
        return {}, {}

    def _random(self, header: Header, arrays: Arrays) -> Answer:
        labels = arrays["labels"]
        seeds = take_seeds(arrays, len(labels))
        made = self._loaded().random(labels.copy(), seeds)
        return {}, arrays_of(self._checked(made, labels))

    def _vary(self, header: Header, arrays: Arrays) -> Answer:
        seeds = take_seeds(arrays, len(arrays["labels"]))
        return {}, arrays_of(self._varied(take_samples(arrays), header["degree"], seeds))

    def _data(self, header: Header, arrays: Arrays) -> Answer:
        return {}, {"data": self._restored(take_samples(arrays))}

    def _embed(self, header: Header, arrays: Arrays) -> Answer:
        if self._embedding is None:
            raise ProtocolError("no embedding is set")
        lookahead: int = header["lookahead"]
        if lookahead == 0:
            return {}, {"grid": to_grid(self._vectors(take_samples(arrays)))}
        seeds = take_seeds(arrays, len(arrays["labels"]))
        samples = take_samples(arrays)
        total = np.zeros((len(samples), self._embedding.dim))
        # A running sum, so that memory does not grow with the lookahead; in order, so that the bits
        # are always the same.
        with np.errstate(invalid="ignore", over="ignore"):
            for step in range(1, lookahead + 1):
                total += self._vectors(
                    self._varied(samples, header["degree"], random.bits(seeds, "lookahead", step))
                )
        return {}, {"grid": to_grid(total / lookahead)}

    def _output_spec(self) -> OutputSpec:
        if self._output is None:
            raise ProtocolError("no generator is loaded")
        return self._output

    def _loaded(self) -> Generator:
        if self._generator is None:
            raise ProtocolError("no generator is loaded")
        return self._generator

    def _varied(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        return self._checked(self._loaded().vary(_copy(samples), degree, seeds), samples.labels)

    def _checked(self, made: Any, labels: NDArray[np.int64]) -> Samples:
        generator = self._loaded()
        check_samples(made, labels, self._output_spec(), generator.state_only)
        return Samples(None, labels, made.state) if generator.state_only else made

    def _restored(self, samples: Samples) -> NDArray[Any]:
        generator, rows = self._loaded(), len(samples)
        if generator.state_only:
            copy = _copy(samples)
            samples = generator.restore(copy.labels, copy.state)
            if not isinstance(samples, Samples):
                raise RuleBrokenError(f"restore must return Samples, got {type(samples).__name__}")
        check_data(samples.data, self._output_spec(), rows)
        assert samples.data is not None
        return samples.data

    def _vectors(self, samples: Samples) -> NDArray[Any]:
        assert self._embedding is not None
        vectors = self._embedding.embed(self._restored(samples))
        check_vectors(vectors, len(samples), self._embedding.dim)
        return vectors


def _copy(samples: Samples) -> Samples:
    """A copy for the plugin: one that works in place must not change the input of the next call."""
    data = None if samples.data is None else samples.data.copy()
    state: Mapping[str, NDArray[Any]] = {
        name: column.copy() for name, column in samples.state.items()
    }
    return Samples(data, samples.labels.copy(), state)


def _one_thread() -> None:
    """Set torch to one thread again, as the environment does.

    A plugin may have changed it, and sums depend on the number of threads.
    """
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
