"""What an iteration has released, for generators to use: what follows from it costs no privacy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Released:
    """The candidates of iteration t, and their noisy votes.

    The candidates are S_{t-1} of arXiv 2305.15560, Algorithm 1.

    Args:
        t: the iteration, from 1 to T. The parents varied next are those of S_t, or of the release
            if t = T.
        iterations: T.
        labels: int64 [n], labels of the candidates.
        state: state columns of the candidates, n rows each.
        votes: int64 [n], noisy. In a run that is not private they have no noise and are withheld:
            all are 0.
        noise_scale: standard deviation of the noise on a vote; 0 if votes are withheld.
        final: whether the release is made next: t = T, or interruptions have left no budget for
            further votes.
    """

    t: int
    iterations: int
    labels: NDArray[np.int64]
    votes: NDArray[np.int64]
    noise_scale: float
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    final: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.t <= self.iterations:
            raise ValueError(f"t must lie in 1..{self.iterations}, got {self.t}")
        object.__setattr__(self, "final", self.final or self.t == self.iterations)
        n = len(self.labels)
        if len(self.votes) != n or any(len(column) != n for column in self.state.values()):
            raise ValueError(f"votes and state must have one row for each of the {n} labels")
