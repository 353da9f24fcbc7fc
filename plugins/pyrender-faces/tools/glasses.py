"""Glasses: rims around two lenses, a bridge, hinges and temples over the ears.

A frame follows five points of the head and is stiff between them.
"""

from dataclasses import dataclass, replace

import numpy as np
from hair_build import Skin
from hair_mesh import Mesh, join, mesh, tube
from hair_scalp import Array, Surface
from scipy.spatial import cKDTree

FRONT, HINGE, BRIDGE = 0.37, 0.67, 0.06
"""z of the front's middle, x of the hinges, y of the bridge."""


@dataclass(frozen=True)
class Frame:
    """The shape of a frame.

    Args:
        centre: x and y of one lens.
        half: half its width and height.
        power: exponent of its superellipse.
        rim: half the rim's breadth and depth.
        upper: without a lower rim.
        droop: how far the lens widens below, towards the cheek.
    """

    centre: tuple[float, float]
    half: tuple[float, float]
    power: float
    rim: tuple[float, float]
    upper: bool = False
    dark: bool = False
    shade: float = 1.0
    droop: float = 0.0


FRAMES = {
    "round": Frame((0.315, -0.04), (0.215, 0.215), 2.0, (0.014, 0.014)),
    "rectangular": Frame((0.325, -0.03), (0.25, 0.155), 5.0, (0.018, 0.018)),
    "thick": Frame((0.33, -0.03), (0.25, 0.195), 3.4, (0.038, 0.026), shade=0.95),
    "half_rim": Frame((0.325, -0.03), (0.25, 0.165), 3.2, (0.022, 0.018), upper=True),
    "sunglasses": Frame((0.335, -0.05), (0.27, 0.225), 2.8, (0.024, 0.02), dark=True, droop=0.12),
}


def outline(frame: Frame, count: int) -> Array:
    """Middle line [count, 2] of the rim at x > 0, counter-clockwise from the temple."""
    turn = 2 * np.pi * np.arange(count) / count
    c, s = np.cos(turn), np.sin(turn)
    x = np.sign(c) * np.abs(c) ** (2 / frame.power) * frame.half[0]
    y = np.sign(s) * np.abs(s) ** (2 / frame.power) * frame.half[1]
    x = x - frame.droop * (y < 0) * y * np.sign(-x + 0.05) * -1.0
    return np.stack([frame.centre[0] + x, frame.centre[1] + y], -1)


def bow(flat: Array) -> Array:
    """Points [n, 2] of the front in space: it bends back towards the temples."""
    return np.stack([flat[:, 0], flat[:, 1], FRONT - 0.3 * flat[:, 0] ** 2], -1)


def glasses(kind: str, surface: Surface, level: int) -> Mesh:
    frame = FRAMES[kind]
    count, sides, arms = {32: (10, 3, 4), 64: (14, 4, 5), 128: (24, 5, 8), 256: (40, 6, 14)}[level]
    thicker = {32: 1.5, 64: 1.25, 128: 1.0, 256: 1.0}[level]
    rim = thicker * np.array(frame.rim)
    parts = []
    line = outline(frame, count)
    for side in (1, -1):
        path = bow(line) * [side, 1, 1]
        if frame.upper:
            keep = np.flatnonzero(line[:, 1] > frame.centre[1] - 0.45 * frame.half[1])
            keep = keep[
                np.argsort(
                    np.arctan2(
                        line[keep, 1] - frame.centre[1] + 0.3, line[keep, 0] - frame.centre[0]
                    )
                )
            ]
            pipe = tube(
                path[keep],
                np.tile(rim, (len(keep), 1)),
                sides,
                np.tile([0.0, 0.0, 1.0], (len(keep), 1)),
            )
        else:
            pipe = tube(
                path,
                np.tile(rim, (count, 1)),
                sides,
                np.tile([0.0, 0.0, 1.0], (count, 1)),
                closed=True,
            )
        parts.append(shaded(pipe, frame.shade, level))
        if frame.dark:
            parts.append(lens(path, frame, side, level))
        parts.append(temple(frame, surface, side, rim, arms, sides, level))
    inner = frame.centre[0] - frame.half[0] * 0.95
    x = np.linspace(-inner, inner, 5 if level < 128 else 9)
    arch = bow(np.stack([x, BRIDGE + 0.03 * (1 - (x / inner) ** 2) - 0.02], -1))
    parts.append(
        shaded(
            tube(arch, np.tile(rim, (len(x), 1)), sides, np.tile([0.0, 0.0, 1.0], (len(x), 1))),
            frame.shade,
            level,
        )
    )
    return join(parts)


def shaded(pipe: Mesh, shade: float, level: int) -> Mesh:
    """Shades of a rim: lighter where it faces up, so that it has an edge of light."""
    middle = pipe.vertices.mean(0)
    return replace(
        pipe, shade=(shade + 0.12 * np.sign(pipe.vertices[:, 1] - middle[1])).clip(0.5, 1.3)
    )


def lens(rim: Array, frame: Frame, side: int, level: int) -> Mesh:
    """A dark lens: rings of triangles, lighter below like tinted glass."""
    rings = {32: 1, 64: 2, 128: 3, 256: 6}[level]
    centre = bow(np.array([[frame.centre[0], frame.centre[1]]])) * [side, 1, 1]
    share = np.linspace(0, 1, rings + 1)[1:, None, None]
    vertices = np.concatenate(
        [
            centre + np.array([0, 0, 0.012]),
            (centre + share * (rim - centre) + (1 - share**2) * [0, 0, 0.012]).reshape(-1, 3),
        ]
    )
    n = len(rim)
    i, j = np.arange(n), (np.arange(n) + 1) % n
    faces = [np.stack([0 * i, 1 + i, 1 + j], -1)]
    for ring in range(rings - 1):
        a, b = 1 + ring * n, 1 + (ring + 1) * n
        faces += [np.stack([a + i, b + i, b + j], -1), np.stack([a + i, b + j, a + j], -1)]
    turned = np.concatenate(faces)[:, ::side]
    height = (vertices[:, 1] - frame.centre[1]) / frame.half[1]
    return mesh(vertices, turned, (0.85 - 0.3 * height).clip(0.5, 1.3), tint=2)


def temple(
    frame: Frame, surface: Surface, side: int, rim: Array, count: int, sides: int, level: int
) -> Mesh:
    """A temple: from the rim to the hinge, along the head and down behind the ear, off the skin."""
    outer = frame.centre[0] + frame.half[0]
    y = frame.centre[1] + 0.55 * frame.half[1]
    t = np.linspace(0, 1, count)
    start = bow(np.array([[outer, y]]))[0]
    knots = np.array(
        [
            start,
            [HINGE, 0.08, 0.17],
            [0.7, 0.1, -0.2],
            [0.735, 0.1, -0.6],
            [0.74, 0.02, -0.85],
            [0.72, -0.12, -0.95],
        ]
    )
    path = np.stack([np.interp(t, [0, 0.1, 0.4, 0.75, 0.92, 1], knots[:, k]) for k in range(3)], -1)
    distance, _ = surface.distance(path)
    path[:, 0] += np.where(path[:, 2] > -0.6, np.maximum(0.035 - distance, 0), 0)
    radius = np.tile(rim * [0.8, 0.6], (count, 1))
    pipe = tube(path * [side, 1, 1], radius, sides, np.tile([1.0, 0.0, 0.0], (count, 1)))
    return shaded(pipe, frame.shade * 0.95, level)


def anchored(made: Mesh, skin: Skin) -> Mesh:
    """Bind a frame to the head, linearly between the bridge, the temples and above the ears."""
    wanted = np.array(
        [
            [0, 0.0, 0.25],
            [0.6, 0.05, -0.05],
            [-0.6, 0.05, -0.05],
            [0.7, 0.12, -0.7],
            [-0.7, 0.12, -0.7],
        ]
    )
    free = np.unique(skin.faces[skin.plain & (skin.ear[skin.faces].max(1) < 0.3)])
    nose, right, left, right_ear, left_ear = free[cKDTree(skin.vertices[free]).query(wanted)[1]]
    x, _, z = made.vertices.T
    outward = np.clip(np.abs(x) / HINGE, 0, 1)
    back = np.clip((0.17 - z) / (0.17 + 0.7), 0, 1) * (np.abs(x) > 0.6)
    side = np.where(x > 0, right, left)
    ear = np.where(x > 0, right_ear, left_ear)
    anchors = np.stack([np.full(len(x), nose), side, ear], -1)
    weights = np.stack([(1 - outward) * (1 - back), outward * (1 - back), back], -1)
    return replace(made, anchors=anchors, weights=weights)
