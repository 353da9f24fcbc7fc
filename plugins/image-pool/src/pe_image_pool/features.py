"""The descriptor by which pictures are near: tones, edges and colour.

It is computed in integers, so it has the same bits on every machine.
"""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit

FORMAT = 1
"""Version of the descriptor, part of a pool's digest; increased when the descriptor changes."""
GRID = 32
"""Cells a side that a picture is first averaged to (or repeated, if it is smaller)."""
TONES, EDGES, COLOURS = 8, 4, 4
"""Cells a side of the mean tones, of the edges and of the colours."""
EDGE_GAIN, COLOUR_GAIN = 6, 2


def width(channels: int) -> int:
    """Numbers in the descriptor of one picture."""
    return TONES**2 + 4 * EDGES**2 + (2 * COLOURS**2 if channels == 3 else 0)


def describe(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Descriptors uint8 [n, width(C)] of pictures uint8 [n, H, W, C], C = 1 or 3.

    64 mean tones on an 8 x 8 grid; 64 means of rising and falling differences of tone, across and
    down, on a 4 x 4 grid; in colour, also 32 means of red minus tone and blue minus tone on a
    4 x 4 grid. Row i depends only on picture i.
    """
    out = np.empty((len(pictures), width(pictures.shape[3])), np.uint8)
    _describe(np.ascontiguousarray(pictures), out)
    return out


@njit
def _mean(total: int, count: int) -> int:
    return (2 * total + count) // (2 * count)


@njit
def _clip(value: int) -> np.uint8:
    return np.uint8(min(max(value, 0), 255))


@njit
def _reduce(picture: NDArray[np.uint8], grid: NDArray[np.int64]) -> None:
    H, W, C = picture.shape
    for i in range(GRID):
        top = i * H // GRID
        bottom = max((i + 1) * H // GRID, top + 1)
        for j in range(GRID):
            left = j * W // GRID
            right = max((j + 1) * W // GRID, left + 1)
            for c in range(C):
                total = 0
                for y in range(top, bottom):
                    for x in range(left, right):
                        total += picture[y, x, c]
                grid[c, i, j] = _mean(total, (bottom - top) * (right - left))


@njit
def _describe(pictures: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    n, _H, _W, C = pictures.shape
    grid = np.empty((C, GRID, GRID), np.int64)
    tone = np.empty((GRID, GRID), np.int64)
    for k in range(n):
        _reduce(pictures[k], grid)
        for i in range(GRID):
            for j in range(GRID):
                if C == 3:  # luma of ITU-R BT.601, in 256ths
                    tone[i, j] = (
                        77 * grid[0, i, j] + 150 * grid[1, i, j] + 29 * grid[2, i, j] + 128
                    ) >> 8
                else:
                    tone[i, j] = grid[0, i, j]
        at = 0
        side = GRID // TONES
        for a in range(0, GRID, side):
            for b in range(0, GRID, side):
                total = 0
                for i in range(a, a + side):
                    for j in range(b, b + side):
                        total += tone[i, j]
                out[k, at] = _mean(total, side * side)
                at += 1
        side = GRID // EDGES
        for a in range(0, GRID, side):
            for b in range(0, GRID, side):
                right, left, down, up = 0, 0, 0, 0
                for i in range(a, a + side):
                    for j in range(b, b + side):
                        across = tone[i, min(j + 1, GRID - 1)] - tone[i, max(j - 1, 0)]
                        along = tone[min(i + 1, GRID - 1), j] - tone[max(i - 1, 0), j]
                        right += max(across, 0)
                        left += max(-across, 0)
                        down += max(along, 0)
                        up += max(-along, 0)
                for total in (right, left, down, up):
                    out[k, at] = _clip(_mean(EDGE_GAIN * total, side * side))
                    at += 1
        if C == 3:
            side = GRID // COLOURS
            for a in range(0, GRID, side):
                for b in range(0, GRID, side):
                    red, blue = 0, 0
                    for i in range(a, a + side):
                        for j in range(b, b + side):
                            red += grid[0, i, j] - tone[i, j]
                            blue += grid[2, i, j] - tone[i, j]
                    out[k, at] = _clip(128 + COLOUR_GAIN * red // (side * side))
                    out[k, at + 1] = _clip(128 + COLOUR_GAIN * blue // (side * side))
                    at += 2
