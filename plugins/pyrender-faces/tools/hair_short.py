"""Short styles, combed or curly, and those with little hair left."""

from dataclasses import replace

import numpy as np
from hair_design import (
    ABOVE_EARS,
    FORWARD,
    HORSESHOE,
    LOW,
    PEAKED,
    RECEDED,
    RIGHT,
    UP,
    USUAL,
    Barber,
    Design,
    combed,
    from_crown,
    smooth,
    turned,
)
from hair_locks import Flow, Growth, grow, wave
from hair_scalp import CENTRE, Array, unit


def parted(x0: float, back: float, fall: float, aside: float = 0.0) -> Flow:
    """The flow away from a parting at x0 to both sides.

    `back` is its share backwards, `fall` turns it down at the sides, and `aside` off the forehead.
    """

    def flow(points: Array, roots: Array, reach: Array) -> Array:
        side = np.where(roots[:, 0] > x0, 1.0, -1.0)[:, None]
        low = smooth(0.95, 0.4, points[:, 1])[:, None]
        behind = smooth(-0.9, -1.3, roots[:, 2])[:, None]
        front = smooth(-0.4, 0.0, points[:, 2])[:, None] * (1 - low)
        return (
            -1.2 * aside * front * FORWARD
            + 0.5 * aside * front * UP
            + side * RIGHT * (1 - low) * (1 - 0.6 * behind)
            - UP * (low * fall + 0.25 + behind)
            - FORWARD * back * (1 - 0.4 * low)
        )

    return flow


def buzz(barber: Barber) -> Design:
    return Design(USUAL, 0.03, 0.92, 0.13)


def short(barber: Barber) -> Design:
    roots = barber.roots(USUAL)
    layer, angle = barber.layer(len(roots)), barber.sway(len(roots), 20)
    top = smooth(0.3, 0.8, roots[:, 1])
    front = smooth(-0.45, 0.05, roots[:, 2]) * top
    length = 0.2 + 0.3 * top + 0.05 * barber.rng.normal(size=len(roots))

    def flow(points: Array, at: Array, reach: Array) -> Array:
        swept = from_crown(points) + front[:, None] * np.array([0.55, 0.8, -0.75])
        return turned(unit(swept), points, angle)

    def height(s: Array, at: Array) -> Array:
        return 0.015 + (0.03 + 0.13 * top + 0.03 * front) * layer * np.sin(np.clip(s, 0, 1) * 2.0)

    locks = grow(
        barber.surface,
        roots,
        Growth(flow, height, length.clip(0.1), np.full(len(roots), -9.0)),
        0.1 + 0.03 * top,
        barber.shade(layer, roots),
    )

    def cap(points: Array) -> Array:
        return 0.03 + 0.08 * smooth(0.3, 0.8, points[:, 1])

    return Design(USUAL, cap, 0.72, 0.1, locks)


def side_part(barber: Barber) -> Design:
    roots = barber.roots(PEAKED)
    part = parted(0.3, 0.45, 0.9)

    front = smooth(-0.5, 0.0, roots[:, 2])

    def flow(points: Array, at: Array, reach: Array) -> Array:
        low = smooth(0.6, 0.3, points[:, 1])[:, None]
        brow = smooth(-0.25, 0.1, points[:, 2])[:, None] * (1 - low)
        return part(points, at, reach) - FORWARD * (0.6 * low + 0.5 * brow) + UP * 0.75 * brow

    top = smooth(0.45, 0.8, roots[:, 1])
    length = 0.3 + 0.75 * top

    def volume(s: Array, at: Array) -> Array:
        return (
            (0.05 + 0.16 * top + 0.08 * front * top * (at[:, 0] < 0.3))
            * np.clip(4 * s, 0.15, 1)
            * (1 - 0.45 * s)
        )

    def cap(points: Array) -> Array:
        return 0.03 + 0.11 * smooth(0.3, 0.8, points[:, 1])

    return Design(PEAKED, cap, 0.6, 0.08, combed(barber, PEAKED, flow, length, volume, roots))


def quiff(barber: Barber) -> Design:
    roots = barber.roots(PEAKED)
    top = smooth(0.5, 0.78, roots[:, 1]) * smooth(0.66, 0.5, np.abs(roots[:, 0]))
    front = smooth(-0.9, -0.05, roots[:, 2]) * top * smooth(0.68, 0.25, np.abs(roots[:, 0]))

    def flow(points: Array, at: Array, reach: Array) -> Array:
        swept = -FORWARD + 0.3 * RIGHT * np.sign(at[:, :1]) * (1 - top[:, None])
        return np.where(
            top[:, None] > 0.3, swept + 0.12 * RIGHT, from_crown(points) - 0.8 * FORWARD
        )

    def volume(s: Array, at: Array) -> Array:
        return (0.035 + 0.07 * top) * np.where(
            top > 0.3, np.sin(np.clip(2.6 * s + 0.12, 0, 1.9)), 1 - 0.5 * s
        )

    length = 0.2 + 0.75 * top

    def cap(points: Array) -> Array:
        top = smooth(0.5, 0.78, points[:, 1]) * smooth(0.66, 0.45, np.abs(points[:, 0]))
        return 0.025 + (0.06 + 0.12 * smooth(-0.9, -0.1, points[:, 2])) * top

    locks = combed(barber, PEAKED, flow, length, volume, roots, sway=7)
    s = np.linspace(0, 1, locks.curves.shape[1])
    rise = (
        front[:, None]
        * np.sin(np.clip(3.0 * s, 0, 2.2))
        * barber.rng.uniform(0.75, 1.1, (len(locks), 1))
    )
    locks = replace(locks, curves=locks.curves + rise[..., None] * (0.34 * UP + 0.1 * FORWARD))
    return Design(PEAKED, cap, 0.64, 0.1, locks)


def undercut(barber: Barber) -> Design:
    def upper(points: Array) -> Array:
        return points[:, 1] > 0.62 + 0.18 * (points[:, 0] < 0)

    roots = barber.roots(USUAL, where=upper, count=300)
    front = smooth(-0.7, 0.0, roots[:, 2])

    def flow(points: Array, at: Array, reach: Array) -> Array:
        low = smooth(0.75, 0.4, points[:, 1])[:, None]
        return RIGHT * (1 - 0.75 * low) - UP * low * 1.2 + FORWARD * (0.18 - 0.35 * low) - 0.1 * UP

    def volume(s: Array, at: Array) -> Array:
        return (0.14 + 0.16 * front) * np.clip(4 * s, 0.15, 1) * (1 - 0.3 * s)

    locks = combed(
        barber,
        USUAL,
        flow,
        0.75 - 0.5 * roots[:, 0].clip(-0.5, 0.5),
        volume,
        roots,
        end=0.0,
        sway=8,
        width=0.12,
    )

    def cap(points: Array) -> Array:
        return 0.022 + 0.13 * upper(points) * smooth(0.6, 0.85, points[:, 1])

    return Design(USUAL, cap, 0.74, 0.13, locks)


def receding(barber: Barber) -> Design:
    roots = barber.roots(RECEDED)
    top = smooth(0.4, 0.8, roots[:, 1])

    def volume(s: Array, at: Array) -> Array:
        return (0.05 + 0.03 * top) * np.sin(np.clip(s, 0, 1) * 2.2)

    def flow(points: Array, at: Array, reach: Array) -> Array:
        return np.where(
            top[:, None] > 0.5,
            -FORWARD + 0.35 * np.sign(at[:, :1]) * RIGHT,
            from_crown(points) - 0.5 * FORWARD,
        )

    return Design(
        RECEDED,
        0.02,
        0.72,
        0.12,
        combed(barber, RECEDED, flow, 0.28 + 0.2 * top, volume, roots, sway=14),
    )


def horseshoe(barber: Barber) -> Design:
    line = HORSESHOE

    def ring(points: Array) -> Array:
        return points[:, 1] < 0.55 + 0.1 * np.sin(9 * points[:, 2])

    roots = barber.roots(line, where=ring, count=330)

    def volume(s: Array, at: Array) -> Array:
        return 0.1 * smooth(0.6, 0.2, at[:, 1]) * np.sin(np.clip(s, 0, 1) * 2.2)

    def flow(points: Array, at: Array, reach: Array) -> Array:
        return from_crown(points) - 0.7 * FORWARD - 0.3 * UP

    locks = combed(barber, line, flow, 0.34, volume, roots, sway=16)
    return Design(
        line,
        0.02,
        0.74,
        0.12,
        locks,
        bare=lambda points: 60 * (0.5 + 0.05 * np.sin(7 * points[:, 2]) - points[:, 1]),
    )


def afro(barber: Barber) -> Design:
    def bulk(points: Array, depth: Array) -> Array:
        return 0.03 + (0.44 + 0.1 * smooth(0.0, 1.0, points[:, 1])) * np.sqrt(smooth(-1, 30, depth))

    return Design(ABOVE_EARS, 0.03, 0.55, 0.08, bulk=bulk, bump=0.22)


def curly(barber: Barber) -> Design:
    roots = barber.roots(LOW, count=260)

    def flow(points: Array, at: Array, reach: Array) -> Array:
        return from_crown(points) + unit(at - CENTRE) * 0.4

    def volume(s: Array, at: Array) -> Array:
        return (0.2 + 0.12 * smooth(0.2, 0.9, at[:, 1])) * np.clip(3 * s, 0.2, 1)

    locks = combed(barber, LOW, flow, 0.5, volume, roots, sway=35, width=0.13)
    locks = wave(
        locks, np.full(len(locks), 0.05), 0.32, barber.rng.uniform(0, 6.3, len(locks)), 0.8
    )

    locks = replace(locks, hangs=np.ones(len(locks), bool))

    def bulk(points: Array, depth: Array) -> Array:
        return 0.03 + (0.2 + 0.1 * smooth(0.2, 0.9, points[:, 1])) * np.sqrt(smooth(-1, 16, depth))

    return Design(LOW, 0.03, 0.55, 0.08, locks, bulk=bulk, bump=0.7, tip=0.5, finer=1.5)
