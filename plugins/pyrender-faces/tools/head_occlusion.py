"""Ambient occlusion: the share of directions in which a vertex sees the sky, by depth maps."""

import numpy as np
from head_source import Floats, Ints
from head_surface import vertex_normals
from numba import njit

DIRECTIONS, SIZE = 220, 640
BIAS = 0.03
"""Decimetres by which a surface may lie before a vertex without hiding it.

The maps' pixels are 0.01 wide.
"""


@njit
def _depths(points: Floats, faces: Ints, size: int) -> Floats:
    """The largest z in each pixel; x and y are in pixels."""
    depth = np.full((size, size), -1e9)
    for f in range(len(faces)):
        a, b, c = points[faces[f, 0]], points[faces[f, 1]], points[faces[f, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area == 0:
            continue
        for y in range(
            max(0, int(min(a[1], b[1], c[1]))), min(size, int(max(a[1], b[1], c[1])) + 2)
        ):
            for x in range(
                max(0, int(min(a[0], b[0], c[0]))), min(size, int(max(a[0], b[0], c[0])) + 2)
            ):
                u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
                v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
                if u >= 0 and v >= 0 and u + v <= 1:
                    z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
                    depth[y, x] = max(depth[y, x], z)
    return depth


def directions(count: int) -> Floats:
    """Unit vectors [count, 3], spread evenly over the sphere (Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    turn = np.pi * (1 + np.sqrt(5)) * k
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], 1)


def occlusion(points: Floats, faces: Ints) -> Floats:
    """Openness [V], 0 closed to 1 open, weighted by the cosine to the normal."""
    normals = vertex_normals(points, faces)
    centre, reach = (points.max(0) + points.min(0)) / 2, np.linalg.norm(np.ptp(points, axis=0)) / 2
    seen, total = np.zeros(len(points)), np.full(len(points), 1e-9)
    for d in directions(DIRECTIONS):
        right = np.cross([0.0, 1.0, 0.1], d)
        right /= np.linalg.norm(right)
        frame = np.stack([right, np.cross(d, right), d])
        local = (points - centre) @ frame.T
        local[:, :2] = (local[:, :2] / reach + 1) * (SIZE - 1) / 2
        depth = _depths(local, faces, SIZE)
        x, y = np.round(local[:, :2]).astype(int).T
        cosine = np.maximum(normals @ d, 0)
        total += cosine
        seen += cosine * (depth[y, x] <= local[:, 2] + BIAS)
    return seen / total
