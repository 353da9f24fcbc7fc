"""The background: bilinear between four colours at the centres of the corner pixels."""

import numpy as np

from pe_pyrender_faces.arrays import Float32
from pe_sdk.compiled import njit


@njit
def ends(background: Float32, row: int, height: int, out: Float32) -> None:
    """Compute the colours, 0..255, at both ends of a row.

    Args:
        background: float32 [4, 3], of `bake.Batch`.
        row, height: index of the row, and number of rows.
        out: float32 [2, 3], written: left and right.
    """
    down = np.float32(row / max(height - 1, 1))
    for side in range(2):
        for k in range(3):
            top, bottom = background[side, k], background[2 + side, k]
            out[side, k] = np.float32(255.0) * (top + down * (bottom - top))


@njit
def between(ends: Float32, column: int, width: int, k: int) -> np.float32:
    """Colour channel k, float32, of one pixel of a row whose ends are given."""
    across = np.float32(column / max(width - 1, 1))
    colour: np.float32 = ends[0, k] + across * (ends[1, k] - ends[0, k])
    return colour
