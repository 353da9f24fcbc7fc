"""The integer grid of embedding vectors, on which nearest-neighbour distances are exact.

Floating-point sums depend on the order of summation, which a matrix product chooses by the shape of
the whole batch. So with float vectors, leaving out one private record can move the vote of another.
On this grid each vector has integer entries and norm below 2048. Then |x|^2, |y|^2, x.y, |x - y|^2
and all their partial sums are integers of magnitude below 2^24, which float32 holds without
rounding: any order of summation gives the same bits.
"""

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.int16]


def to_grid(vectors: NDArray[np.floating]) -> Grid:
    """Round vectors of the unit ball to the grid, row by row.

    A vector longer than 1 is shortened to 1. A vector with a non-finite entry becomes zero: this is
    the fixed rule by which a record that cannot be embedded votes.

    Args:
        vectors: floating [n, d], d <= 2**20.

    Returns:
        int16 [n, d], each row of Euclidean norm below 2048.
    """
    rows = np.array(vectors, dtype=np.float64, order="C")
    with np.errstate(over="ignore", invalid="ignore"):
        inside = np.add.reduce(rows * rows, axis=1) <= 1.0  # False for NaN as well
    rows[~inside] = _into_ball(rows[~inside])
    rows *= grid_scale(rows.shape[1])
    grid: Grid = np.rint(rows, out=rows).astype(np.int16)
    return grid


def _into_ball(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0.0)
    # Largest entry first: squaring entries near the float limit would overflow.
    rows = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True, initial=0.0), 1.0)
    shortened: NDArray[np.float64] = rows / np.maximum(
        np.sqrt(np.add.reduce(rows * rows, axis=1, keepdims=True)), 1e-300
    )
    return shortened


def grid_scale(dim: int) -> int:
    """Steps of the grid in the unit length.

    Rounding d entries adds at most sqrt(d) / 2 to a norm, which must stay below 2048.
    """
    return int(2047 - np.sqrt(dim) / 2)
