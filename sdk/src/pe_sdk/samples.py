"""Samples as generators make them: `Samples`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARAMETERS_KNOWN = "parameters_known"
"""Name of a state column, bool [n]: False where a row's parameters say nothing about the sample.

A generator with a `space` needs it if not all of its samples come from that space. The parameters
of all rows lie inside the space all the same. Without the column, all are known.
"""


@dataclass(frozen=True)
class Samples:
    """A batch of n samples: their data, their labels, and what their generator needs to vary them.

    Args:
        data: [n, *shape], or None if the data follow from the state (see `Generator.state_only`).
        labels: int64 [n], positions in the label names.
        state: named columns, each an array of n rows: parameters, latents, ids.
    """

    data: NDArray[Any] | None
    labels: NDArray[np.int64]
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.labels)
        wrong = [name for name, column in self.state.items() if len(column) != n]
        if wrong or (self.data is not None and len(self.data) != n):
            raise ValueError(f"{wrong or 'data'} must have one row for each of the {n} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any] | slice) -> "Samples":
        """Return the given rows, by index array, mask or slice."""
        data = None if self.data is None else self.data[rows]
        return Samples(
            data, self.labels[rows], {name: column[rows] for name, column in self.state.items()}
        )

    @staticmethod
    def concatenate(parts: Sequence["Samples"]) -> "Samples":
        """Join batches that have the same state columns, all with data or all without.

        Raises:
            ValueError: some batches have data and some have none.
        """
        data = [p.data for p in parts if p.data is not None]
        if data and len(data) != len(parts):
            raise ValueError("some parts have data and some have none")
        return Samples(
            np.concatenate(data) if data else None,
            np.concatenate([p.labels for p in parts]),
            {name: np.concatenate([p.state[name] for p in parts]) for name in parts[0].state},
        )
