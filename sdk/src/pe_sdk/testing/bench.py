"""The objects that checks work on: each is made once, when the first check needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random
from pe_sdk.adapter import SimulatorGenerator
from pe_sdk.embedding import Embedding, TrainableEmbedding
from pe_sdk.errors import CannotMake
from pe_sdk.generator import Generator, Simulator
from pe_sdk.options import parse_options
from pe_sdk.output import OutputSpec
from pe_sdk.samples import Samples
from pe_sdk.testing.registry import Failed, Skipped
from pe_sdk.testing.subject import Subject, find_subject

SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3), (8, 8, 1), (128, 128, 3))
"""Shapes of images that are tried in turn if the caller names no output."""

SERIES = OutputSpec.series(48, 2)
"""Series that is tried last if the caller names no output."""


@dataclass(frozen=True)
class CheckSettings:
    """Settings of the caller: output, labels, options as strings, and a reader's location."""

    output: OutputSpec | None = None
    labels: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


EXAMPLES = 64
"""Number of records that a trainable embedding is fitted to."""


class InstalledPeers:
    """`pe_sdk.Peers` over the entry points."""

    def spec(self, name: str) -> Any:
        try:
            return find_subject("generator", name).spec
        except LookupError as error:
            raise CannotMake(str(error)) from None

    def make(
        self, name: str, output: OutputSpec, labels: tuple[str, ...], options: Mapping[str, str]
    ) -> Generator:
        spec = self.spec(name)
        made = build_generator(spec, output, labels, parse_options(spec.options, options))
        return SimulatorGenerator(made, output, labels) if isinstance(made, Simulator) else made


def build_generator(
    spec: Any, output: OutputSpec, labels: tuple[str, ...], options: Any
) -> Generator | Simulator:
    """Call the factory of a generator."""
    peers = (InstalledPeers(),) if spec.composes else ()
    return cast("Generator | Simulator", spec.factory(output, labels, options, *peers))


class Bench:
    """A plugin under test; everything heavy is made when a check first needs it."""

    def __init__(self, subject: Subject, settings: CheckSettings) -> None:
        self.subject, self.spec, self.settings = subject, subject.spec, settings
        self.labels = settings.labels or getattr(subject.spec, "labels", ()) or ("0", "1")

    @cached_property
    def options(self) -> Any:
        return parse_options(self.spec.options, self.settings.options)

    @cached_property
    def outputs(self) -> list[OutputSpec]:
        """Outputs to try in turn: the caller's, or the declared one, then images and a series."""
        if self.settings.output:
            return [self.settings.output]
        declared = [self.spec.output] if self.subject.kind == "generator" else []
        others = [*(OutputSpec.image(*shape) for shape in SHAPES), SERIES]
        return declared + [output for output in others if output not in declared]

    @cached_property
    def _made(self) -> tuple[OutputSpec, Any]:
        refused = []
        for output in self.outputs:
            try:
                return output, self.make(output)
            except CannotMake as error:
                refused.append(f"{output.form}: {error}")
        raise Failed("no output is accepted: " + "; ".join(refused))

    def make(self, output: OutputSpec) -> Any:
        """Call the factory again."""
        if self.subject.kind == "embedding":
            return self.spec.factory(output, self.options)
        return build_generator(self.spec, output, self.labels, self.options)

    @property
    def made(self) -> Any:
        return self.require()[1]

    @property
    def output(self) -> OutputSpec:
        return self.require()[0]

    def require(self) -> tuple[OutputSpec, Any]:
        """Return the output and what was made for it.

        Raises:
            Skipped: nothing can be made; only the check `makes` reports why.
        """
        try:
            return self._made
        except Exception as error:
            raise Skipped(f"the plugin cannot be made ({type(error).__name__})") from error

    @property
    def simulator(self) -> Simulator:
        if not isinstance(self.made, Simulator):
            raise Skipped("not a simulator: it has no parameters")
        return self.made

    @cached_property
    def _generator(self) -> Generator:
        return self.generator_of(self.made)

    @property
    def generator(self) -> Generator:
        self.require()
        return self._generator

    def generator_of(self, made: Any) -> Generator:
        return (
            SimulatorGenerator(made, self.output, self.labels)
            if isinstance(made, Simulator)
            else made
        )

    def codes(self, n: int) -> NDArray[np.int64]:
        return np.arange(n, dtype=np.int64) % len(self.labels)

    def seeds(self, n: int, stream: str = "check") -> random.Seeds:
        return random.derive(20, stream, n)

    @property
    def rows(self) -> int:
        """Number of rows of an ordinary call: a block, or 32 if it is larger."""
        return int(min(self.spec.block, 32))

    @cached_property
    def fresh(self) -> dict[str, Any]:
        """Observations of a fresh interpreter that calls the plugin: see `pe_sdk.testing.fresh`."""
        return self._ask("call")

    @cached_property
    def _imported(self) -> dict[str, Any]:
        return self._ask("import")

    @property
    def examples(self) -> Samples:
        """Records of random values, in pairs of one label."""
        labels = np.arange(EXAMPLES) // 2 % len(self.labels)
        return Samples(records(self.output, EXAMPLES), labels)

    def learnt_weights(self) -> dict[str, NDArray[Any]]:
        """Fit a trainable embedding to the examples."""
        weights: dict[str, NDArray[Any]] = self.made.fit(self.examples, None, len(self.labels), 3)
        return weights

    @cached_property
    def embedding(self) -> Embedding:
        """The embedding, with weights if it is trainable."""
        made: Embedding = self.made
        if isinstance(made, TrainableEmbedding):
            return made.with_weights(self.learnt_weights())
        return made

    def _ask(self, do: str) -> dict[str, Any]:
        from pe_sdk.testing.fresh import ask

        if not self.subject.address:
            raise Skipped(
                "a fresh process needs an address: pass the entry point or `module:attribute`, "
                "not the spec"
            )
        return ask(self, do)

    @property
    def imported(self) -> dict[str, Any]:
        """Seconds and top-level modules of the import in a fresh interpreter."""
        if "error" in self._imported:
            raise Failed(f"the import fails: {self._imported['error']}")
        return self._imported

    @property
    def own_packages(self) -> tuple[str, ...]:
        """Top-level package of the plugin."""
        return (self.subject.address.partition(":")[0].partition(".")[0],)

    def observed(self, what: str) -> Any:
        """Return one observation of the fresh interpreter that calls the plugin.

        Raises:
            Skipped: the plugin fails there.
        """
        self.require()
        if what not in self.fresh:
            raise Skipped("the plugin fails in a fresh process; see survives_spawn")
        return self.fresh[what]


def records(output: OutputSpec, n: int) -> NDArray[Any]:
    """Make n records of random values: integers up to 255 at most, and normal numbers."""
    size = int(np.prod(output.shape))
    seeds = random.derive(7, "records", n)
    dtype = np.dtype(output.dtype)
    if dtype.kind in "iu":
        top = min(np.iinfo(dtype).max, 255)
        flat: NDArray[Any] = random.integers(seeds, "values", int(top) + 1, size=size)
    else:
        flat = random.normals(seeds, "values", size=size)
    return flat.astype(dtype).reshape(n, *output.shape)


def with_data(generator: Generator, samples: Samples) -> Samples:
    """Return the samples with their data."""
    return generator.restore(samples.labels, samples.state) if generator.state_only else samples


def identical(a: Samples, b: Samples) -> bool:
    """Return whether two batches agree in every bit."""
    return (
        np.array_equal(a.labels, b.labels)
        and (a.data is None) == (b.data is None)
        and (a.data is None or b.data is None or a.data.tobytes() == b.data.tobytes())
        and set(a.state) == set(b.state)
        and all(np.array_equal(a.state[k], b.state[k]) for k in a.state)
    )
