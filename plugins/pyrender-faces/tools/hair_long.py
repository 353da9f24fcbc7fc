"""Styles of long hair: hanging beside the face, or tied up."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hair_design import (
    FORWARD,
    LOW,
    PEAKED,
    RIGHT,
    ROOTS,
    UP,
    USUAL,
    Barber,
    Design,
    combed,
    smooth,
)
from hair_locks import Locks, ribbons, wave
from hair_mesh import Mesh
from hair_scalp import Array, Hairline, unit
from hair_short import parted
from hair_solids import ball, core, plait


def beside_face(points: Array) -> Array:
    """Keep hanging hair off the face: push it outwards beside the face, below the forehead."""
    x, y, z = points.T
    wall = 0.66 * smooth(0.62, 0.3, y) * smooth(-0.75, -0.3, z) - 0.1 * smooth(-0.7, -1.4, y)
    return np.stack(
        [
            np.where(np.abs(x) < wall, np.copysign(wall, x), x),
            y,
            np.minimum(z, np.where(y < 0.4, -0.08, 1.0)),
        ],
        -1,
    )


def hanging(
    barber: Barber,
    hairline: Hairline,
    x0: float,
    length: float,
    end: float,
    body: float,
    fringe: bool = False,
    back: float = 0.5,
    under: float = 0.0,
    aside: float = 0.0,
) -> Locks:
    """Hair that falls from a parting beside the face to y = end; `under` turns its tips in."""
    roots = barber.roots(hairline)
    part = parted(x0, back, 1.4, aside)
    bangs = (
        smooth(-0.3, -0.15, roots[:, 2]) * smooth(0.62, 0.5, np.abs(roots[:, 0])) > 0.5
    ) & fringe

    def flow(points: Array, at: Array, reach: Array) -> Array:
        rest = part(points, at, reach)
        straight = smooth(0.3, 0.0, points[:, 1])[:, None]
        rest = rest * (1 - straight) - UP * straight
        if under:
            inward = np.stack(
                [-np.sign(points[:, 0]), 0 * reach, -0.5 * np.sign(points[:, 2] + 0.7)], -1
            )
            rest = rest + under * inward * smooth(end + 0.45, end, points[:, 1])[:, None]
        forward = (
            FORWARD * smooth(0.62, 0.9, points[:, 1])[:, None]
            - UP * 0.5
            + 0.15 * RIGHT * points[:, :1]
        )
        return np.where(bangs[:, None], forward, rest)

    def volume(s: Array, at: Array) -> Array:
        return np.where(bangs, 0.09, body * np.clip(3 * s, 0.25, 1))

    ends = np.where(bangs, 0.27, end)
    locks = combed(
        barber,
        hairline,
        flow,
        length,
        volume,
        roots,
        cling=0.12,
        sway=4,
        width=0.1,
        end=ends,
        keep_out=lambda points: np.where(bangs[:, None], points, beside_face(points)),
    )
    return replace(locks, hangs=locks.curves[:, -1, 1] < 0.0)


def fill(height: float) -> Callable[[Array], Array]:
    """A cap that fills the volume under locks from the temples up."""
    return lambda points: 0.03 + height * smooth(0.1, 0.6, points[:, 1])


def bob(barber: Barber) -> Design:
    return Design(
        USUAL,
        fill(0.09),
        0.58,
        0.06,
        hanging(barber, USUAL, 0.22, 3.2, -0.72, 0.15, under=0.5),
        covers=True,
        lining=True,
        tip=0.45,
    )


def bob_fringe(barber: Barber) -> Design:
    return Design(
        LOW,
        fill(0.08),
        0.55,
        0.06,
        hanging(barber, LOW, 0.0, 3.2, -0.5, 0.13, fringe=True, under=0.15),
        covers=True,
        lining=True,
        tip=0.7,
    )


def long_straight(barber: Barber) -> Design:
    return Design(
        LOW,
        fill(0.05),
        0.55,
        0.06,
        hanging(barber, LOW, 0.0, 5.0, -1.75, 0.09, back=0.35, aside=0.6),
        covers=True,
        lining=True,
        tip=0.4,
        finer=1.3,
    )


def long_wavy(barber: Barber) -> Design:
    locks = hanging(barber, PEAKED, -0.25, 5.0, -1.6, 0.19, back=0.45, aside=0.5)
    phase = (
        4 * locks.curves[:, 8, 2]
        + 5 * locks.curves[:, 8, 0]
        + barber.rng.normal(0, 0.6, len(locks))
    )
    return Design(
        PEAKED,
        fill(0.12),
        0.55,
        0.06,
        wave(locks, np.full(len(locks), 0.075), 0.95, phase, 0.45),
        covers=True,
        lining=True,
        tip=0.3,
        finer=2.0,
    )


def slick(tie: Array) -> Callable[[Array, Array, Array], Array]:
    """The flow of hair combed tight to the point where it is tied."""
    return lambda points, roots, reach: unit(tie - points)


def tied(barber: Barber, tie: Array, hairline: Hairline, side: float = 0.0) -> Locks:
    """Slicked hair that ends at the tie; `side` keeps to the roots on that side of the head."""
    where = None if side == 0 else (lambda points: points[:, 0] * side > -0.01)
    roots = barber.roots(hairline, where=where, count=ROOTS if side == 0 else ROOTS // 2)
    length = np.linalg.norm(roots - tie, axis=1) * 1.2 + 0.05
    return combed(
        barber,
        hairline,
        slick(tie),
        length.clip(0.25, 1.6),
        lambda s, at: 0.055 + 0 * s,
        roots,
        sway=3,
        width=0.1,
    )


def strand(barber: Barber, path: Array, count: int, thick: float, spread_out: float = 1.0) -> Locks:
    """A bundle of locks along path [k, 3], of radius `thick` in its middle."""
    at = np.linspace(0, 1, 17)
    middle = np.stack(
        [np.interp(at, np.linspace(0, 1, len(path)), path[:, k]) for k in range(3)], -1
    )
    middle[1:-1] = (middle[:-2] + middle[1:-1] + middle[2:]) / 3
    turn = barber.rng.uniform(0, 2 * np.pi, count)
    tangent = unit(np.gradient(middle, axis=0))
    side = unit(np.cross(tangent, FORWARD + 0.01 * UP))
    rise = np.cross(side, tangent)
    ring = np.cos(turn)[:, None, None] * side + np.sin(turn)[:, None, None] * rise
    radius = (
        thick
        * np.interp(at, [0, 0.15, 0.6, 1], [0.35, 1, 1, 0.45])
        * barber.rng.uniform(0.75, 1.1, count)[:, None]
    )
    ends = barber.rng.uniform(0.85, 1.05, count)[:, None, None]
    curves = middle[0] + (middle + ring * radius[..., None] - middle[0]) * ends
    shade = 0.85 + 0.2 * np.sin(turn) * (turn < np.pi) + barber.rng.normal(0, 0.1, count)
    return Locks(curves, ring, np.full(count, 2.6 * thick), shade, np.zeros(count, bool))


def tuft(locks: Locks, level: int) -> Mesh:
    """The locks of a bundle at a level."""
    count, segments, widen = {
        32: (12, 4, 1.2),
        64: (20, 5, 1.0),
        128: (40, 7, 0.7),
        256: (90, 9, 0.45),
    }[level]
    return ribbons(locks.first(count), segments, widen * 0.35, np.random.default_rng(level), 0.25)


def ponytail(barber: Barber) -> Design:
    tie = np.array([0.12, 0.98, -1.42])
    path = np.array(
        [
            tie,
            tie + np.array([0.1, 0.22, -0.1]),
            tie + np.array([0.35, 0.2, -0.16]),
            [0.78, 0.5, -1.5],
            [0.93, -0.1, -1.3],
            [0.95, -0.8, -1.05],
            [0.9, -1.45, -0.85],
        ]
    )
    tail = strand(barber, path, 90, 0.2)
    return Design(
        USUAL,
        0.035,
        0.72,
        0.07,
        tied(barber, tie, USUAL),
        solids=lambda level: [core(path, 0.17, level), tuft(tail, level)],
    )


def bun(barber: Barber) -> Design:
    tie = np.array([0.0, 1.04, -0.98])
    middle = tie + np.array([0, 0.2, -0.02])
    return Design(
        USUAL,
        0.035,
        0.72,
        0.07,
        tied(barber, tie, USUAL),
        solids=lambda level: [ball(middle, 0.33, level)],
    )


def braids(barber: Barber) -> Design:
    ends = [np.array([s * 0.74, -0.42, -0.95]) for s in (-1, 1)]
    halves = [tied(barber, tie, USUAL, np.sign(tie[0])) for tie in ends]
    order = np.argsort(np.concatenate([np.arange(len(half)) for half in halves]), kind="stable")
    both = Locks(
        *(
            np.concatenate([getattr(half, name) for half in halves])[order]
            for name in Locks.__dataclass_fields__
        )
    )

    def solids(level: int) -> list[Mesh]:
        made = []
        for s in (-1, 1):
            path = np.array(
                [
                    [s * 0.76, -0.4, -0.95],
                    [s * 0.86, -0.7, -0.75],
                    [s * 0.84, -1.1, -0.5],
                    [s * 0.72, -1.6, -0.22],
                    [s * 0.66, -2.2, -0.05],
                ]
            )
            made += plait(path, 0.13, level)
        return made

    return Design(USUAL, 0.035, 0.7, 0.07, both, solids=solids)
