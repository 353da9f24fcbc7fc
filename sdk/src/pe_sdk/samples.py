"""What generators make (`Samples`) and what they are asked to make (`OutputSpec`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class OutputSpec:
    """The public form of one record.

    Args:
        kind: what it is; "image" means uint8 [H, W, C] with C = 1 or 3.
        shape: shape of one record.
        dtype: numpy name of its element type.
    """

    kind: str
    shape: tuple[int, ...]
    dtype: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(s) for s in self.shape))

    @classmethod
    def image(cls, height: int, width: int, channels: int = 1) -> "OutputSpec":
        return cls("image", (height, width, channels), "uint8")

    def check(self, data: NDArray[Any], rows: int) -> None:
        """Raise ValueError unless `data` is `rows` records of this form."""
        if not isinstance(data, np.ndarray):
            raise ValueError(f"expected a numpy array, got {type(data).__name__}")
        if data.dtype != np.dtype(self.dtype) or data.shape != (rows, *self.shape):
            raise ValueError(f"expected {self.dtype} {[rows, *self.shape]}, got {data.dtype} {list(data.shape)}")


@dataclass(frozen=True)
class Samples:
    """n samples: their data, labels, and whatever their generator needs to vary them.

    Args:
        data: [n, *shape], or None where the data follow from the state (see `Generator.state_only`).
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
            raise ValueError(f"{n} labels, but other lengths in {wrong or 'data'}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any] | slice) -> "Samples":
        """The given rows, by index array, mask or slice."""
        data = None if self.data is None else self.data[rows]
        return Samples(data, self.labels[rows], {name: column[rows] for name, column in self.state.items()})

    @staticmethod
    def concatenate(parts: Sequence["Samples"]) -> "Samples":
        """One after the other; all must have the same state columns, and all data or none."""
        data = [p.data for p in parts if p.data is not None]
        if data and len(data) != len(parts):
            raise ValueError("some parts have data and some have none")
        return Samples(
            np.concatenate(data) if data else None,
            np.concatenate([p.labels for p in parts]),
            {name: np.concatenate([p.state[name] for p in parts]) for name in parts[0].state},
        )
