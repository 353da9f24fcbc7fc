"""What a check of a generator works on: made once, and the answers of one fresh process, asked once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random
from pe_sdk.adapter import SimulatorGenerator
from pe_sdk.errors import CannotMake
from pe_sdk.generator import Generator, Simulator
from pe_sdk.options import parse_options
from pe_sdk.output import OutputSpec
from pe_sdk.samples import Samples
from pe_sdk.testing.registry import Failed, Skipped
from pe_sdk.testing.subject import Subject, find_subject

SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3), (8, 8, 1), (128, 128, 3))
"""Of images that are tried in turn where the caller names no output."""

SERIES = OutputSpec.series(48, 2)
"""Tried last."""


@dataclass(frozen=True)
class Wish:
    """What the caller said: output, labels, options as texts, and for a reader the location."""

    output: OutputSpec | None = None
    labels: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


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
        made = manufacture(spec, output, labels, parse_options(spec.options, options))
        return SimulatorGenerator(made, output, labels) if isinstance(made, Simulator) else made


def manufacture(
    spec: Any, output: OutputSpec, labels: tuple[str, ...], options: Any
) -> Generator | Simulator:
    """What the factory of a generator makes."""
    peers = (InstalledPeers(),) if spec.composes else ()
    return cast("Generator | Simulator", spec.factory(output, labels, options, *peers))


class Bench:
    """A subject and what was asked of it; everything heavy is made when a check first wants it."""

    def __init__(self, subject: Subject, wish: Wish) -> None:
        self.subject, self.spec, self.wish = subject, subject.spec, wish
        self.labels = wish.labels or getattr(subject.spec, "labels", ()) or ("0", "1")

    @cached_property
    def options(self) -> Any:
        return parse_options(self.spec.options, self.wish.options)

    @cached_property
    def outputs(self) -> list[OutputSpec]:
        """What is tried in turn: what the caller named, or what a generator declares, then images and series."""
        if self.wish.output:
            return [self.wish.output]
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
        raise Failed("cannot be made for " + "; ".join(refused))

    def make(self, output: OutputSpec) -> Any:
        """A new one of the factory."""
        if self.subject.kind == "embedding":
            return self.spec.factory(output, self.options)
        return manufacture(self.spec, output, self.labels, self.options)

    @property
    def made(self) -> Any:
        return self.need()[1]

    @property
    def output(self) -> OutputSpec:
        return self.need()[0]

    def need(self) -> tuple[OutputSpec, Any]:
        """Output and what was made for it; a check other than `makes` is skipped where that fails."""
        try:
            return self._made
        except Exception as error:
            raise Skipped(f"it cannot be made ({type(error).__name__})") from error

    @property
    def simulator(self) -> Simulator:
        if not isinstance(self.made, Simulator):
            raise Skipped("no simulator: it has no parameters")
        return self.made

    @cached_property
    def _generator(self) -> Generator:
        return self.generator_of(self.made)

    @property
    def generator(self) -> Generator:
        self.need()
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
        """Rows of an ordinary call: a block, or as few as tell something."""
        return int(min(self.spec.block, 32))

    @cached_property
    def fresh(self) -> dict[str, Any]:
        """What a fresh interpreter saw: see `pe_sdk.testing.fresh`."""
        return self._ask("call")

    @cached_property
    def _imported(self) -> dict[str, Any]:
        return self._ask("import")

    def _ask(self, do: str) -> dict[str, Any]:
        from pe_sdk.testing.fresh import ask

        if not self.subject.address:
            raise Skipped(
                "a spec without an address: give its entry point or `module:attribute` for fresh processes"
            )
        return ask(self, do)

    @property
    def imported(self) -> dict[str, Any]:
        """Seconds and top-level modules of the import in a fresh interpreter."""
        if "error" in self._imported:
            raise Failed(f"the import fails: {self._imported['error']}")
        return self._imported

    @property
    def allowed(self) -> tuple[str, ...]:
        """The plugin's own top-level package."""
        return (self.subject.address.partition(":")[0].partition(".")[0],)

    def seen(self, what: str) -> Any:
        """One answer of the fresh interpreter that makes and calls the plugin; skipped where it gave none."""
        self.need()
        if what not in self.fresh:
            raise Skipped("the plugin fails in a fresh process, see survives_spawn")
        return self.fresh[what]


def full(generator: Generator, samples: Samples) -> Samples:
    """Samples with their data."""
    return generator.restore(samples.labels, samples.state) if generator.state_only else samples


def same(a: Samples, b: Samples) -> bool:
    """Whether two batches agree in every bit."""
    return (
        np.array_equal(a.labels, b.labels)
        and (a.data is None) == (b.data is None)
        and (a.data is None or b.data is None or a.data.tobytes() == b.data.tobytes())
        and set(a.state) == set(b.state)
        and all(np.array_equal(a.state[k], b.state[k]) for k in a.state)
    )
