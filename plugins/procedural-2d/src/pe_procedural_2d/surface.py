"""Textures and folds of a surface.

They are functions in [-1, 1] of the place, in the shape's units, and of the seed's lattice; a tone
is multiplied by 1 plus a share of them.
"""

import numpy as np

from pe_procedural_2d.arrays import Real, Reals, Row
from pe_sdk.compiled import njit

LATTICE = 16
"""Side of a picture's noise: a torus of 16 x 16 uniforms, read with bilinear interpolation."""


@njit
def lattice(u: Reals, x: float, y: float) -> Real:
    """Value noise in [0, 1) with period 16. u: float64 [256]."""
    a, b = np.floor(x), np.floor(y)
    fx, fy = x - a, y - b
    i, j = int(a) % LATTICE, int(b) % LATTICE
    i1, j1 = (i + 1) % LATTICE, (j + 1) % LATTICE
    top = u[j * LATTICE + i] * (1 - fx) + u[j * LATTICE + i1] * fx
    low = u[j1 * LATTICE + i] * (1 - fx) + u[j1 * LATTICE + i1] * fx
    return top * (1 - fy) + low * fy


@njit
def texture(p: Row, u: Reals, x: float, y: float) -> Real:
    """Texture in [-1, 1], 0 if plain. x, y: place in the shape, about [-1, 1]."""
    if p.texture == 0:
        return 0.0
    turn = p.texture_angle * (np.pi / 180.0)
    across, along = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    waves = np.pi * 1.5 * 5.0**p.texture_scale  # 0.75 to 4 periods a unit
    if p.texture == 1:
        return min(max(1.6 * np.sin(2.0 * waves * across), -1.0), 1.0)
    if p.texture == 2:
        one = min(max(1.6 * np.sin(2.0 * waves * across), -1.0), 1.0)
        return 0.5 * (one + min(max(1.6 * np.sin(2.0 * waves * along), -1.0), 1.0))
    if p.texture == 3:
        return min(
            max(4.0 * (np.sin(2.0 * waves * across) * np.sin(2.0 * waves * along) - 0.35), -1.0),
            0.0,
        )
    if p.texture == 4:
        return min(
            max(3.0 * (lattice(u, 3.0 + waves * across, 5.0 + waves * along) - 0.5), -1.0), 1.0
        )
    if p.texture == 5:  # a print on the chest
        inside = min(max(8.0 * (0.36 - abs(x)), 0.0), 1.0) * min(
            max(8.0 * (0.38 - abs(y + 0.25)), 0.0), 1.0
        )
        return inside * min(
            max(6.0 * (lattice(u, 3.0 + waves * across, 5.0 + waves * along) - 0.5), -1.0), 1.0
        )
    edge = 1.2 * (p.texture_scale - 0.5)  # two blocks
    return min(max(12.0 * (across - edge), -1.0), 0.0)


@njit
def folds(p: Row, u: Reals, x: float, y: float) -> Real:
    """Folds in [-1, 1]: long, wavy, hanging stripes."""
    waves = 2.0 + 6.0 * p.fold_scale
    shift = 1.5 * (lattice(u, 7.0 + 1.5 * x, 2.0 + 1.5 * y) - 0.5)
    return np.sin(waves * (x + 0.4 * shift) + 3.0 * shift + 6.2832 * u[0])
