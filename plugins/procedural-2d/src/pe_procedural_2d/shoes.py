"""Shoes in side view: the toe is at the left, the heel at the right."""

from pe_procedural_2d.arrays import Integers, Reals, Row
from pe_procedural_2d.lists import CUT, FILL, LINE, OVER, STROKE, add, bend, close, ellipse, line
from pe_sdk.compiled import njit


@njit
def _ground(p: Row, heel: float, thick: float, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw sole and heel. The upper stands on y = 0 at the toe and on y = -heel at the back."""
    first = used[0]
    bend(points, used, -0.98, -0.02, -0.9, 0.0, -0.35, 0.0, 3)
    bend(points, used, -0.35, 0.0, 0.1, -0.1 * heel, 0.55, -heel, 5)
    add(points, used, 0.97, -heel)
    add(points, used, 0.97, thick - heel)
    bend(points, used, 0.55, thick - heel, 0.1, thick - 0.1 * heel, -0.35, thick, 5)
    bend(points, used, -0.35, thick, -0.95, thick, -0.98, -0.02, 3)
    close(ops, used, first, FILL, 0.0, p.accent, 1.0, 0.0)
    if heel > 0.04:
        first = used[0]
        front = 0.95 - 0.08 - 1.1 * p.heel_width * p.heel_width
        narrow = 0.06 + 0.5 * p.heel_width
        add(points, used, 0.97, thick - heel - 0.02)
        add(points, used, 0.95, thick)
        add(points, used, 0.95 - narrow, thick)
        if front < 0.3:
            add(points, used, front - 0.5, thick)
        bend(
            points,
            used,
            max(front, -0.2),
            thick,
            front,
            thick - 0.5 * heel,
            min(front, 0.62),
            thick - heel - 0.02,
            3,
        )
        close(ops, used, first, FILL, 0.0, p.accent, 1.0, 0.0)


@njit
def shoe(p: Row, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw a shoe.

    shaft: 0 is a low shoe, 0.3 reaches over the ankle, 1 to the calf; rise: height of the vamp;
    opening: of the shaft.
    """
    heel = 0.75 * p.heel * (0.3 + 0.7 * p.shaft)
    thick = 0.04 + 0.16 * p.sole
    _ground(p, heel, thick, points, ops, used)
    height = -heel - 0.5 - 1.25 * p.shaft
    low = 0.2 + 0.12 * p.toe
    vamp = -0.05 + 0.25 * p.width - 0.12 * (1.0 - p.shaft)
    instep = -(0.34 + 0.22 * p.rise) - 0.55 * heel
    front = vamp + 0.02 + 0.16 * p.opening
    if p.shaft > 0.25:
        front = -0.08 + 0.3 * p.width
    first = used[0]
    bend(
        points,
        used,
        -0.98,
        0.0,
        -1.02 + 0.1 * p.roundness,
        -low * (0.7 + 0.8 * p.roundness),
        -0.62,
        -low - 0.06,
        4,
    )
    bend(points, used, -0.62, -low - 0.06, vamp - 0.2, instep * 0.78, vamp, instep, 4)
    if p.shaft > 0.12:
        bend(
            points, used, vamp, instep, front + 0.02, instep - 0.1, front, height + 0.06 * p.hem, 3
        )
        add(points, used, 0.5 * (front + 0.9), height + 0.1 * (p.neck_width - 0.3))
    else:
        bend(
            points,
            used,
            vamp,
            instep,
            front + 0.15,
            instep + 0.12 + 0.18 * p.opening,
            0.62,
            instep + 0.08,
            4,
        )
    back = 0.9 + 0.05 * p.flare
    add(points, used, back, height + 0.02)
    bend(
        points,
        used,
        back,
        height + 0.02,
        0.88 - 0.1 * p.waist,
        0.5 * (height - heel),
        0.97,
        -heel,
        4,
    )
    bend(points, used, 0.55, -heel, 0.1, -0.1 * heel, -0.35, 0.0, 4)
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    seam = p.ink * (1.0 - 0.65 * p.detail)
    if p.shaft <= 0.12:  # lining
        first = used[0]
        bend(
            points,
            used,
            front,
            instep + 0.02,
            0.3,
            instep + 0.3 * p.opening,
            0.88,
            height + 0.02,
            4,
        )
        add(points, used, 0.6, instep + 0.08)
        close(ops, used, first, OVER, 0.0, 0.4 * p.ink, 0.0, 0.0)
    if p.front == 1 or p.front == 3:  # laces along the instep
        tone = p.accent if p.front == 1 else seam
        for k in range(p.count // 2 + 1):
            s = (k + 0.5) / (p.count // 2 + 1)
            x, y = vamp - 0.34 + 0.36 * s, instep * (0.72 + 0.2 * s)
            if p.shaft > 0.25:
                x, y = (
                    vamp - 0.22 + 0.24 * min(s * 1.6, 1.0),
                    instep * 0.75 + (height * 0.9 - instep * 0.75) * s,
                )
            line(points, ops, used, x, y, x + 0.16, y + 0.07, LINE, 0.025, tone, 1.0)
    if p.front == 2 and p.shaft > 0.12:
        line(
            points,
            ops,
            used,
            0.45,
            height,
            0.4,
            -heel - 0.12,
            LINE,
            0.02 + 0.02 * p.strap,
            seam,
            0.0,
        )
    if p.front == 4:  # an elastic side, or a swoosh on a low shoe
        if p.shaft > 0.12:
            first = used[0]
            add(points, used, 0.25, height)
            add(points, used, 0.55, height)
            add(points, used, 0.4, height + 0.45)
            close(ops, used, first, OVER, 0.0, seam, 0.0, 0.0)
        else:
            first = used[0]
            bend(points, used, -0.3, -0.22, -0.1, -0.02, 0.75, -0.42, 5)
            close(ops, used, first, LINE, 0.02 + 0.04 * p.strap, p.accent, 1.0, 0.0)
    if p.front == 3:
        for k in range(3):
            x = 0.0 + 0.14 * k
            line(
                points,
                ops,
                used,
                x - 0.1,
                instep * 0.75,
                x,
                -0.08 - heel * 0.3,
                LINE,
                0.025 + 0.02 * p.strap,
                p.accent,
                1.0,
            )
    if p.detail > 0.4:
        first = used[0]
        bend(points, used, -0.72, -low - 0.1, -0.5, -0.2, -0.6, 0.0, 3)
        close(ops, used, first, LINE, 0.02, seam, 0.0, 0.0)
        line(
            points,
            ops,
            used,
            0.72,
            min(height + 0.3, -heel - 0.3),
            0.66,
            -heel,
            LINE,
            0.02,
            seam,
            0.0,
        )
    if p.handle > 0.6 and p.shaft > 0.12:  # a strap around the ankle
        y = instep - 0.1
        line(
            points,
            ops,
            used,
            front - 0.1,
            y,
            0.95,
            y - 0.05,
            LINE,
            0.03 + 0.06 * p.strap,
            seam,
            0.0,
        )


@njit
def sandal(p: Row, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw a sandal.

    count: straps over the foot; handle: height of the ankle strap, none below 0.25; detail:
    crossing straps.
    """
    heel = 1.0 * p.heel * p.heel
    thick = 0.06 + 0.16 * p.sole
    _ground(p, heel, thick, points, ops, used)
    half = 0.022 + 0.07 * p.strap
    tall = 0.2 + 0.25 * p.rise
    number = (p.count + 1) // 2
    for k in range(number):
        x = -0.72 + (0.2 + 0.65 * p.width) * (k + 0.3) / number
        lift = tall * (0.65 + 0.35 * (x + 1.0))
        first = used[0]
        lean = 0.36 * (0.35 + p.detail)
        bend(points, used, x - 0.08, 0.0, x + lean * 0.4, -lift * 1.3, x + lean, -lift, 4)
        bend(
            points,
            used,
            x + lean,
            -lift,
            x + lean + 0.16,
            -lift * 0.7,
            x + lean * 0.7 + 0.22,
            -0.02 - 0.05 * heel,
            3,
        )
        close(ops, used, first, STROKE, half, p.ink, 0.0, 1.0)
    if p.toe > 0.55:  # a closed front
        first = used[0]
        bend(points, used, -0.95, 0.0, -0.8, -tall * 1.1, -0.1, -tall - 0.3 * heel, 4)
        add(points, used, 0.0 + 0.2 * p.width, -0.05 * heel)
        close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    if p.handle > 0.25:
        y = -heel - 0.22 - 0.5 * p.handle
        front = 0.28
        line(points, ops, used, front, y, 0.92, y, STROKE, half, p.ink, 0.0)
        line(points, ops, used, 0.92, y, 0.95, -heel, STROKE, half, p.ink, 0.0)
        if p.opening > 0.4:
            line(points, ops, used, front, y, -0.15, -0.1 - 0.05 * heel, STROKE, half, p.ink, 0.0)
        if p.opening < 0.25:
            line(points, ops, used, front, y, 0.5, -heel, STROKE, half, p.ink, 0.0)
        if p.handle > 0.8:
            line(points, ops, used, front, y - 0.3, 0.92, y - 0.35, STROKE, half, p.ink, 0.0)
            line(points, ops, used, front, y, 0.92, y - 0.3, STROKE, half, p.ink, 0.0)
    elif p.opening > 0.5:  # a mule, filled at the back
        first = used[0]
        bend(points, used, 0.97, -heel, 0.97, -heel - tall, 0.85, -heel - tall, 3)
        bend(points, used, 0.85, -heel - tall, 0.5, -heel - 0.1, 0.2, -0.3 * heel - 0.06, 3)
        close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    if p.hem > 0.85:
        ellipse(points, ops, used, -0.3, -0.05, 0.14, 0.1, 0.0, CUT, 0.0, 0.0, 0.0)
