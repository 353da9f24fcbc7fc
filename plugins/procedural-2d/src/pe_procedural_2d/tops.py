"""Tops (shirts, pullovers, coats) and dresses.

There is one outline with sleeves; a dress is a top with a skirt below its waist.
"""

import numpy as np

from pe_procedural_2d.arrays import Integers, Reals, Row
from pe_procedural_2d.lists import CUT, FILL, LINE, OVER, add, bend, close, ellipse, line
from pe_sdk.compiled import njit


@njit
def top(p: Row, skirt: float, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw a top or a dress.

    width: of the chest; sleeve: 0 is none, 0.35 reaches to the elbow, 1 to the hem; detail: seams,
    cuffs and belt. skirt: 0 for a top, 1 for a dress, whose shoulders and sleeves are smaller by
    the length of the skirt.
    """
    t = 1.0 - 0.42 * skirt
    chest = (0.44 + 0.28 * p.width) * (1.0 - 0.48 * skirt)
    shoulder = chest * (0.80 + 0.16 * p.roundness)
    drop = (0.06 + 0.12 * p.rise) * t
    neck = min((0.12 + 0.24 * p.neck_width) * (1.0 - 0.4 * skirt), 0.72 * shoulder)
    armpit = -1.0 + drop + (0.24 + 0.2 * p.sleeve_width) * t
    middle = -1.0 + 1.15 * t
    narrow = chest * (1.0 - (0.22 + 0.12 * skirt) * p.waist)
    lower = chest * (0.88 + 0.26 * p.flare + skirt * (1.0 * p.flare * p.flare))
    straps = p.neck == 5
    if straps:
        shoulder = max(neck + 0.05 + 0.14 * p.strap, 0.55 * chest)
    dark = 0.55 * p.ink
    seam = p.ink * (1.0 - 0.65 * p.detail)
    # Sleeves lie behind the body.
    long = p.sleeve
    if not straps and long > 0.04:
        angle = (
            5.0
            + (45.0 * p.sleeve_angle + 22.0) * max(1.0 - 1.2 * long, 0.0)
            + 9.0 * p.sleeve_angle * long
        )
        angle *= np.pi / 180.0
        reach = 1.6 * long * t + 0.06
        base = (0.1 * t + 0.3 * (armpit + 1.0 - drop)) * (1.0 - 0.35 * long)
        cuff = base * (0.95 - 0.3 * long + 0.3 * p.roundness * long * p.flare)
        for side in (-1.0, 1.0):
            first = used[0]
            sx, sy = shoulder, -1.0 + drop
            dx, dy = np.sin(angle), np.cos(angle)
            mx, my = chest * 0.95 + base * 0.1, armpit - base * 0.7
            ex, ey = mx + dx * reach, my + dy * reach
            if long > 0.5:
                ex -= 0.03
            add(points, used, side * sx * 0.92, sy - 0.01)
            bend(
                points, used, side * sx, sy,
                side * (sx + base * 0.9), sy + base * 0.5,
                side * (mx + dx * reach * 0.5 + dy * base * 1.0),
                my + dy * reach * 0.5 - dx * base, 4,
            )  # fmt: skip
            add(points, used, side * (ex + dy * cuff), ey - dx * cuff)
            add(points, used, side * (ex - dy * cuff), ey + dx * cuff)
            add(points, used, side * chest * 0.9, armpit + 0.02)
            close(ops, used, first, FILL, 0.0, p.ink * (0.97 - 0.12 * p.detail), 0.0, 1.0)
            if p.detail > 0.35 and reach > 0.2:
                qx, qy = ex - dx * 0.06, ey - dy * 0.06
                line(
                    points, ops, used, side * (qx + dy * cuff), qy - dx * cuff,
                    side * (qx - dy * cuff), qy + dx * cuff, LINE, 0.03, seam, 0.0,
                )  # fmt: skip
    if p.neck == 3:  # a hood stands behind the neck
        ellipse(
            points,
            ops,
            used,
            0.0,
            -1.0 - 0.02,
            neck * 1.35,
            0.16 + 0.1 * p.opening,
            0.0,
            FILL,
            p.ink * 0.9,
            0.0,
            1.0,
        )
    if p.neck == 4:
        first = used[0]
        for side in (-1.0, 1.0):
            add(points, used, side * neck * 0.9, -1.0 + 0.1 * side - 0.05)
            add(points, used, side * neck * 0.9, -1.0 - 0.1 * side - 0.05)
        close(ops, used, first, FILL, 0.0, p.ink * 0.92, 0.0, 1.0)
    # The body: down the right side, up the left one.
    first = used[0]
    back = -1.0 + 0.07 * t
    bend(points, used, -neck, -1.0, 0.0, back, neck, -1.0, 4)
    curve = 0.16 * (p.hem - 0.4)
    for step in range(2):
        side = 1.0 - 2.0 * step
        if step == 0:
            add(points, used, side * shoulder, -1.0 + drop)
            bend(
                points,
                used,
                side * chest * 0.93,
                armpit,
                side * narrow,
                middle - 0.1,
                side * narrow,
                middle,
                3,
            )
            bend(points, used, side * narrow, middle, side * (0.4 * narrow + 0.6 * lower),
                 middle + 0.25 * (1.0 - middle), side * lower, 1.0 - curve, 3)  # fmt: skip
            bend(points, used, lower, 1.0 - curve, 0.0, 1.0 + curve, -lower, 1.0 - curve, 4)
        else:
            bend(points, used, side * lower, 1.0 - curve, side * (0.4 * narrow + 0.6 * lower),
                 middle + 0.25 * (1.0 - middle), side * narrow, middle, 3)  # fmt: skip
            bend(
                points,
                used,
                side * narrow,
                middle,
                side * narrow,
                middle - 0.1,
                side * chest * 0.93,
                armpit,
                3,
            )
            add(points, used, side * shoulder, -1.0 + drop)
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    # Seams of the sleeves, and the shade between sleeve and body.
    if not straps and long > 0.04 and p.detail > 0.15:
        for side in (-1.0, 1.0):
            line(
                points,
                ops,
                used,
                side * shoulder,
                -1.0 + drop,
                side * chest * 0.93,
                armpit,
                LINE,
                0.02,
                seam,
                0.0,
            )
            if long > 0.5:
                line(
                    points,
                    ops,
                    used,
                    side * chest * 0.93,
                    armpit,
                    side * narrow,
                    middle,
                    LINE,
                    0.025,
                    seam * 0.8,
                    0.0,
                )
    _neckline(p, t, neck, dark, seam, points, ops, used)
    _front(p, t, neck, lower, seam, points, ops, used)
    if p.detail > 0.6:
        if skirt > 0.0 or p.front == 3.0:  # a belt
            y = middle - 0.02
            line(points, ops, used, -chest, y, chest, y, LINE, 0.035, p.accent, 1.0)
        else:  # a hem band
            line(
                points, ops, used, -lower, 0.92 - curve, lower, 0.92 - curve, LINE, 0.02, seam, 0.0
            )


@njit
def _neckline(
    p: Row,
    t: float,
    neck: float,
    dark: float,
    seam: float,
    points: Reals,
    ops: Reals,
    used: Integers,
) -> None:
    """Draw the neckline: the inside of the back shows in it; straps have a real cut."""
    deep = -1.0 + (0.1 + 0.55 * p.opening) * t
    first = used[0]
    if p.neck == 1:
        add(points, used, -neck, -1.0)
        add(points, used, 0.0, deep)
        add(points, used, neck, -1.0)
    elif p.neck == 5:
        bend(points, used, -neck, -1.05, -neck, deep, 0.0, deep, 4)
        bend(points, used, 0.0, deep, neck, deep, neck, -1.05, 4)
    else:
        bend(
            points,
            used,
            -neck,
            -1.0,
            0.0,
            2.0 * (-1.0 + (0.1 + 0.2 * p.opening) * t) + 1.0,
            neck,
            -1.0,
            6,
        )
    add(points, used, 0.0, -1.0 + (0.04 * t if p.neck != 5 else -0.05))
    if p.neck == 5:
        close(ops, used, first, CUT, 0.0, 0.0, 0.0, 0.0)
    elif p.neck != 4:
        close(ops, used, first, OVER, 0.0, dark, 0.0, 0.0)
    if p.neck == 2 or p.neck == 3:  # wings of a collar, edge of a hood
        tip = -1.0 + (0.16 + 0.22 * p.opening) * t
        for side in (-1.0, 1.0):
            first = used[0]
            add(points, used, side * neck * 0.9, -1.03)
            add(points, used, side * neck * 1.25, -1.0 + 0.16 * t)
            add(points, used, side * neck * 0.55, tip)
            add(points, used, 0.0, -1.0 + 0.14 * t)
            close(ops, used, first, OVER, 0.0, min(p.ink * 1.08, 1.1), 0.0, 1.0)
            line(
                points,
                ops,
                used,
                side * neck * 1.25,
                -1.0 + 0.16 * t,
                side * neck * 0.55,
                tip,
                LINE,
                0.02,
                seam,
                0.0,
            )
    if p.neck == 4:
        line(points, ops, used, -neck, -0.99, neck, -0.99, LINE, 0.02, seam, 0.0)


@njit
def _front(
    p: Row,
    t: float,
    neck: float,
    lower: float,
    seam: float,
    points: Reals,
    ops: Reals,
    used: Integers,
) -> None:
    """Draw the front: buttons, a zip, an open coat or pockets."""
    start = -1.0 + (0.12 + 0.15 * p.opening) * t
    if p.front == 1:
        line(points, ops, used, 0.02, start, 0.02, 1.05, LINE, 0.012 + 0.012 * p.detail, seam, 0.0)
        for k in range(p.count):
            y = start + (0.95 - start) * (k + 0.7) / p.count
            line(points, ops, used, -0.02, y, -0.021, y, LINE, 0.03, p.accent, 1.0)
    elif p.front == 2:
        line(points, ops, used, 0.0, start, 0.0, 1.05, LINE, 0.02 + 0.025 * p.strap, p.accent, 1.0)
    elif p.front == 3:
        first = used[0]
        half = 0.02 + 0.1 * p.handle
        add(points, used, -neck * 0.6, -1.0 + 0.04 * t)
        add(points, used, neck * 0.6, -1.0 + 0.04 * t)
        add(points, used, half, start + 0.5 * t)
        add(points, used, half, 1.1)
        add(points, used, -half, 1.1)
        add(points, used, -half, start + 0.5 * t)
        close(ops, used, first, OVER, 0.0, p.accent * 0.8, 1.0, 0.0)
        for side in (-1.0, 1.0):
            line(
                points,
                ops,
                used,
                side * neck * 0.9,
                -0.98,
                side * half,
                start + 0.5 * t,
                LINE,
                0.03,
                seam,
                0.0,
            )
            line(
                points,
                ops,
                used,
                side * half,
                start + 0.5 * t,
                side * half,
                1.0,
                LINE,
                0.02,
                seam,
                0.0,
            )
    elif p.front == 4:
        for side in (-1.0, 1.0):
            x, y = side * lower * 0.4, 0.25 - 0.5 * p.handle
            line(points, ops, used, x, y, x + 0.16 * side, y + 0.06, LINE, 0.03, seam, 0.0)
