"""What is behind a head: bilinear between four corners, at the middles of the corner pixels."""

import numpy as np

from pe_sdk.compiled import njit


@njit
def ends(background, row, height, out):  # type: ignore[no-untyped-def]
    """Colours 0..255 at both ends of a row.

    Args:
        background: float32 [4, 3], of `bake.Batch`.
        row, height: which of how many.
        out: float32 [2, 3], written: left and right.
    """
    down = np.float32(row / max(height - 1, 1))
    for side in range(2):
        for k in range(3):
            top, bottom = background[side, k], background[2 + side, k]
            out[side, k] = np.float32(255.0) * (top + down * (bottom - top))


@njit
def between(ends, column, width, k):  # type: ignore[no-untyped-def]
    """Colour channel k of a pixel of a row whose ends are given, float32."""
    return ends[0, k] + np.float32(column / max(width - 1, 1)) * (ends[1, k] - ends[0, k])
