"""Colour spaces: from hue, saturation and value to sRGB, and to linear light (IEC 61966-2-1)."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def from_hsv(hue: Array, saturation: Array, value: Array) -> Array:
    """Convert hue in degrees, saturation and value in 0..1, all [n], to sRGB 0..1 [n, 3]."""
    sector = (np.array([5.0, 3.0, 1.0]) + hue[:, None] / 60.0) % 6.0
    fall = np.clip(np.minimum(sector, 4.0 - sector), 0.0, 1.0)
    return np.asarray(value[:, None] * (1.0 - saturation[:, None] * fall))


def to_linear(encoded: Array) -> Array:
    """Convert sRGB 0..1 to linear light."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
