"""Meshes before they are bound to a head, and the solids that compose them."""

from dataclasses import dataclass

import numpy as np
from hair_scalp import Array, unit
from numpy.typing import NDArray
from scipy.spatial import ConvexHull


@dataclass(frozen=True)
class Mesh:
    """A mesh in the eye frame.

    Args:
        vertices: [V, 3].
        faces: [F, 3].
        shade, tint: [V].
        anchors, weights: [V, 3], the head's vertices that a vertex follows, where they are known;
            otherwise -1.
    """

    vertices: Array
    faces: NDArray[np.int64]
    shade: Array
    tint: NDArray[np.int64]
    anchors: NDArray[np.int64]
    weights: Array


def mesh(vertices: Array, faces: NDArray[np.int64], shade: Array | float, tint: int = 0) -> Mesh:
    count = len(vertices)
    return Mesh(
        vertices,
        faces,
        np.broadcast_to(shade, count).astype(float),
        np.full(count, tint),
        np.full((count, 3), -1),
        np.zeros((count, 3)),
    )


def join(meshes: list[Mesh]) -> Mesh:
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    faces = [m.faces + start for m, start in zip(meshes, starts[:-1], strict=True)]
    parts = (
        np.concatenate([getattr(m, name) for m in meshes])
        for name in ("shade", "tint", "anchors", "weights")
    )
    return Mesh(np.concatenate([m.vertices for m in meshes]), np.concatenate(faces), *parts)


def tessellate(
    faces: NDArray[np.int64], parts: int
) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:
    """Cut triangles into parts**2 each.

    Returns:
        Anchors [W, 3] and weights [W, 3] of the new corners, and faces [F * parts**2, 3].
    """
    lattice = [(parts - i - j, i, j) for i in range(parts + 1) for j in range(parts + 1 - i)]
    place = {corner: k for k, corner in enumerate(lattice)}
    cut = []
    for a, b, c in lattice:
        if a > 0:
            cut.append([place[a, b, c], place[a - 1, b + 1, c], place[a - 1, b, c + 1]])
            if b > 0:
                cut.append([place[a, b, c], place[a - 1, b, c + 1], place[a, b - 1, c + 1]])
    counts = np.broadcast_to(np.array(lattice), (len(faces), len(lattice), 3)).reshape(-1, 3)
    corners = np.repeat(faces, len(lattice), axis=0)
    # a corner is the same one from either side of an edge
    code = np.where(counts > 0, corners * (parts + 1) + counts, -1)
    code = -np.sort(-code, axis=1)
    unique, new = np.unique(code, axis=0, return_inverse=True)
    weights = np.where(unique >= 0, unique % (parts + 1), 0) / parts
    anchors = np.where(unique >= 0, unique // (parts + 1), unique[:, :1] // (parts + 1))
    return anchors, weights, new.reshape(len(faces), -1)[:, np.array(cut)].reshape(-1, 3)


def sphere(count: int) -> tuple[Array, NDArray[np.int64]]:
    """Points of a golden-angle spiral on the unit sphere, [count, 3], and its outward faces."""
    i = np.arange(count) + 0.5
    y = 1 - 2 * i / count
    turn = np.pi * (3 - np.sqrt(5)) * i
    radius = np.sqrt(1 - y * y)
    points = np.stack([radius * np.cos(turn), y, radius * np.sin(turn)], -1)
    return points, delaunay(points)


def delaunay(directions: Array) -> NDArray[np.int64]:
    """Triangulate unit vectors on the sphere by their convex hull: outward faces [F, 3]."""
    hull = ConvexHull(directions)
    faces = hull.simplices.astype(np.int64)
    a, b, c = (directions[faces[:, k]] for k in range(3))
    inward = np.einsum("ni,ni->n", np.cross(b - a, c - a), a + b + c) < 0
    faces[inward] = faces[inward][:, ::-1]
    return faces


def tube(path: Array, radius: Array, sides: int, up: Array, closed: bool = False) -> Mesh:
    """A pipe along path [n, 3], with caps at its ends.

    Args:
        radius: [n, 2], half its breadth across `up` and along it.
        up: [n, 3].
    """
    count = len(path)
    if closed:
        tangent = unit(np.roll(path, -1, 0) - np.roll(path, 1, 0))
    else:
        tangent = unit(np.gradient(path, axis=0))
    side = unit(np.cross(tangent, up))
    rise = np.cross(side, tangent)
    turn = 2 * np.pi * np.arange(sides) / sides
    ring = side[:, None] * (radius[:, None, :1] * np.cos(turn)[:, None]) + rise[:, None] * (
        radius[:, None, 1:] * np.sin(turn)[:, None]
    )
    vertices = (path[:, None] + ring).reshape(-1, 3)
    i = np.arange(count if closed else count - 1)[:, None] * sides
    after = (i + sides) % (count * sides)
    j, k = np.arange(sides)[None], (np.arange(sides)[None] + 1) % sides
    quads = np.stack([i + j, after + j, after + k, i + k], -1).reshape(-1, 4)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    if not closed:
        fan = np.arange(1, sides - 1)[:, None]
        lid = np.concatenate([0 * fan, fan, fan + 1], 1)
        faces = np.concatenate([faces, lid, lid[:, ::-1] + (count - 1) * sides])
    centre = np.repeat(path, sides, 0)[faces].mean(1)
    a, b, c = (vertices[faces[:, m]] for m in range(3))
    inward = np.einsum("ni,ni->n", np.cross(b - a, c - a), (a + b + c) / 3 - centre) < 0
    lids = np.arange(len(faces)) >= 2 * len(quads)
    inward &= ~lids
    faces[inward] = faces[inward][:, ::-1]
    return mesh(vertices, faces, 1.0)
