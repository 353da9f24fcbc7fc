"""Cells of similar pictures (an inverted file), by integer k-means: the same on every machine."""

from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_image_pool.search import distance
from pe_sdk.compiled import njit

FORMAT = 1
"""Version of an index's files, part of its key; increased when the files change."""
WHOLE = 16_384
"""Largest group that is a single cell, all of which is searched."""
EXAMPLES = 64
"""Pictures per cell from which the centres are computed."""
ROUNDS = 10
"""Rounds of k-means."""
NAMES = ("centres", "group_cells", "starts", "features", "members")


@dataclass(frozen=True)
class Index:
    """K cells over n pictures in G groups, memory-mapped.

    Args:
        centres: uint8 [K, D].
        group_cells: int64 [G + 1]; group g has the cells group_cells[g] up to group_cells[g + 1].
        starts: int64 [K + 1]; cell k has the rows starts[k] up to starts[k + 1].
        features: uint8 [n, D], cell by cell.
        members: int32 [n], the id of each row; ascending within a cell.
    """

    centres: NDArray[np.uint8]
    group_cells: NDArray[np.int64]
    starts: NDArray[np.int64]
    features: NDArray[np.uint8]
    members: NDArray[np.int32]

    @classmethod
    def open(cls, folder: Path) -> "Index":
        return cls(
            *(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in NAMES)
        )


def build_index(
    features: NDArray[np.uint8], groups: NDArray[np.int32], count: int, folder: Path
) -> None:
    """Write the arrays of `Index`.

    Args:
        features: uint8 [n, D] by id.
        groups: int32 [n], the group of each picture.
        count: number of groups.
        folder: where the files go.
    """
    order = np.argsort(groups, kind="stable").astype(np.int32)
    ends = np.searchsorted(groups[order], np.arange(count + 1))
    centres, sizes, group_cells = [], [], [0]
    for g in range(count):
        rows = order[ends[g] : ends[g + 1]]
        of_group, cells = _cells(features, rows)
        order[ends[g] : ends[g + 1]] = rows[np.argsort(cells, kind="stable")]
        centres.append(of_group)
        sizes.append(np.bincount(cells, minlength=len(of_group)))
        group_cells.append(group_cells[-1] + len(of_group))
    np.save(folder / "centres.npy", np.concatenate(centres))
    np.save(folder / "group_cells.npy", np.array(group_cells, np.int64))
    np.save(
        folder / "starts.npy",
        np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
    )
    np.save(folder / "features.npy", features[order])
    np.save(folder / "members.npy", order)


def _cells(
    features: NDArray[np.uint8], rows: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Centres uint8 [K, D] of the given rows, and the cell of each row."""
    count = 1 if len(rows) <= WHOLE else isqrt(len(rows))
    if count == 1:
        return np.zeros((1, features.shape[1]), np.uint8), np.zeros(len(rows), np.int64)
    examples = features[
        rows[np.arange(EXAMPLES * count, dtype=np.int64) * len(rows) // (EXAMPLES * count)]
    ]
    centres = examples[EXAMPLES // 2 :: EXAMPLES].copy()
    nearest = np.empty(len(examples), np.int64)
    for _ in range(ROUNDS):
        _assign(examples, np.arange(len(examples), dtype=np.int32), centres, nearest)
        _move(examples, nearest, centres)
    cells = np.empty(len(rows), np.int64)
    _assign(features, rows, centres, cells)
    return centres, cells


@njit
def _assign(
    features: NDArray[np.uint8],
    rows: NDArray[np.int32],
    centres: NDArray[np.uint8],
    nearest: NDArray[np.int64],
) -> None:
    """Write the nearest centre of each row, the lower of two equals."""
    for i in range(len(rows)):
        row = features[rows[i]]
        best, least = 0, distance(row, centres[0])
        for c in range(1, len(centres)):
            d = distance(row, centres[c])
            if d < least:
                best, least = c, d
        nearest[i] = best


@njit
def _move(
    examples: NDArray[np.uint8], nearest: NDArray[np.int64], centres: NDArray[np.uint8]
) -> None:
    """Move each centre to the rounded mean of its examples; one without examples stays."""
    sums = np.zeros(centres.shape, np.int64)
    counts = np.zeros(len(centres), np.int64)
    for i in range(len(examples)):
        counts[nearest[i]] += 1
        for d in range(examples.shape[1]):
            sums[nearest[i], d] += examples[i, d]
    for c in range(len(centres)):
        if counts[c]:
            for d in range(centres.shape[1]):
                centres[c, d] = (2 * sums[c, d] + counts[c]) // (2 * counts[c])
