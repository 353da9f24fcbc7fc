"""Some samples of a population by class, and the picture that a page shows of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import OutputSpec


@dataclass(frozen=True)
class RecordGrid:
    """Samples by class and column.

    Args:
        output: form of a record.
        records: [classes, columns, *shape] of its dtype.
        filled: int64 [classes], how many columns of a class hold a sample; the rest is left blank.
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
            form = (
                f"{self.output.dtype} [classes, columns, {', '.join(map(str, self.output.shape))}]"
            )
            raise ValueError(f"expected {form}, got {self.records.dtype} {list(shape)}")
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
        """The first `columns` of each class. records: [n, *shape]; labels: integers [n] in [0, classes)."""
        rows = first_rows(labels, classes, columns)
        sheet = np.zeros((classes, columns, *output.shape), output.dtype)
        for label, found in enumerate(rows):
            sheet[label, : len(found)] = records[found]
        return cls(output, sheet, np.array([len(found) for found in rows], np.int64))


def first_rows(labels: NDArray[Any], classes: int, columns: int) -> list[NDArray[np.int64]]:
    """For each class, the positions of its first `columns` samples: what to make where data are not stored."""
    return [np.flatnonzero(labels == label)[:columns] for label in range(classes)]


@dataclass(frozen=True)
class Sheet:
    """A grid as one picture: a data URI, its size and the height of a cell, gap included, in its own pixels."""

    uri: str
    width: int
    height: int
    cell: int
    rows: int
    columns: int


@dataclass(frozen=True)
class LegendEntry:
    """What a line of a picture is: name and unit, CSS colour, and the values at the lower and upper end of its scale."""

    title: str
    colour: str
    low: float
    high: float
