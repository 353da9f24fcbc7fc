"""The head for the design of hair: distances to its surface, angles on the scalp, hairlines, roots.

All lengths are decimetres in the eye frame: the origin is between the centres of the neutral eyes,
x points to the viewer's right, y up, z to the viewer. In it the top of the neutral head lies at
y = 1.07 and the ears at z = -0.75, y = -0.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

CENTRE = np.array([0.0, 0.25, -0.68])
"""Centre of the scalp's angles: between the ears, a little above them."""


def vertex_normals(vertices: Array, faces: NDArray[np.int64]) -> Array:
    """Unit normals [V, 3]: area-weighted means of the faces around a vertex."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, faces[:, k], normal)
    return unit(total)


def unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


class Surface:
    """Skin of the neutral head, sampled densely enough to measure by the nearest sample.

    Args:
        points, point_normals: [samples, 3].
        ear: [samples], 0..1 on an ear.
        lips: tree of the samples on the lips.
    """

    def __init__(
        self,
        vertices: Array,
        faces: NDArray[np.int64],
        ear: Array,
        lips: Array,
        rng: np.random.Generator,
        samples: int = 60_000,
    ) -> None:
        self.vertices, self.faces = vertices, faces
        self.normals = vertex_normals(vertices, faces)
        a, b, c = (vertices[faces[:, k]] for k in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        face = rng.choice(len(faces), samples, p=area / area.sum())
        u, v = rng.random((2, samples, 1))
        u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
        weight = np.stack([1 - u - v, u, v])
        self.points: Array = np.einsum("kni,nki->ni", weight, vertices[faces[face]])
        self.point_normals = unit(np.einsum("kni,nki->ni", weight, self.normals[faces[face]]))
        self.ear = np.einsum("kni,ni->n", weight, ear[faces[face]])
        self.tree = cKDTree(self.points)
        self.lips = cKDTree(self.points[np.einsum("kni,ni->n", weight, lips[faces[face]]) > 0.5])

    def distance(self, points: Array) -> tuple[Array, Array]:
        """Signed distance [n], positive outside, and outward normal [n, 3] of the nearest skin."""
        _, near = self.tree.query(points, k=4)
        normal = unit(self.point_normals[near].mean(1))
        return np.einsum("ni,ni->n", points - self.points[near].mean(1), normal), normal


def angles(points: Array) -> tuple[Array, Array]:
    """Azimuth and elevation of points about CENTRE, in degrees.

    Azimuth is 0 in front and 180 behind, the same on both sides.
    """
    x, y, z = (points - CENTRE).T
    return np.degrees(np.arctan2(np.abs(x), z)), np.degrees(np.arctan2(y, np.hypot(x, z)))


@dataclass(frozen=True)
class Hairline:
    """The elevation in degrees above which hair grows, through knots at azimuths.

    `ragged` is its irregularity in degrees.
    """

    azimuth: tuple[float, ...]
    elevation: tuple[float, ...]
    ragged: float = 2.0

    def inside(self, points: Array) -> Array:
        """Degrees [n] above the hairline, negative below it."""
        azimuth, elevation = angles(points)
        line = PchipInterpolator(self.azimuth, self.elevation)(azimuth)
        turn = np.radians(azimuth) * np.where(points[:, 0] < 0, -1, 1)
        waves = np.sin(11 * turn + 0.7) + 0.6 * np.sin(23 * turn + 2.1) + 0.4 * np.sin(41 * turn)
        return np.asarray(elevation - line - self.ragged * 0.5 * waves)


def streaks(points: Array) -> Array:
    """Light and dark strands [n], -1..1, by azimuth: neighbours that fall alike share one."""
    turn = np.arctan2(points[:, 0] - CENTRE[0], points[:, 2] - CENTRE[2])
    bend = turn + 0.12 * np.sin(3 * points[:, 1])
    return np.asarray((np.sin(19 * bend + 1.0) + np.sin(37 * bend) + np.sin(71 * bend + 2.0)) / 3)


def spread(
    points: Array, spacing: Array, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Choose `count` points, farthest first, with distances in each point's own spacing.

    Every prefix is spread evenly, so a coarser level takes the first locks of a finer one. Returns
    indices.
    """
    if len(points) < count:
        raise ValueError(f"{count} roots wanted, but the scalp has only {len(points)} candidates")
    chosen = np.empty(count, np.int64)
    chosen[0] = rng.integers(len(points))
    nearest = np.full(len(points), np.inf)
    for i in range(1, count):
        nearest = np.minimum(
            nearest, np.linalg.norm(points - points[chosen[i - 1]], axis=1) / spacing
        )
        chosen[i] = np.argmax(nearest)
    return chosen
