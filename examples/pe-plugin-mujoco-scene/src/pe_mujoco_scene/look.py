"""An embedding that needs no training: where colours are, which there are, and how edges run.

The host's own learns from tens of thousands of the simulator's pictures, which are cheap where a picture takes
microseconds; with physics it takes ten milliseconds.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pe_sdk import CannotMake, Embedding, OutputSpec

GRID, HUES, TONES, CELLS, TURNS = 8, 12, 8, 4, 8
LEAST = 16
"""Pixels a side: cells of an 8 x 8 grid are then of two pixels at least."""

SHARES = {"grid": 0.45, "hues": 0.25, "tones": 0.1, "edges": 0.2}
"""Of the squared norm."""


class Look(Embedding):
    """Four parts, each of norm at most one, times the root of its share. Every number is computed row by row."""

    dim = 3 * GRID * GRID + HUES + TONES + CELLS * CELLS * TURNS

    def embed(self, data: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = [self._row(record) for record in data]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _row(self, record: NDArray[np.uint8]) -> NDArray[np.float32]:
        red, green, blue = np.broadcast_to(record / 255.0, (*record.shape[:2], 3)).transpose(2, 0, 1)
        tone = (red + green + blue) / 3
        warm, green_red = (red + green) / 2 - blue, red - green
        chroma, hue = np.hypot(warm, green_red), np.arctan2(green_red, warm) / (2 * np.pi) % 1.0
        # in [-1, 1] each, so that the root of their mean square is at most 1
        grid = np.stack([_cells(part, GRID) for part in (2 * tone - 1, warm, green_red)]).ravel() / np.sqrt(3) / GRID
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
    if output.kind != "image":
        raise CannotMake(f"mujoco-scene-look compares images, not {output.kind}; pixels compares anything")
    if min(output.shape[:2]) < LEAST or output.shape[2] not in (1, 3):
        raise CannotMake(f"mujoco-scene-look compares pictures of {LEAST} pixels a side or more, of 1 or 3 channels")
    return Look()


def _index(length: int, parts: int) -> NDArray[np.int64]:
    return np.arange(length) * parts // length


def _bin(unit: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.minimum((unit * bins).astype(np.int64), bins - 1)


def _cells(part: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Means of a grid of cells."""
    edges = [[-(-i * length // cells) for i in range(cells + 1)] for length in part.shape]
    return np.array([[part[a:b, c:d].mean() for c, d in pairwise(edges[1])] for a, b in pairwise(edges[0])])


def _histogram(bins: NDArray[np.int64], weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Roots of the shares (Hellinger's distance): of norm 1, or 0 where nothing has a weight."""
    sums = np.bincount(bins.ravel(), weights.ravel(), count)
    return np.asarray(np.sqrt(sums / max(sums.sum(), 1e-3 * bins.size)))
