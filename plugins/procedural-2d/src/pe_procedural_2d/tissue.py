"""Pictures without an outline: cells over a ground, and branching vessels.

`u` are uniforms of the picture's seed.
"""

import numpy as np

from pe_procedural_2d.arrays import Integers, Reals, Row
from pe_procedural_2d.lists import FILL, LINE, OVER, STROKE, add, bend, close, ellipse
from pe_sdk.compiled import njit


@njit
def tissue(p: Row, u: Reals, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw tissue.

    count: 4 to 52 cells; width: their size; flare: variation of the size; waist: elongation; heel:
    nuclei; legs: clusters.
    """
    first = used[0]
    for corner in ((-4.0, -4.0), (4.0, -4.0), (4.0, 4.0), (-4.0, 4.0)):
        add(points, used, corner[0], corner[1])
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    for k in range(min(4 + (p.count - 2) * (p.count - 2), 52)):
        at = 4 * k
        x, y = 2.2 * u[at] - 1.1, 2.2 * u[at + 1] - 1.1
        x, y = x - 0.6 * p.legs * x * abs(y), y - 0.6 * p.legs * y * abs(x)
        size = (0.06 + 0.2 * p.width) * (1.0 - 0.8 * p.flare * u[at + 2])
        long = size * (1.0 + 1.2 * p.waist)
        turn = np.pi * (u[at + 3] * p.sleeve_angle + p.sleeve)
        tone = p.accent * (1.0 - 0.4 * p.detail * u[(at + 2) % 255 + 1])
        ellipse(points, ops, used, x, y, long, size, turn, OVER, tone, 1.0, 0.0)
        if p.heel > 0.2:
            ellipse(
                points,
                ops,
                used,
                x,
                y,
                long * 0.6 * p.heel,
                size * 0.6 * p.heel,
                turn,
                OVER,
                0.5 * tone,
                1.0,
                0.0,
            )


@njit
def vessels(p: Row, u: Reals, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw vessels.

    count: branches; strap: their width; flare: their spread; waist: tortuosity; opening: a bright
    line along the middle.
    """
    first = used[0]
    for corner in ((-4.0, -4.0), (4.0, -4.0), (4.0, 4.0), (-4.0, 4.0)):
        add(points, used, corner[0], corner[1])
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    for k in range(p.count):
        at = 8 * k
        x, y = -1.1, 1.6 * u[3] - 0.8
        if k > 0:  # begins on the trunk
            x = -0.9 + 1.6 * u[at]
            y = 1.6 * u[3] - 0.8 + 0.3 * (x + 1.1) * (u[4] - 0.5)
        turn = (0.3 + 2.0 * p.flare) * (u[at + 1] - 0.5) * (1.0 if k else 0.15)
        reach = 2.4 if k == 0 else 0.8 + 1.2 * u[at + 2]
        ex, ey = x + reach * np.cos(turn), y + reach * np.sin(turn)
        swing = 1.4 * p.waist * (u[at + 5] - 0.5)
        start = used[0]
        bend(
            points,
            used,
            x,
            y,
            0.5 * (x + ex) - swing * np.sin(turn),
            0.5 * (y + ey) + swing * np.cos(turn),
            ex,
            ey,
            8,
        )
        half = (0.03 + 0.14 * p.strap) * (1.0 if k == 0 else 0.35 + 0.4 * u[at + 6])
        close(ops, used, start, STROKE, half, p.accent, 1.0, 0.0)
        if p.opening > 0.3:
            close(
                ops,
                used,
                start,
                LINE,
                half * 0.5 * p.opening,
                min(1.3 * p.accent + 0.1, 1.1),
                1.0,
                0.0,
            )
