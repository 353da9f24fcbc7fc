"""What an iteration has released, as a generator may use it: whatever follows from it costs no privacy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Released:
    """The candidates of iteration t, S_{t-1} of arXiv 2305.15560, Algorithm 1, and their noisy votes.

    Args:
        t: the iteration, from 1 to T; what is varied next are parents of S_t, or of the release where t = T.
        iterations: T.
        labels: int64 [n] of the candidates.
        state: their state columns, n rows each.
        votes: int64 [n], noisy. In a run that is not private they have no noise, and are withheld: all 0.
        noise_scale: standard deviation of the noise on a vote; 0 where they are withheld.
        final: what is made next is the release: t = T, or interruptions have left no budget for further votes.
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
            raise ValueError(f"iteration {self.t} of {self.iterations}")
        object.__setattr__(self, "final", self.final or self.t == self.iterations)
        n = len(self.labels)
        if len(self.votes) != n or any(len(column) != n for column in self.state.values()):
            raise ValueError(f"{n} labels, but other lengths of votes or state")
