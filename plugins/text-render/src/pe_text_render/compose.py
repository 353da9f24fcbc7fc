"""Compiled helpers of the layout: stamping glyph cells into a line's field, measuring fields."""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit
from pe_text_render.cells import STEPS, ZERO


@njit
def stamp(
    field: NDArray[np.uint8],
    cell: NDArray[np.uint8],
    centre_x: float,
    centre_y: float,
    half_x: float,
    half_y: float,
    ratio: float,
) -> None:
    """Put a glyph cell into `field` (uint8, in place): the union takes the larger distance.

    Beyond the cell, or beyond its range of distances, the distance to the ink box is used.

    Args:
        field: uint8 [h, w], changed in place.
        cell: uint8 [SIZE, SIZE].
        centre_x, centre_y: position of the cell's centre, in field pixels.
        half_x, half_y: half the size of the ink box, in cell pixels.
        ratio: cell pixels per field pixel.
    """
    size = cell.shape[0]
    for i in range(field.shape[0]):
        wanted_v = (i + 0.5 - centre_y) * ratio + size / 2 - 0.5
        v = min(max(wanted_v, 0.0), size - 1.001)
        a = int(v)
        fy = v - a
        for j in range(field.shape[1]):
            wanted_u = (j + 0.5 - centre_x) * ratio + size / 2 - 0.5
            u = min(max(wanted_u, 0.0), size - 1.001)
            away_u = max(abs(wanted_u + 0.5 - size / 2) - half_x, 0.0)
            away = np.hypot(away_u, max(abs(wanted_v + 0.5 - size / 2) - half_y, 0.0))
            b = int(u)
            fx = u - b
            top = cell[a, b] * (1 - fx) + cell[a, b + 1] * fx
            low = cell[a + 1, b] * (1 - fx) + cell[a + 1, b + 1] * fx
            distance = top * (1 - fy) + low * fy - ZERO
            if away > 0:
                distance = min(distance, -STEPS * away)
            value = ZERO + distance / ratio
            field[i, j] = max(field[i, j], np.uint8(min(max(value + 0.5, 0.0), 255.0)))


@njit
def measure(block: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Measure fields uint8 [F, h, w]; float32 [F, 7] (columns: see `layout.Fields`).

    Inside a stroke of width s the mean distance to its outline is s / 4, which yields the stroke
    width. The outline falls between pixels: looking at centres loses half a pixel on either side
    of the ink box.
    """
    faces, height, width = block.shape
    out = np.zeros((faces, 7), np.float32)
    for f in range(faces):
        level = ZERO
        if block[f].max() <= ZERO:  # strokes so thin that they pass between the pixels
            level = max(block[f].max() - STEPS // 2, 0)
        left, top, right, bottom = width, height, 0, 0
        count, sum_x, sum_y, depth = 0, 0.0, 0.0, 0.0
        for i in range(height):
            for j in range(width):
                if block[f, i, j] > level:
                    left, right = min(left, j), max(right, j + 1)
                    top, bottom = min(top, i), max(bottom, i + 1)
                    count += 1
                    sum_x += j + 0.5
                    sum_y += i + 0.5
                    depth += max((block[f, i, j] - ZERO) / STEPS, 0.1)
        if count:
            out[f, 0], out[f, 1], out[f, 2], out[f, 3] = left, top, right, bottom
            out[f, 4], out[f, 5], out[f, 6] = sum_x / count, sum_y / count, 4.0 * depth / count
    return out
