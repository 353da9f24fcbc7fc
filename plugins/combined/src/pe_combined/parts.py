"""One generator of several: called with the rows that are its own, in blocks of its own size, its state under its own name."""

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
"""State column with the name of the generator that made a sample last."""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Part:
    """A generator under its name.

    Args:
        name: as in the options; the prefix of its state columns.
        generator: itself.
        block: rows a call, or None where its output does not depend on it.
        degree: factor on the variation degree.
        empty: one row of each of its state columns, [1, ...]: what samples of others have there.
    """

    name: str
    generator: Generator
    block: int | None
    degree: float
    empty: Columns

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """Samples with data, and its own columns under their own names."""
        return self._in_blocks(
            len(labels), lambda rows: self.generator.random(labels[rows], seeds[rows])
        )

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """Of its own samples, or of those of others: `samples.state` is as the generator knows it, or empty."""
        scaled = self._scaled(degree)
        return self._in_blocks(
            len(samples), lambda rows: self.generator.vary(samples.take(rows), scaled, seeds[rows])
        )

    def own(self, state: Columns) -> dict[str, NDArray[Any]]:
        """Its columns, as it knows them, of the state of all."""
        return {name: state[f"{self.name}/{name}"] for name in self.empty}

    def spaces(self) -> tuple[ParameterSpace | None, tuple[ParameterSpace, ...]]:
        """Its `space` and `label_spaces`, with the names that its columns have in the state of all."""
        known = self.generator.space
        if known is None:
            return None, ()
        whole, *by_label = (
            ParameterSpace({f"{self.name}/{name}": parameter for name, parameter in space.items()})
            for space in (known, *self.generator.label_spaces)
        )
        return whole, tuple(by_label)

    def known(self, state: Columns) -> NDArray[np.bool_]:
        """Which of its own samples its parameters say something about; [n], what it says of those of others means nothing."""
        return state.get(f"{self.name}/{PARAMETERS_KNOWN}", np.ones(len(state[MAKER]), np.bool_))

    def redraws(self, degree: Degree) -> bool:
        """Whether its variation by this degree is a fresh sample, which has nothing of what it was made from."""
        scaled = self._scaled(degree)
        return (min(scaled.values(), default=0.0) if isinstance(scaled, Mapping) else scaled) == 1

    def adapted(self, released: Released) -> "Part":
        """The part after an iteration, told of its own candidates where it has any."""
        rows = np.flatnonzero(released.state[MAKER] == self.name)
        if not len(rows):
            return self
        own = {name: column[rows] for name, column in self.own(released.state).items()}
        told = replace(
            released, labels=released.labels[rows], votes=released.votes[rows], state=own
        )
        return replace(self, generator=self.generator.adapt(told))

    def _in_blocks(self, count: int, call: Callable[[NDArray[np.int64]], Samples]) -> Samples:
        """With data. A block is padded with its last row, as the host pads them."""
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
        if isinstance(
            degree, Mapping
        ):  # by parameters, which have the name of their generator before their own
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
    """The generators named, each made and tried with one sample.

    Args:
        names: of generators.
        output, labels: as of every factory.
        options: `pe_combined.Options`.
        peers: the other generators.

    Raises:
        CannotMake: a generator that is not there or cannot be made, or options for one that is not named.
    """
    given: dict[str, dict[str, str]] = {name: {} for name in names}
    for full, text in options.others.items():
        heads = [
            name for name in names if full.startswith(f"{name}.")
        ]  # names of distributions may have dots
        if not heads:
            raise CannotMake(
                f"option {full!r} is for no generator named here; there are {', '.join(names)}"
            )
        head = max(heads, key=len)
        given[head][full.removeprefix(f"{head}.")] = text
    if unknown := sorted(set(options.degrees) - set(names)):
        raise CannotMake(
            f"degrees.{unknown[0]} is for no generator named here; there are {', '.join(names)}"
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
        raise CannotMake(f"degrees.{name} is a number from 0, got {text!r}")
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
    """The samples of several generators as those of one, in order of their rows.

    Args:
        parts: all generators, whether they made any or not: the columns are always the same.
        made: by name, the rows and their samples, with data; every row once.
        count: rows in all.
        before: state of what they vary: the columns of those who did not make a sample stay as they were, so that it goes on
            to carry the parameters of the simulator it began with.
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
                    f"{name} gives the state {column!r} as {values.dtype}, and gave {state[full].dtype} before"
                )
            state[full][rows] = values
    return Samples(data, labels, {**state, MAKER: makers})


def check_degree(space: ParameterSpace | None, degree: Degree) -> None:
    """Each part takes the degrees of its own names; one of nobody's would be lost.

    Raises:
        ValueError: a name that is none of the space, or, where there is none, any but "*".
    """
    if isinstance(degree, Mapping):
        (space or ParameterSpace({})).degrees(degree)


def known_after(
    parts: tuple[Part, ...], told: Part, degree: Degree, varied: Samples, before: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Of which samples the parameters of `told` are known after a variation, [n].

    It knows those of what it made; what another made keeps them, unless it is a fresh sample.

    Args:
        parts: all generators.
        told: the one whose parameters they are.
        degree: of the variation.
        varied: its samples.
        before: [n], the same of what was varied.
    """
    known, makers = before.copy(), varied.state[MAKER]
    for part in parts:
        rows = makers == part.name
        if part is told:
            known[rows] = told.known(varied.state)[rows]
        elif part.redraws(degree):
            known[rows] = False
    return known
