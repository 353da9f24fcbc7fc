"""Display lists: what a shape draws, in its own units (y down), before it is fitted to the picture.

`points`: float64 [POINTS, 2]. `ops`: float64 [OPS, 7] with the columns kind, first point, point
after the last, half the width of a stroke, tone, share of the accent's hue, share of the texture.
`used`: int64 [2], the points and ops in use.
"""

import numpy as np

from pe_procedural_2d.arrays import Integers, Reals
from pe_sdk.compiled import njit

POINTS, OPS = 1280, 128
"""Capacity for the longest list: 52 cells with nuclei."""
FILL, STROKE, CUT, OVER, LINE = 0, 1, 2, 3, 4
"""Kinds of operation: FILL and STROKE add to the silhouette, CUT removes from it; OVER (a polygon)
and LINE (a stroke) paint only inside it."""


@njit
def add(points: Reals, used: Integers, x: float, y: float) -> None:
    """Append a point; points beyond the capacity are dropped."""
    if used[0] < POINTS:
        points[used[0], 0] = x
        points[used[0], 1] = y
        used[0] += 1


@njit
def bend(
    points: Reals,
    used: Integers,
    x0: float,
    y0: float,
    cx: float,
    cy: float,
    x1: float,
    y1: float,
    steps: int,
) -> None:
    """Append a quadratic Bezier curve with both ends, in `steps` pieces."""
    for i in range(steps + 1):
        t = i / steps
        add(
            points,
            used,
            (1 - t) * (1 - t) * x0 + 2 * t * (1 - t) * cx + t * t * x1,
            (1 - t) * (1 - t) * y0 + 2 * t * (1 - t) * cy + t * t * y1,
        )


@njit
def close(
    ops: Reals,
    used: Integers,
    first: int,
    kind: int,
    half: float,
    tone: float,
    accent: float,
    cloth: float,
) -> None:
    """Append an operation on the points from `first` to the last one in use."""
    if used[1] < OPS:
        row = ops[used[1]]
        row[0], row[1], row[2], row[3], row[4], row[5], row[6] = (
            kind,
            first,
            used[0],
            half,
            tone,
            accent,
            cloth,
        )
        used[1] += 1


@njit
def line(
    points: Reals,
    ops: Reals,
    used: Integers,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    kind: int,
    half: float,
    tone: float,
    accent: float,
) -> None:
    """Append a straight stroke."""
    first = used[0]
    add(points, used, x0, y0)
    add(points, used, x1, y1)
    close(ops, used, first, kind, half, tone, accent, 0.0)


@njit
def ellipse(
    points: Reals,
    ops: Reals,
    used: Integers,
    x: float,
    y: float,
    rx: float,
    ry: float,
    turn: float,
    kind: int,
    tone: float,
    accent: float,
    cloth: float,
) -> None:
    """Append an ellipse, rotated by `turn` radians."""
    first = used[0]
    cos, sin = np.cos(turn), np.sin(turn)
    for i in range(12):
        a, b = rx * np.cos(i * np.pi / 6), ry * np.sin(i * np.pi / 6)
        add(points, used, x + cos * a - sin * b, y + sin * a + cos * b)
    close(ops, used, first, kind, 0.0, tone, accent, cloth)
