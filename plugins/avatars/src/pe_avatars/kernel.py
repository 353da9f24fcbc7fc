"""Compiled compositing of layers, averaged to the output size, one avatar after the other."""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit


@njit
def composite(
    values: NDArray[np.uint8],
    start: NDArray[np.int64],
    box: NDArray[np.int64],
    chosen: NDArray[np.int64],
    colours: NDArray[np.float32],
    grid_height: int,
    grid_width: int,
    pictures: NDArray[np.uint8],
) -> None:
    """Draw n avatars on white.

    Args:
        values, start, box: those of `Layers`.
        chosen: int64 [n, K], the layers of each avatar from back to front.
        colours: float32 [n, K, 3], the colour of each layer's area, 0..1.
        grid_height, grid_width: size of the layers' grid, multiples of the output size.
        pictures: uint8 [n, height, width, channels], overwritten; a single channel is the luma of
            Rec. 601.
    """
    n, height, width, channels = pictures.shape
    down, across = grid_height // height, grid_width // width
    share = np.float32(1.0 / (down * across))
    unit = np.float32(1.0 / 255.0)
    full = np.float32(255.0)
    canvas = np.empty((3, grid_height, grid_width), np.float32)
    total = np.empty(3, np.float32)
    for i in range(n):
        canvas[:] = full
        for k in range(chosen.shape[1]):
            layer = chosen[i, k]
            top, left, rows, columns = box[layer]
            size = rows * columns
            for c in range(3):
                tint = colours[i, k, c]
                for y in range(rows):
                    at = start[layer] + y * columns
                    line = canvas[c, top + y, left : left + columns]
                    fixed = values[at + c * size : at + c * size + columns]
                    weight = values[at + 3 * size : at + 3 * size + columns]
                    alpha = values[at + 4 * size : at + 4 * size + columns]
                    for x in range(columns):
                        line[x] = (
                            np.float32(fixed[x])
                            + np.float32(weight[x]) * tint
                            + line[x] * ((full - np.float32(alpha[x])) * unit)
                        )
        for y in range(height):
            for x in range(width):
                for c in range(3):
                    value = np.float32(0.0)
                    for v in range(y * down, (y + 1) * down):
                        for u in range(x * across, (x + 1) * across):
                            value += canvas[c, v, u]
                    total[c] = value * share
                if channels == 3:
                    for c in range(3):
                        pictures[i, y, x, c] = np.uint8(
                            min(max(total[c], np.float32(0.0)), full) + np.float32(0.5)
                        )
                else:
                    luma = (
                        np.float32(0.299) * total[0]
                        + np.float32(0.587) * total[1]
                        + np.float32(0.114) * total[2]
                    )
                    pictures[i, y, x, 0] = np.uint8(
                        min(max(luma, np.float32(0.0)), full) + np.float32(0.5)
                    )
