"""Signed distance fields of glyph masks: an exact Euclidean transform, sampled on a small grid.

The transform computes the lower envelope of parabolas in two passes: Felzenszwalb and Huttenlocher,
Distance Transforms of Sampled Functions, Theory of Computing 8 (2012), sections 2 and 3.
"""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit
from pe_text_render.cells import SIZE, STEPS, ZERO

_FAR = 1e12


@njit
def _envelope(
    values: NDArray[np.float64],
    out: NDArray[np.float64],
    at: NDArray[np.int64],
    bounds: NDArray[np.float64],
) -> None:
    """Transform one line: out[q] = min over p of (q - p)^2 + values[p].

    `at` and `bounds` are work space.
    """
    last = 0
    at[0] = 0
    bounds[0] = -1e20
    bounds[1] = 1e20
    for q in range(1, len(values)):
        while True:
            p = at[last]
            cross = ((values[q] + q * q) - (values[p] + p * p)) / (2.0 * (q - p))
            if cross > bounds[last]:
                break
            last -= 1
        last += 1
        at[last] = q
        bounds[last] = cross
        bounds[last + 1] = 1e20
    piece = 0
    for q in range(len(values)):
        while bounds[piece + 1] < q:
            piece += 1
        gap = q - at[piece]
        out[q] = gap * gap + values[at[piece]]


@njit
def _to_nearest(mask: NDArray[np.bool_], wanted: bool) -> NDArray[np.float64]:
    """Distance from every pixel centre to the nearest pixel whose mask value is `wanted`.

    float64 [h, w], in pixels.
    """
    height, width = mask.shape
    squared = np.empty((height, width))
    longest = max(height, width)
    line, done = np.empty(longest), np.empty(longest)
    at, bounds = np.empty(longest, np.int64), np.empty(longest + 1)
    for x in range(width):
        for y in range(height):
            line[y] = 0.0 if mask[y, x] == wanted else _FAR
        _envelope(line[:height], done, at, bounds)
        for y in range(height):
            squared[y, x] = done[y]
    for y in range(height):
        _envelope(squared[y], done, at, bounds)
        for x in range(width):
            squared[y, x] = np.sqrt(done[x])
    return squared


@njit
def _sample(
    signed: NDArray[np.float64],
    centre_y: float,
    centre_x: float,
    pitch: float,
    zero: float,
    steps: float,
    out: NDArray[np.uint8],
) -> None:
    """Fill the cell `out` by bilinear lookup, with `pitch` mask pixels between its pixels."""
    height, width = signed.shape
    size = out.shape[0]
    for i in range(size):
        y = min(max(centre_y + (i + 0.5 - size / 2) * pitch - 0.5, 0.0), height - 1.001)
        for j in range(size):
            x = min(max(centre_x + (j + 0.5 - size / 2) * pitch - 0.5, 0.0), width - 1.001)
            a, b = int(y), int(x)
            fy, fx = y - a, x - b
            top = signed[a, b] * (1 - fx) + signed[a, b + 1] * fx
            low = signed[a + 1, b] * (1 - fx) + signed[a + 1, b + 1] * fx
            value = zero + steps * (top * (1 - fy) + low * fy) / pitch
            out[i, j] = np.uint8(min(max(value + 0.5, 0.0), 255.0))


def cell_of(mask: NDArray[np.bool_], pitch: float) -> NDArray[np.uint8]:
    """The signed distance field of a mask that is cropped to its ink box.

    Args:
        mask: bool [h, w], True where there is ink; the ink touches all four sides.
        pitch: mask pixels per cell pixel; at least max(h, w) / INNER.

    Returns:
        uint8 [SIZE, SIZE], ZERO + STEPS x distance in cell pixels, positive inside; the ink box
        is centred.
    """
    half = SIZE / 2 * pitch + 2
    padded = np.pad(mask, [(max(int(half - side / 2), 1),) * 2 for side in mask.shape])
    signed = np.where(padded, _to_nearest(padded, False) - 0.5, 0.5 - _to_nearest(padded, True))
    cell = np.empty((SIZE, SIZE), np.uint8)
    _sample(
        signed, padded.shape[0] / 2, padded.shape[1] / 2, pitch, float(ZERO), float(STEPS), cell
    )
    return cell
