"""An embedding that needs no training: places of colours, their hues, and directions of edges.

The host's own embedding learns from tens of thousands of the simulator's pictures. They are cheap
if a picture takes microseconds; with physics, it takes ten milliseconds.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pe_sdk import CannotMake, Embedding, OutputSpec

GRID, HUES, TONES, CELLS, TURNS = 8, 12, 8, 4, 8
LEAST = 16
"""Least number of pixels a side: each cell of an 8 x 8 grid then has at least two pixels a side."""

SHARES = {"grid": 0.45, "hues": 0.25, "tones": 0.1, "edges": 0.2}
"""Shares of the squared norm."""


class Look(Embedding):
    """Embedding of four parts, each of norm at most one, times the root of its share.

    Every number is computed row by row.
    """

    dim = 3 * GRID * GRID + HUES + TONES + CELLS * CELLS * TURNS

    def embed(self, data: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = [self._row(record) for record in data]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _row(self, record: NDArray[np.uint8]) -> NDArray[np.float32]:
        colours = np.broadcast_to(record / 255.0, (*record.shape[:2], 3))
        red, green, blue = colours.transpose(2, 0, 1)
        tone = (red + green + blue) / 3
        warm, green_red = (red + green) / 2 - blue, red - green
        chroma, hue = np.hypot(warm, green_red), np.arctan2(green_red, warm) / (2 * np.pi) % 1.0
        # Each lies in [-1, 1], so the root of their mean square is at most 1.
        parts_of_grid = [_cells(part, GRID) for part in (2 * tone - 1, warm, green_red)]
        grid = np.stack(parts_of_grid).ravel() / np.sqrt(3) / GRID
        down, right = np.gradient(tone)
        size, turn = np.hypot(down, right), np.arctan2(down, right) / np.pi % 1.0
        places = _index(tone.shape[0], CELLS)[:, None] * CELLS + _index(tone.shape[1], CELLS)
        parts = {
            "grid": grid,
            "hues": _histogram(_bin(hue, HUES), chroma, HUES),
            "tones": _histogram(_bin(tone, TONES), np.ones_like(tone), TONES),
            "edges": _histogram(places * TURNS + _bin(turn, TURNS), size, CELLS * CELLS * TURNS),
        }
        vector = np.concatenate([np.sqrt(share) * parts[name] for name, share in SHARES.items()])
        return vector.astype(np.float32) * np.float32(1 - 1e-6)


def make(output: OutputSpec, options: object) -> Look:
    """Make the embedding.

    Raises:
        CannotMake: the output is not an image, too small, or has neither 1 nor 3 channels.
    """
    if output.kind != "image":
        raise CannotMake(
            f"mujoco-scene-look embeds images, not {output.kind}; use pixels, which embeds anything"
        )
    if min(output.shape[:2]) < LEAST or output.shape[2] not in (1, 3):
        raise CannotMake(
            f"mujoco-scene-look needs at least {LEAST} pixels a side and 1 or 3 channels, "
            f"got {list(output.shape)}"
        )
    return Look()


def _index(length: int, parts: int) -> NDArray[np.int64]:
    return np.arange(length) * parts // length


def _bin(unit: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.minimum((unit * bins).astype(np.int64), bins - 1)


def _cells(part: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Means over the cells of a grid."""
    rows, columns = ([-(-i * length // cells) for i in range(cells + 1)] for length in part.shape)
    return np.array(
        [[part[a:b, c:d].mean() for c, d in pairwise(columns)] for a, b in pairwise(rows)]
    )


def _histogram(
    bins: NDArray[np.int64], weights: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Roots of the shares (for Hellinger's distance): of norm 1, or 0 if all weights are 0."""
    sums = np.bincount(bins.ravel(), weights.ravel(), count)
    return np.asarray(np.sqrt(sums / max(sums.sum(), 1e-3 * bins.size)))
