"""Eyebrows: a band along the brow ridge with ragged edges, and strokes of hair over it."""

import numpy as np
from hair_locks import POINTS, Locks, ribbons
from hair_mesh import Mesh, join, mesh
from hair_scalp import Array, Surface, unit

ARCS: dict[str, tuple[tuple[tuple[float, float], ...], float]] = {
    "thin": (((0.13, 0.145), (0.25, 0.2), (0.38, 0.225), (0.48, 0.195), (0.555, 0.14)), 0.05),
    "arched": (((0.12, 0.13), (0.24, 0.205), (0.37, 0.265), (0.47, 0.23), (0.555, 0.14)), 0.072),
    "straight": (((0.11, 0.175), (0.24, 0.195), (0.36, 0.2), (0.47, 0.185), (0.55, 0.155)), 0.08),
    "bushy": (((0.085, 0.15), (0.22, 0.195), (0.36, 0.225), (0.48, 0.195), (0.57, 0.13)), 0.125),
}
"""Points (x, y) of the arc over one eye, and its breadth, in decimetres, for each kind."""

LIFT = {32: 0.05, 64: 0.04, 128: 0.022, 256: 0.014}
"""Height over the skin.

A triangle has one depth, so the coarser it is, the further a brow must stand off to be seen whole.
"""


def drape(surface: Surface, x: Array, y: Array, lift: Array | float) -> tuple[Array, Array]:
    """Points [n, 3] over the face in front of (x, y), and the normals there."""
    front = surface.points[:, 2] > -0.35
    points, normals = surface.points[front], surface.point_normals[front]
    gap = np.hypot(points[None, :, 0] - x[:, None], points[None, :, 1] - y[:, None])
    near = np.argsort(gap, axis=1)[:, :12]
    weight = 1 / (np.take_along_axis(gap, near, 1) + 0.01)
    weight /= weight.sum(1, keepdims=True)
    z = (weight * points[near][..., 2]).sum(1)
    normal = unit((weight[..., None] * normals[near]).sum(1))
    return np.stack([x, y, z], -1) + normal * np.broadcast_to(lift, len(x))[:, None], normal


def brows(kind: str, surface: Surface, level: int, seed: int) -> Mesh:
    """Build both brows of a kind."""
    rng = np.random.default_rng(seed)
    arc, breadth = ARCS[kind]
    columns, strokes, segments = {32: (5, 0, 1), 64: (7, 0, 1), 128: (12, 26, 1), 256: (18, 60, 2)}[
        level
    ]
    parts = []
    for side in (-1, 1):
        t = np.linspace(0, 1, columns + 1)
        x, y, half = along(arc, breadth, t)
        ragged = rng.normal(0, 0.1, (2, columns + 1)) * half
        rows = [
            drape(
                surface,
                side * x,
                y + step * half + (ragged[0] if step > 0 else ragged[1]) * (step != 0),
                LIFT[level],
            )[0]
            for step in (-1, 0, 1)
        ]
        vertices = np.stack(rows, 1).reshape(-1, 3)
        i = (np.arange(columns)[:, None] * 3 + np.arange(2)).reshape(-1, 1)
        faces = np.concatenate([i + np.array(corners) for corners in ((0, 3, 4), (0, 4, 1))])
        if side < 0:
            faces = faces[:, ::-1]
        shade = np.repeat(np.interp(t, [0, 0.15, 0.7, 1], [1.1, 0.95, 0.9, 1.0]), 3) + rng.normal(
            0, 0.08, len(vertices)
        )
        parts.append(mesh(vertices, faces, shade.clip(0.5, 1.3)))
        if strokes:
            parts.append(
                ribbons(
                    hairs(arc, breadth, surface, side, strokes, LIFT[level] + 0.006, rng),
                    segments,
                    {128: 1.5, 256: 1.0}[level],
                    rng,
                    0.1,
                )
            )
    return join(parts)


def along(
    arc: tuple[tuple[float, float], ...], breadth: float, t: Array
) -> tuple[Array, Array, Array]:
    """x, y and half the breadth of a brow at t, from 0 at the nose to 1 at the temple."""
    at, (x, y) = np.linspace(0, 1, len(arc)), np.array(arc).T
    fit = np.polynomial.Polynomial.fit(at, y, 3)
    return (
        np.interp(t, at, x),
        fit(t),
        0.5 * breadth * np.interp(t, [0, 0.12, 0.35, 0.7, 1], [0.55, 0.9, 1, 0.75, 0.16]),
    )


def hairs(
    arc: tuple[tuple[float, float], ...],
    breadth: float,
    surface: Surface,
    side: int,
    count: int,
    lift: float,
    rng: np.random.Generator,
) -> Locks:
    """Strokes of hair: upright near the nose, lying along the arc towards the temple."""
    t = (np.arange(count) + rng.random(count)) / count * 0.96
    x, y, half = along(arc, breadth, t)
    row = rng.uniform(-0.9, 0.7, count)
    angle = np.radians(
        np.interp(t, [0, 0.3, 0.7, 1], [75, 42, 8, -22])
        - 28 * np.clip(row, 0, 1)
        + rng.normal(0, 8, count)
    )
    length = (0.045 + 0.35 * breadth) * rng.uniform(0.8, 1.2, count)
    s = np.linspace(0, 1, POINTS)[:, None]
    px = side * (x + s * length * np.cos(angle))
    py = y + row * half + s * length * np.sin(angle)
    points, normals = drape(surface, px.reshape(-1), py.reshape(-1), lift)
    curves = points.reshape(POINTS, count, 3).swapaxes(0, 1)
    return Locks(
        curves,
        normals.reshape(POINTS, count, 3).swapaxes(0, 1),
        np.full(count, 0.02),
        rng.uniform(0.65, 1.1, count),
        np.zeros(count, bool),
    )
