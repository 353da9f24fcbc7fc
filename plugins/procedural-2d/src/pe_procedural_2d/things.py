"""Bags and icons."""

import numpy as np

from pe_procedural_2d.arrays import Integers, Reals, Row
from pe_procedural_2d.lists import CUT, FILL, LINE, OVER, STROKE, add, bend, close, ellipse, line
from pe_sdk.compiled import njit


@njit
def bag(p: Row, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw a bag.

    width: breadth relative to height; flare: of the bottom; handle: height of the handles, none
    below 0.1; opening: of the flap.
    """
    w = 0.55 + 0.75 * p.width
    h = 0.4 + 0.4 * (1.0 - p.width) + 0.3 * p.rise
    above, below = w * (0.72 + 0.28 * (1.0 - p.flare)), w * (0.75 + 0.25 * p.flare)
    r = 0.04 + 0.55 * p.roundness * p.roundness
    if p.handle > 0.1:
        tall = 0.12 + 1.3 * p.handle * p.handle
        half = 0.02 + 0.055 * p.strap
        spread = above * (0.25 + 0.65 * p.neck_width)
        if p.sleeve > 0.6:  # a second handle behind
            first = used[0]
            bend(
                points,
                used,
                -spread * 0.8,
                -h,
                -spread * 0.7,
                -h - 1.1 * tall,
                0.05,
                -h - 1.1 * tall,
                4,
            )
            bend(
                points,
                used,
                0.05,
                -h - 1.1 * tall,
                spread * 0.9,
                -h - 1.1 * tall,
                spread * 0.9,
                -h,
                4,
            )
            close(ops, used, first, STROKE, half, 0.7 * p.ink, 0.0, 0.0)
        first = used[0]
        tip = spread * (1.0 - p.toe)
        bend(points, used, -spread, -h + 0.06, -spread, -h - tall, -tip * 0.4, -h - tall, 4)
        bend(points, used, tip * 0.4, -h - tall, spread, -h - tall, spread, -h + 0.06, 4)
        close(ops, used, first, STROKE, half, p.ink, 0.0, 0.0)
    first = used[0]
    sag = 0.1 * (p.hem - 0.5)
    bend(points, used, -below, h - r * h, -below, h, -below + r * w, h, 3)
    bend(points, used, below - r * w, h, below, h, below, h - r * h, 3)
    bend(points, used, above, -h + r * h, above, -h, above - r * w, -h, 3)
    bend(points, used, above - r * w, -h, 0.0, -h + sag, -above + r * w, -h, 3)
    bend(points, used, -above + r * w, -h, -above, -h, -above, -h + r * h, 3)
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    seam = p.ink * (1.0 - 0.65 * p.detail)
    if p.opening > 0.25:
        deep = -h + 2.0 * h * (0.15 + 0.55 * p.opening)
        first = used[0]
        if p.neck == 1:
            add(points, used, -above, -h * 0.9)
            add(points, used, 0.0, deep)
            add(points, used, above, -h * 0.9)
        else:
            bend(points, used, -above * 0.97, -h * 0.8, -above, deep, -above * 0.5, deep, 3)
            bend(points, used, above * 0.5, deep, above, deep, above * 0.97, -h * 0.8, 3)
        close(ops, used, first, LINE, 0.02, seam, 0.0, 0.0)
        ellipse(points, ops, used, 0.0, deep, 0.09, 0.07, 0.0, OVER, p.accent, 1.0, 0.0)
    if p.front == 2:
        line(
            points,
            ops,
            used,
            -above * 0.9,
            -h * 0.8,
            above * 0.9,
            -h * 0.8,
            LINE,
            0.025,
            p.accent,
            1.0,
        )
    if p.front == 4:
        for x in (-0.55, 0.55):
            line(
                points,
                ops,
                used,
                x * above,
                -h,
                x * below,
                h,
                LINE,
                0.03 + 0.04 * p.strap,
                p.accent,
                1.0,
            )
    if p.front == 3:
        first = used[0]
        for side in (-1.0, 1.0):
            add(points, used, side * 0.6 * w, 0.4 * h + side * 0.35 * h)
            add(points, used, side * 0.6 * w, 0.4 * h - side * 0.35 * h)
        close(ops, used, first, OVER, 0.0, seam, 0.0, 1.0)
    if p.front == 1:
        ellipse(
            points,
            ops,
            used,
            0.5 * w * (p.sleeve_width - 0.5),
            0.3 * h,
            0.2,
            0.16,
            0.0,
            OVER,
            p.accent,
            1.0,
            0.0,
        )


@njit
def icon(p: Row, points: Reals, ops: Reals, used: Integers) -> None:
    """Draw an icon.

    count: corners; waist: depth between them (a star); opening: a hole; handle: a smaller copy
    inside.
    """
    n = p.count
    wide = 0.6 + 0.8 * p.width
    first = used[0]
    inner = np.cos(np.pi / n) * (1.0 - 0.65 * p.waist)
    for k in range(n):
        for j in range(6):
            s = abs(j / 3.0 - 1.0)  # 1 at a corner, 0 halfway to the next
            r = inner + (1.0 - inner) * s
            r = r * (1.0 - p.roundness) + p.roundness * (1.0 - 0.45 * p.waist * (1.0 - s))
            a = 2.0 * np.pi * (k + j / 6.0) / n - 0.5 * np.pi
            add(points, used, wide * r * np.cos(a), r * np.sin(a))
    last = used[0]
    close(ops, used, first, FILL, 0.0, p.ink, 0.0, 1.0)
    if p.handle > 0.3:
        start = used[0]
        for i in range(first, last):
            add(points, used, points[i, 0] * p.handle * 0.8, points[i, 1] * p.handle * 0.8)
        close(ops, used, start, OVER, 0.0, p.accent, 1.0, 0.0)
    if p.opening > 0.25:
        ellipse(
            points,
            ops,
            used,
            0.0,
            0.0,
            0.6 * p.opening * wide,
            0.6 * p.opening,
            0.0,
            CUT,
            0.0,
            0.0,
            0.0,
        )
    if p.front == 2:
        line(
            points,
            ops,
            used,
            -wide,
            0.9 * (p.hem - 0.5),
            wide,
            0.9 * (p.hem - 0.5),
            LINE,
            0.04 + 0.1 * p.strap,
            p.accent,
            1.0,
        )
    if p.front == 3:
        line(points, ops, used, 0.0, -1.3, 0.0, 1.3, STROKE, 0.04 + 0.1 * p.strap, p.accent, 1.0)
    if p.front == 4:
        line(
            points,
            ops,
            used,
            0.8 * wide,
            0.8,
            1.3 * wide,
            1.3,
            STROKE,
            0.06 + 0.14 * p.strap,
            p.accent,
            1.0,
        )
