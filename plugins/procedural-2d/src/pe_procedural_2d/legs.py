"""Trousers."""

from pe_procedural_2d.arrays import Integers, Reals, Row
from pe_procedural_2d.lists import FILL, LINE, add, bend, close, line
from pe_sdk.compiled import njit


@njit
def trousers(p: Row, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw trousers.

    width: of the hips; legs: gap between the ankles; flare: width of the ankles; sleeve_angle: one
    leg in front of the other.
    """
    hip = 0.24 + 0.24 * p.width
    waist = hip * (1.0 - 0.3 * p.waist)
    crotch = -1.0 + 0.42 + 0.3 * p.rise
    gap = 0.01 + 0.17 * p.legs
    ankle = (0.12 + 0.22 * p.flare) * (0.6 + 0.6 * p.width)
    knee = 0.5 * (ankle + 0.5 * hip) * (1.0 - 0.1 * p.roundness)
    for side in (-1.0, 1.0):
        step = 0.12 * (p.sleeve_angle - 0.5) * side
        first = used[0]
        add(points, used, 0.0, -1.0 + 0.02)
        add(points, used, side * waist, -1.0)
        bend(points, used, side * waist, -1.0, side * hip, -0.75, side * hip, crotch - 0.1, 3)
        add(points, used, side * (gap * 0.5 + 2.0 * knee * 0.95) + step * 0.5, 0.3)
        add(points, used, side * (gap + 2.0 * ankle * 0.9) + step, 1.0 - 0.05 * p.hem)
        add(points, used, side * gap + step, 1.0)
        add(points, used, side * gap * 0.6 + step * 0.5, 0.3)
        add(points, used, side * 0.005, crotch)
        close(
            ops,
            used,
            first,
            FILL,
            0.0,
            p.ink * (1.0 - 0.1 * p.detail * (side + 1.0) * 0.5),
            0.0,
            1.0,
        )
    seam = p.ink * (1.0 - 0.65 * p.detail)
    line(points, ops, used, 0.0, -0.95, 0.0, crotch, LINE, 0.02, seam, 0.0)
    if p.detail > 0.3:
        line(points, ops, used, -hip, -0.93, hip, -0.93, LINE, 0.03, p.accent, 1.0)
        for side in (-1.0, 1.0):
            line(
                points,
                ops,
                used,
                side * hip * 0.55,
                -0.9,
                side * hip * 0.95,
                -0.7,
                LINE,
                0.02,
                seam,
                0.0,
            )
            if p.handle > 0.5:  # creases
                line(
                    points,
                    ops,
                    used,
                    side * hip * 0.5,
                    crotch,
                    side * (gap + ankle),
                    0.98,
                    LINE,
                    0.02,
                    seam,
                    0.0,
                )
