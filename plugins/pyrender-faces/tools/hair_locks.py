"""Locks: curves that grow over the head along a flow, and the ribbons that draw them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from hair_mesh import Mesh, join, mesh
from hair_scalp import Array, Surface, unit
from numpy.typing import NDArray

STEP, STEPS, POINTS = 0.05, 90, 17

Flow = Callable[[Array, Array, Array], Array]
"""A flow: (points [n, 3], roots [n, 3], arc length so far [n]) -> wanted directions [n, 3].

The component into the skin is removed.
"""


@dataclass(frozen=True)
class Locks:
    """Locks of hair.

    Args:
        curves: [n, POINTS, 3].
        normals: [n, POINTS, 3], away from the head.
        width, shade: [n].
        hangs: bool [n], visible from behind too.
    """

    curves: Array
    normals: Array
    width: Array
    shade: Array
    hangs: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.curves)

    def first(self, count: int) -> "Locks":
        return Locks(*(getattr(self, name)[:count] for name in self.__dataclass_fields__))

    def raised(self, lift: float) -> "Locks":
        return replace(self, curves=self.curves + lift * self.normals)


@dataclass(frozen=True)
class Growth:
    """The growth of locks.

    Args:
        height: wanted distance from the skin, a function of (arc / length, roots).
        cling: 1 keeps to that distance, 0 only stays outside the head.
        length: [n], length of each lock.
        end: [n], the y at which a lock is cut.
    """

    flow: Flow
    height: Callable[[Array, Array], Array]
    length: Array
    end: Array
    cling: float = 1.0
    keep_out: Callable[[Array], Array] | None = None


def grow(surface: Surface, roots: Array, growth: Growth, width: Array, shade: Array) -> Locks:
    """Grow curves from roots [n, 3]: each step follows the flow, then leaves the head.

    A curve ends at its length or at y = end.
    """
    count = len(roots)
    _, normal = surface.distance(roots)
    points = roots + normal * growth.height(np.zeros(count), roots)[:, None]
    path, out = [points], [normal]
    alive = np.ones(count, bool)
    reach = np.zeros(count)
    heading = np.zeros_like(points)
    for _ in range(STEPS):
        want = unit(growth.flow(points, roots, reach))
        inward = np.minimum(np.einsum("ni,ni->n", want, normal), 0)
        near = surface.distance(points)[0] < 0.3
        want = unit(want - normal * (inward * near)[:, None])
        heading = unit(0.5 * heading + want)
        ahead = points + STEP * heading
        if growth.keep_out is not None:
            ahead = growth.keep_out(ahead)
        distance, normal_ahead = surface.distance(ahead)
        lack = growth.height(np.minimum((reach + STEP) / growth.length, 1), roots) - distance
        ahead = ahead + normal_ahead * np.where(lack > 0, lack, growth.cling * lack)[:, None]
        alive &= (reach < growth.length) & (points[:, 1] > growth.end)
        points = np.where(alive[:, None], ahead, points)
        normal = np.where(alive[:, None], normal_ahead, normal)
        reach = reach + STEP * alive
        path.append(points)
        out.append(normal)
    return Locks(
        *resample(np.stack(path, 1), np.stack(out, 1), POINTS), width, shade, np.zeros(count, bool)
    )


def resample(curves: Array, normals: Array, count: int) -> tuple[Array, Array]:
    """Resample curves [n, k, 3] at `count` even points; a curve without length stays a point."""
    along = np.linalg.norm(np.diff(curves, axis=1), axis=2).cumsum(1)
    along = np.concatenate([np.zeros((len(curves), 1)), along], 1)
    new_curves, new_normals = np.empty((2, len(curves), count, 3))
    for i, arc in enumerate(along):
        at = np.linspace(0, arc[-1], count)
        for k in range(3):
            new_curves[i, :, k] = np.interp(at, arc, curves[i, :, k])
            new_normals[i, :, k] = np.interp(at, arc, normals[i, :, k])
    return new_curves, unit(new_normals)


def frames(locks: Locks) -> tuple[Array, Array]:
    """Sideways and outward unit vectors [n, POINTS, 3] of each curve."""
    tangent = unit(np.gradient(locks.curves, axis=1))
    across = unit(np.cross(tangent, unit(locks.normals + 0.7 * locks.normals[:, :1])))
    return across, np.cross(across, tangent)


def wave(locks: Locks, amplitude: Array, period: float, phase: Array, spiral: float = 0.0) -> Locks:
    """Swing curves sideways, more towards the tips, with amplitude and phase [n].

    With `spiral` they also swing outward, a quarter turn later.
    """
    across, outward = frames(locks)
    length = np.linalg.norm(np.diff(locks.curves, axis=1), axis=2).sum(1)
    s = np.linspace(0, 1, POINTS)[None]
    turn = 2 * np.pi * s * length[:, None] / period + phase[:, None]
    swing = (amplitude[:, None] * np.clip(2.5 * s, 0, 1))[..., None]
    shift = swing * (
        np.sin(turn)[..., None] * across + spiral * (1 + np.cos(turn))[..., None] * outward
    )
    return replace(locks, curves=locks.curves + shift)


def ribbons(
    locks: Locks, segments: int, widen: float, rng: np.random.Generator, tip: float = 0.2
) -> Mesh:
    """Tapered strips of 2 * segments triangles, slightly rolled; hanging ones have two sides."""
    pick = np.linspace(0, POINTS - 1, segments + 1).round().astype(int)
    across, outward = (part[:, pick] for part in frames(locks))
    curves = locks.curves[:, pick]
    s = np.linspace(0, 1, segments + 1)[None]
    half = 0.5 * widen * locks.width[:, None] * np.interp(s, [0, 0.15, 0.6, 1], [0.6, 0.95, 1, tip])
    roll = rng.uniform(-0.35, 0.35, (len(locks), 1, 1))
    side = (across * np.cos(roll) + outward * np.sin(roll)) * half[..., None]
    vertices = np.stack([curves - side, curves + side], 2).reshape(-1, 3)
    profile = np.interp(s, [0, 0.25, 0.65, 1], [0.72, 0.98, 1.06, 0.9])
    flicker = rng.normal(0, 0.05, (len(locks), segments + 1))
    shade = locks.shade[:, None] * profile + flicker
    shade = np.repeat(np.clip(shade, 0.5, 1.3).reshape(-1), 2)
    base = (np.arange(len(locks))[:, None] * (segments + 1) + np.arange(segments)[None]).reshape(
        -1, 1
    ) * 2
    faces = np.concatenate([base + np.array(corners) for corners in ((0, 1, 3), (0, 3, 2))])
    strip = mesh(vertices, faces, shade)
    if not locks.hangs.any():
        return strip
    lock_of = np.repeat(np.arange(len(locks)), segments)
    behind = np.concatenate([faces[np.tile(locks.hangs[lock_of], 2)][:, ::-1]])
    return join([strip, mesh(vertices, behind, np.clip(shade * 0.75, 0.5, 1.3))])
