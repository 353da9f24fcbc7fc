"""The kinds of parameter a simulator may have, and what sampling and variation mean for each.

Variation follows Sim-PE (arXiv 2502.05505, section 3): a numerical value moves uniformly by at most degree x range; a categorical
value is redrawn with probability degree. Degree 0 is the identity for all kinds. Where Sim-PE clips a move that leaves the range,
here it is reflected: clipping piles values up at the bounds, iteration by iteration, also of parameters that no vote is about,
while reflection leaves what is spread evenly spread evenly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""Values of one parameter, one a sample: float64 of a `Float`, int64 of an `Int` or of the codes of a `Categorical`."""

Uniforms = NDArray[np.float64]


@dataclass(frozen=True)
class Float:
    """A real number in [low, high], a float64 column.

    Args:
        low: lower bound, attainable.
        high: upper bound, attainable; low < high.
        log: sample and move on a logarithmic scale (needs low > 0).
        wrap: the two ends are the same point, as of an angle: moves past one end come back at the other.
    """

    low: float
    high: float
    log: bool = False
    wrap: bool = False

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"Float needs finite low < high, got {self.low!r}, {self.high!r}")
        if self.log and self.low <= 0:
            raise ValueError(f"Float(log=True) needs low > 0, got {self.low!r}")

    def _to_unit(self, values: Column) -> Uniforms:
        if self.log:
            return np.asarray(
                np.log(values / self.low) / np.log(self.high / self.low), dtype=np.float64
            )
        return np.asarray((values - self.low) / (self.high - self.low), dtype=np.float64)

    def _from_unit(self, unit: Uniforms) -> Column:
        values = (
            self.low * (self.high / self.low) ** unit
            if self.log
            else self.low + (self.high - self.low) * unit
        )
        return np.clip(values, self.low, self.high)

    def sample(self, u: Uniforms) -> Column:
        """Map uniforms [n] in [0, 1) to values [n]."""
        return self._from_unit(u)

    def vary(self, values: Column, degree: float, move: Uniforms, value: Uniforms) -> Column:
        """Move each value by at most degree x range; `move` [n] in [0, 1) gives the step, `value` is not used."""
        if degree == 0:
            return np.array(values, dtype=np.float64)
        unit = self._to_unit(values) + degree * (2.0 * move - 1.0)
        return self._from_unit(unit % 1.0 if self.wrap else 1.0 - np.abs(1.0 - np.abs(unit)))

    def contains(self, values: Column) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(values) & (values >= self.low) & (values <= self.high))

    def distance(self, a: Column, b: Column) -> Uniforms:
        """Distance as a share of the range, [n] in [0, 1]; around the circle where `wrap` (at most 0.5 then)."""
        gap = np.abs(self._to_unit(a) - self._to_unit(b))
        return np.minimum(gap, 1.0 - gap) if self.wrap else gap

    def column(self, values: Any) -> Column:
        return np.asarray(values, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "float",
            "low": self.low,
            "high": self.high,
            "log": self.log,
            "wrap": self.wrap,
        }


@dataclass(frozen=True)
class Int:
    """A whole number in low..high, both included, an int64 column. A move of degree d is at most round(d x (high - low))."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Int needs low < high, got {self.low!r}, {self.high!r}")

    def sample(self, u: Uniforms) -> Column:
        return np.minimum(self.low + (u * (self.high - self.low + 1)).astype(np.int64), self.high)

    def vary(self, values: Column, degree: float, move: Uniforms, value: Uniforms) -> Column:
        reach = int(np.rint(degree * (self.high - self.low)))
        step = np.minimum((move * (2 * reach + 1)).astype(np.int64), 2 * reach) - reach
        moved = np.asarray(values, dtype=np.int64) + step
        # mirrors stand half a step outside, so that the end values are as likely as the others
        moved = np.where(moved < self.low, 2 * self.low - 1 - moved, moved)
        return np.asarray(np.where(moved > self.high, 2 * self.high + 1 - moved, moved))

    def contains(self, values: Column) -> NDArray[np.bool_]:
        whole = np.isfinite(values) & (np.asarray(values) == np.floor(values))
        return np.asarray(whole & (values >= self.low) & (values <= self.high))

    def distance(self, a: Column, b: Column) -> Uniforms:
        return np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)) / (
            self.high - self.low
        )

    def column(self, values: Any) -> Column:
        return np.asarray(values, dtype=np.int64)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "int", "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Categorical:
    """One of named choices; the column holds int64 codes, the positions in `choices`.

    Args:
        choices: all names, which give the codes.
        among: those that may be drawn, in the order of `choices`; all where left out. So the space of a label can be
            narrower than that of the simulator without other codes.
    """

    choices: tuple[str, ...]
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.choices or len(set(self.choices)) != len(self.choices):
            raise ValueError(
                f"Categorical needs at least one choice and no two alike, got {self.choices!r}"
            )
        among = tuple(self.among) or self.choices
        if unknown := [name for name in among if name not in self.choices]:
            raise ValueError(
                f"Categorical is to draw among {unknown}, which are no choices of {self.choices!r}"
            )
        object.__setattr__(self, "among", tuple(name for name in self.choices if name in among))

    def _codes(self) -> NDArray[np.int64]:
        return np.array([self.choices.index(name) for name in self.among], dtype=np.int64)

    def sample(self, u: Uniforms) -> Column:
        return self._codes()[
            np.minimum((u * len(self.among)).astype(np.int64), len(self.among) - 1)
        ]

    def vary(self, values: Column, degree: float, move: Uniforms, value: Uniforms) -> Column:
        """Redraw (the old value included) where `move` [n] falls below degree; `value` [n] says which choice."""
        return np.where(move < degree, self.sample(value), np.asarray(values, dtype=np.int64))

    def contains(self, values: Column) -> NDArray[np.bool_]:
        return np.isin(values, self._codes())

    def distance(self, a: Column, b: Column) -> Uniforms:
        return np.asarray(np.asarray(a) != np.asarray(b), dtype=np.float64)

    def column(self, values: Any) -> Column:
        return np.asarray(values, dtype=np.int64)

    def to_json(self) -> dict[str, Any]:
        narrower = {} if self.among == self.choices else {"among": list(self.among)}
        return {"kind": "categorical", "choices": list(self.choices), **narrower}


Parameter = Float | Int | Categorical
"""The kinds of parameter."""


def parameter_from_json(document: dict[str, Any]) -> Parameter:
    """Inverse of `to_json`.

    Raises:
        ValueError: an unknown kind.
    """
    fields = dict(document)
    kind = fields.pop("kind", None)
    if kind == "float":
        return Float(**fields)
    if kind == "int":
        return Int(**fields)
    if kind == "categorical":
        return Categorical(tuple(fields["choices"]), tuple(fields.get("among", ())))
    raise ValueError(
        f"unknown parameter kind {kind!r}; this version knows float, int and categorical"
    )
