"""The kinds of parameter that a simulator may have, and how each is sampled and varied.

Variation follows Sim-PE (arXiv 2502.05505, section 3): a numerical value moves uniformly by at most
degree × range; a categorical value is redrawn with probability degree. Degree 0 is the identity for
all kinds.

Sim-PE clips a move that leaves the range; here it is reflected. Clipping piles up values at the
bounds, iteration by iteration, even for parameters that no vote depends on. Reflection keeps a
uniform distribution uniform.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""Values of one parameter, one for each sample: float64 for a `Float`, int64 for an `Int` and for
the codes of a `Categorical`."""

Uniforms = NDArray[np.float64]


@dataclass(frozen=True)
class Float:
    """A real number in [low, high], as a float64 column.

    Args:
        low: lower bound, attainable.
        high: upper bound, attainable; low < high.
        log: sample and move on a logarithmic scale (needs low > 0).
        wrap: both ends are the same point, as for an angle: a move past one end continues at the
            other.
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
        """Move each value by at most degree × range.

        Args:
            values: [n].
            degree: in [0, 1].
            move: uniforms [n] in [0, 1) that determine the step.
            value: unused.
        """
        if degree == 0:
            return np.array(values, dtype=np.float64)
        unit = self._to_unit(values) + degree * (2.0 * move - 1.0)
        return self._from_unit(unit % 1.0 if self.wrap else 1.0 - np.abs(1.0 - np.abs(unit)))

    def contains(self, values: Column) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(values) & (values >= self.low) & (values <= self.high))

    def distance(self, a: Column, b: Column) -> Uniforms:
        """Return the distance as a share of the range, [n] in [0, 1].

        With `wrap` it is measured around the circle, and is at most 0.5.
        """
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
    """An integer in low..high, both included, as an int64 column.

    A move of degree d is at most round(d × (high - low)).
    """

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
        # Mirrors stand half a step outside, so that the end values are as likely as the others.
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
    """One of several named choices; the int64 column holds codes, the positions in `choices`.

    Args:
        choices: all names, which determine the codes.
        among: choices that may be drawn, stored in the order of `choices`; all by default. It makes
            the space of a label narrower than that of the simulator without changing the codes.
    """

    choices: tuple[str, ...]
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.choices or len(set(self.choices)) != len(self.choices):
            raise ValueError(
                f"Categorical needs at least one choice and no duplicates, got {self.choices!r}"
            )
        among = tuple(self.among) or self.choices
        if unknown := [name for name in among if name not in self.choices]:
            raise ValueError(
                f"Categorical cannot draw among {unknown}; the choices are {self.choices!r}"
            )
        object.__setattr__(self, "among", tuple(name for name in self.choices if name in among))

    def _codes(self) -> NDArray[np.int64]:
        return np.array([self.choices.index(name) for name in self.among], dtype=np.int64)

    def sample(self, u: Uniforms) -> Column:
        return self._codes()[
            np.minimum((u * len(self.among)).astype(np.int64), len(self.among) - 1)
        ]

    def vary(self, values: Column, degree: float, move: Uniforms, value: Uniforms) -> Column:
        """Redraw each value with probability degree; the old value may be drawn again.

        Args:
            values: codes [n].
            degree: in [0, 1].
            move: uniforms [n] in [0, 1); a value is redrawn where they fall below degree.
            value: uniforms [n] in [0, 1) that determine the choice.
        """
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
"""A parameter of any kind."""


def parameter_from_json(document: dict[str, Any]) -> Parameter:
    """Read a parameter from JSON: the inverse of `to_json`.

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
