"""Samples of a population by class, and the picture that a page shows of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import OutputSpec


@dataclass(frozen=True)
class RecordGrid:
    """Samples by class and column.

    Args:
        output: spec of a record.
        records: records [classes, columns, *shape] of its dtype.
        filled: int64 [classes], the number of columns of each class that hold a sample; the others
            are blank.
    """

    output: OutputSpec
    records: NDArray[Any]
    filled: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = self.records.shape
        if (
            self.records.dtype != np.dtype(self.output.dtype)
            or shape[2:] != self.output.shape
            or 0 in shape
        ):
            axes = ", ".join(map(str, self.output.shape))
            raise ValueError(
                f"expected {self.output.dtype} [classes, columns, {axes}], "
                f"got {self.records.dtype} {list(shape)}"
            )
        if self.filled.shape != shape[:1] or ((self.filled < 0) | (self.filled > shape[1])).any():
            raise ValueError(f"filled must be a number of columns for each of {shape[0]} classes")

    @classmethod
    def pick(
        cls,
        output: OutputSpec,
        records: NDArray[Any],
        labels: NDArray[Any],
        classes: int,
        columns: int,
    ) -> "RecordGrid":
        """Pick the first `columns` samples of each class.

        Args:
            output: spec of a record.
            records: records [n, *shape].
            labels: integers [n] in [0, classes).
            classes, columns: size of the grid.
        """
        rows = first_rows(labels, classes, columns)
        sheet = np.zeros((classes, columns, *output.shape), output.dtype)
        for label, found in enumerate(rows):
            sheet[label, : len(found)] = records[found]
        return cls(output, sheet, np.array([len(found) for found in rows], np.int64))


def first_rows(labels: NDArray[Any], classes: int, columns: int) -> list[NDArray[np.int64]]:
    """Return the positions of the first `columns` samples of each class.

    They are the samples to make if the data are not stored.
    """
    return [np.flatnonzero(labels == label)[:columns] for label in range(classes)]


@dataclass(frozen=True)
class Sheet:
    """A grid as one picture.

    Args:
        uri: the picture as a data URI.
        width, height: its size in pixels.
        cell: height of a cell in pixels, including the gap.
        rows, columns: numbers of cells.
    """

    uri: str
    width: int
    height: int
    cell: int
    rows: int
    columns: int


@dataclass(frozen=True)
class LegendEntry:
    """The legend of a line in a picture.

    Args:
        title: name and unit of its feature.
        colour: its CSS colour.
        low, high: the values at the lower and the upper end of its scale.
    """

    title: str
    colour: str
    low: float
    high: float
