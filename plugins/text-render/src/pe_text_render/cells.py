"""How a glyph is stored: a square cell of signed distances, coded for compression."""

import numpy as np
from numpy.typing import NDArray

SIZE = 44
"""Pixels a side of a cell."""
MARGIN = 6
"""Pixels around the ink box, room for thicker strokes and blur."""
INNER = SIZE - 2 * MARGIN
"""The longer side of the ink box in cell pixels."""
ZERO = 128
"""The value at the outline; larger inside."""
STEPS = 16
"""Values a cell pixel of distance."""
ADVANCE, LEFT, TOP, RIGHT, BOTTOM = range(5)
"""Columns of the metrics, in em; y grows downwards from the baseline."""


SMALL = 30
"""Pixels a side of a cell as stored for characters other than digits."""


def shrink(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cells [..., SIZE, SIZE] at SMALL pixels a side and with every second value, to be stored."""
    return np.asarray(_resize(cells, SMALL) // 2, dtype=np.uint8)


def grow(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `shrink` made, at full size again (nearly the same: distances are smooth)."""
    return _resize(small * np.uint8(2), SIZE)


def _resize(cells: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Linear interpolation along both axes, in whole numbers: the same on every machine."""
    old = cells.shape[-1]
    place = np.clip((np.arange(side) + 0.5) * old / side - 0.5, 0, old - 1.001)
    low = place.astype(np.int64)
    part = np.rint((place - low) * 64).astype(np.int32)
    rows = cells[..., low, :] * (64 - part)[:, None] + cells[..., low + 1, :] * part[:, None]
    both = rows[..., low] * (64 - part) + rows[..., low + 1] * part
    return np.asarray((both + 2048) >> 12, dtype=np.uint8)


def pack(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Differences along both axes of uint8 [..., h, w], modulo 256: nearly constant for a distance field."""
    rows = np.diff(cells, axis=-2, prepend=np.uint8(0))
    return np.asarray(np.diff(rows, axis=-1, prepend=np.uint8(0)), dtype=np.uint8)


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Inverse of `pack`."""
    columns = np.add.accumulate(packed, axis=-1, dtype=np.uint8)
    return np.asarray(np.add.accumulate(columns, axis=-2, dtype=np.uint8), dtype=np.uint8)
