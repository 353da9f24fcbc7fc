"""Storage of a glyph: a square cell of signed distances, coded for compression."""

import numpy as np
from numpy.typing import NDArray

SIZE = 44
"""Side of a cell in pixels."""
MARGIN = 6
"""Pixels around the ink box: room for thicker strokes and blur."""
INNER = SIZE - 2 * MARGIN
"""Longer side of the ink box in cell pixels."""
ZERO = 128
"""Value at the outline; larger inside."""
STEPS = 16
"""Values per cell pixel of distance."""
ADVANCE, LEFT, TOP, RIGHT, BOTTOM = range(5)
"""Columns of the metrics, in em; y grows downwards from the baseline."""


SMALL = 30
"""Side in pixels of a stored cell of characters other than digits."""


def shrink(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink cells [..., SIZE, SIZE] for storage: SMALL pixels a side and every second value."""
    return np.asarray(_resize(cells, SMALL) // 2, dtype=np.uint8)


def grow(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Restore the size of shrunk cells; nearly lossless, since distances are smooth."""
    return _resize(small * np.uint8(2), SIZE)


def _resize(cells: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Interpolate linearly along both axes, in integers: the same on every machine."""
    old = cells.shape[-1]
    place = np.clip((np.arange(side) + 0.5) * old / side - 0.5, 0, old - 1.001)
    low = place.astype(np.int64)
    part = np.rint((place - low) * 64).astype(np.int32)
    rows = cells[..., low, :] * (64 - part)[:, None] + cells[..., low + 1, :] * part[:, None]
    both = rows[..., low] * (64 - part) + rows[..., low + 1] * part
    return np.asarray((both + 2048) >> 12, dtype=np.uint8)


def pack(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Differences along both axes of uint8 [..., h, w], modulo 256.

    They are nearly constant for a distance field, so they compress well.
    """
    rows = np.diff(cells, axis=-2, prepend=np.uint8(0))
    return np.asarray(np.diff(rows, axis=-1, prepend=np.uint8(0)), dtype=np.uint8)


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invert `pack`."""
    columns = np.add.accumulate(packed, axis=-1, dtype=np.uint8)
    return np.asarray(np.add.accumulate(columns, axis=-2, dtype=np.uint8), dtype=np.uint8)
