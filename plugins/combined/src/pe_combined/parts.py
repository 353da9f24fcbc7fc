"""One generator among several: called in blocks of its own size, with its state under its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import (
    PARAMETERS_KNOWN,
    CannotMake,
    Degree,
    Generator,
    OutputSpec,
    ParameterSpace,
    Peers,
    Released,
    Samples,
    Seeds,
)

MAKER = "maker"
"""State column with the name of the generator that made or last varied a sample."""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Part:
    """A generator under its name.

    Args:
        name: its name in the options, and the prefix of its state columns.
        generator: the generator.
        block: rows in each call, or None if its output does not depend on them.
        degree: factor on the variation degree.
        empty: one row of each of its state columns, [1, ...], as samples of other parts have it.
    """

    name: str
    generator: Generator
    block: int | None
    degree: float
    empty: Columns

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """Random samples with data, and with the generator's columns under their own names."""
        return self._in_blocks(
            len(labels), lambda rows: self.generator.random(labels[rows], seeds[rows])
        )

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """Variations of its own samples, or of samples of others, whose `samples.state` is empty.

        For its own, `samples.state` has the generator's own columns.
        """
        scaled = self._scaled(degree)
        return self._in_blocks(
            len(samples), lambda rows: self.generator.vary(samples.take(rows), scaled, seeds[rows])
        )

    def own(self, state: Columns) -> dict[str, NDArray[Any]]:
        """Its columns from the state of all parts, under the generator's own names."""
        return {name: state[f"{self.name}/{name}"] for name in self.empty}

    def spaces(self) -> tuple[ParameterSpace | None, tuple[ParameterSpace, ...]]:
        """Its `space` and `label_spaces`, named as its columns in the state of all parts."""
        known = self.generator.space
        if known is None:
            return None, ()
        whole, *by_label = (
            ParameterSpace({f"{self.name}/{name}": parameter for name, parameter in space.items()})
            for space in (known, *self.generator.label_spaces)
        )
        return whole, tuple(by_label)

    def known(self, state: Columns) -> NDArray[np.bool_]:
        """Which of its own samples have known parameters, [n]; other parts' rows mean nothing."""
        return state.get(f"{self.name}/{PARAMETERS_KNOWN}", np.ones(len(state[MAKER]), np.bool_))

    def redraws(self, degree: Degree) -> bool:
        """Whether its variation by this degree is a fresh sample, independent of the one varied."""
        scaled = self._scaled(degree)
        return (min(scaled.values(), default=0.0) if isinstance(scaled, Mapping) else scaled) == 1

    def adapted(self, released: Released) -> "Part":
        """The part after an iteration; its generator adapts to its own candidates, if any."""
        rows = np.flatnonzero(released.state[MAKER] == self.name)
        if not len(rows):
            return self
        own = {name: column[rows] for name, column in self.own(released.state).items()}
        mine = replace(
            released, labels=released.labels[rows], votes=released.votes[rows], state=own
        )
        return replace(self, generator=self.generator.adapt(mine))

    def _in_blocks(self, count: int, call: Callable[[NDArray[np.int64]], Samples]) -> Samples:
        """Samples of `call`, with data; as in the host, the last row pads the last block."""
        size = self.block or max(count, 1)
        made = []
        for start in range(0, count, size):
            rows = np.minimum(np.arange(start, start + size), count - 1)
            samples = call(rows)
            if self.generator.state_only:
                samples = self.generator.restore(samples.labels, samples.state)
            made.append(samples.take(slice(min(size, count - start))))
        return Samples.concatenate(made)

    def _scaled(self, degree: Degree) -> Degree:
        if isinstance(degree, Mapping):  # by parameter, with the generator's name as a prefix
            own = {
                name: value
                for name, value in degree.items()
                if name == "*" or name.startswith(f"{self.name}/")
            }
            return {
                name.removeprefix(f"{self.name}/"): min(value * self.degree, 1.0)
                for name, value in own.items()
            }
        return min(degree * self.degree, 1.0)


def make_parts(
    names: tuple[str, ...], output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers
) -> tuple[Part, ...]:
    """Make the named generators, and try each with one sample.

    Args:
        names: names of generators.
        output, labels: as for every factory.
        options: `pe_combined.Options`.
        peers: the other generators.

    Raises:
        CannotMake: a generator is not installed or cannot be made, or an option is for a generator
            that is not named.
    """
    given: dict[str, dict[str, str]] = {name: {} for name in names}
    for full, text in options.others.items():
        # Names of distributions may contain dots, so the longest match counts.
        heads = [name for name in names if full.startswith(f"{name}.")]
        if not heads:
            raise CannotMake(
                f"option {full!r} belongs to none of the named generators: {', '.join(names)}"
            )
        head = max(heads, key=len)
        given[head][full.removeprefix(f"{head}.")] = text
    if unknown := sorted(set(options.degrees) - set(names)):
        raise CannotMake(
            f"degrees.{unknown[0]} belongs to none of the named generators: {', '.join(names)}"
        )
    return tuple(
        _make_part(
            name, output, labels, given[name], _factor(name, options.degrees.get(name, "1")), peers
        )
        for name in names
    )


def _factor(name: str, text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if not 0 <= factor < float("inf"):
        raise CannotMake(f"degrees.{name} must be a number of at least 0, got {text!r}")
    return factor


def _make_part(
    name: str,
    output: OutputSpec,
    labels: tuple[str, ...],
    options: dict[str, str],
    degree: float,
    peers: Peers,
) -> Part:
    spec = peers.spec(name)
    generator = peers.make(name, output, labels, options)
    one = generator.random(np.zeros(1, np.int64), np.zeros(1, np.uint64))
    empty = {column: np.zeros_like(values) for column, values in one.state.items()}
    return Part(name, generator, None if spec.exact else spec.block, degree, empty)


def joined(
    parts: tuple[Part, ...],
    made: Mapping[str, tuple[NDArray[np.int64], Samples]],
    count: int,
    before: Columns | None = None,
) -> Samples:
    """Join the samples of several generators, in the order of their rows.

    Args:
        parts: all generators, even those that made no sample: the columns are always the same.
        made: by name, the rows and their samples, with data; every row exactly once.
        count: number of rows.
        before: state of the samples that were varied. The columns of parts that did not make a
            sample keep these values, so that it still carries the parameters of the simulator it
            began with.
    """
    first = next(iter(made.values()))[1]
    assert first.data is not None
    data, labels = (
        np.empty((count, *first.data.shape[1:]), first.data.dtype),
        np.empty(count, np.int64),
    )
    makers = np.empty(count, np.array([part.name for part in parts]).dtype)
    state = {
        full: np.repeat(empty, count, axis=0) if before is None else before[full].copy()
        for part in parts
        for column, empty in part.empty.items()
        for full in [f"{part.name}/{column}"]
    }
    for name, (rows, samples) in made.items():
        data[rows], labels[rows], makers[rows] = samples.data, samples.labels, name
        for column, values in samples.state.items():
            full = f"{name}/{column}"
            if values.dtype.kind == "U" and values.dtype.itemsize > state[full].dtype.itemsize:
                state[full] = state[full].astype(values.dtype)
            elif values.dtype.kind != "U" and values.dtype != state[full].dtype:
                raise ValueError(
                    f"{name} returned the state {column!r} as {values.dtype}, "
                    f"but as {state[full].dtype} before"
                )
            state[full][rows] = values
    return Samples(data, labels, {**state, MAKER: makers})


def check_degree(space: ParameterSpace | None, degree: Degree) -> None:
    """Check the names of degrees: each part takes those of its own, and others would be lost.

    Raises:
        ValueError: a name is not in the space; without a space, any name other than "*".
    """
    if isinstance(degree, Mapping):
        (space or ParameterSpace({})).degrees(degree)


def known_after(
    parts: tuple[Part, ...],
    parametric: Part,
    degree: Degree,
    varied: Samples,
    before: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Samples for which the parameters of `parametric` are known after a variation, [n].

    That part knows those of its own samples. A sample made by another part keeps them, unless it
    is a fresh sample.

    Args:
        parts: all generators.
        parametric: the part that the parameters belong to.
        degree: the degree of the variation.
        varied: the samples after the variation.
        before: [n], the same for the samples before the variation.
    """
    known, makers = before.copy(), varied.state[MAKER]
    for part in parts:
        rows = makers == part.name
        if part is parametric:
            known[rows] = part.known(varied.state)[rows]
        elif part.redraws(degree):
            known[rows] = False
    return known
