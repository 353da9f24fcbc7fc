"""Released values: the only types that leave the private side. Immutable, arrays included."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Origin = Literal["noisy", "uniform", "public", "exact"]


def _frozen(values: Any) -> NDArray[np.int64]:
    array = np.array(values, dtype=np.int64)  # a copy: the caller's array stays writable
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class NoisyHistogram:
    """Votes on the candidates of one round, after the noise.

    Args:
        votes: int64 [N], one per candidate; noise can make them negative; read-only.
        round: t, from 1.
        noise_scale: parameter of the discrete Gaussian on each count of votes. From 0.7 on it
            equals the standard deviation to 1e-3. 0 if the plan is NOT PRIVATE.
    """

    votes: NDArray[np.int64]
    round: int
    noise_scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "votes", _frozen(self.votes))


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Number of records, or clients, in each class, as far as it may be known.

    Args:
        names: the class names.
        counts: int64 [C], at least 0; read-only.
        origin: `noisy` (released with noise), `uniform` or `public` (declared, nothing was
            released), or `exact` (the plan is NOT PRIVATE).
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    origin: Origin

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", _frozen(self.counts))

    @property
    def total(self) -> int:
        """n, as far as it may be known."""
        return int(self.counts.sum())

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON, for the manifest and the report."""
        return {"names": list(self.names), "counts": self.counts.tolist(), "origin": self.origin}
