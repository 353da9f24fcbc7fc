"""The sides of triangles of hair, beards and glasses that a camera can ever see.

A head of hair is a pile of open surfaces. Most of their backs, and the fronts of deep layers, are
never visible; leaving them out saves drawing. The visible ones are found by drawing the neutral
head with each part from all directions in front of it. The result is widened by neighbours, since
other heads bend their hair differently.
"""

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.project import BACK, FRONT
from pe_pyrender_faces.raster import LANES, owners

VIEWS = [(yaw, pitch) for yaw in (-65, -40, -20, 0, 20, 40, 65) for pitch in (-30, -5, 25)]
"""Degrees, further round than heads turn."""
GRID = 224
"""Samples per side."""
STEP = 16
"""Coordinate steps between samples."""
REACH = 2.4
"""Decimetres from the middle of the grid to its border; hair beyond it counts as visible."""
WIDER = 0.15
"""Decimetres by which the visible area is widened."""
CENTRE = np.array([0.0, 0.1, 0.2], np.float32)
DEPTH_STEPS = 60000


def seen_sides(
    vertices: NDArray[np.float32], head_faces: NDArray[np.int32], part_faces: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Find the visible sides: uint8 [faces of the part], FRONT, BACK, both or 0.

    Args:
        vertices: float32 [N, 3], of the head and the part.
        head_faces: int32 [F, 3], indices into `vertices`.
        part_faces: int32 [G, 3], indices into `vertices`.
    """
    faces = np.concatenate([head_faces, part_faces])
    seen = np.zeros((2, len(part_faces)), bool)
    buffer, owned = np.empty((GRID, GRID + LANES), np.uint32), np.empty(len(faces), np.uint8)
    for yaw, pitch in np.radians(VIEWS):
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        x, y, z = (vertices - CENTRE).T
        y, z = cp * y + sp * z, cp * z - sp * y
        x, z = cy * x + sy * z, cy * z - sy * x
        scale = GRID * STEP / 2 / REACH
        grid = np.rint(np.stack([x * scale, -y * scale], axis=1) + GRID * STEP / 2).astype(np.int32)
        corners = grid[faces].reshape(-1, 6)
        depth = np.clip(
            (0.5 - z[faces].mean(axis=1) / (4 * REACH)) * DEPTH_STEPS, 0, DEPTH_STEPS
        ).astype(np.int32)
        owners(corners, depth, len(corners), STEP, buffer, 1, np.zeros((1, 2), np.int64), owned)
        a, b, c = grid[part_faces].transpose(1, 0, 2).astype(np.int64)
        back = (c - a)[:, 0] * (b - a)[:, 1] < (b - a)[:, 0] * (c - a)[:, 1]
        won = owned[len(head_faces) :] == 1
        seen[0] |= won & ~back
        seen[1] |= won & back
    outside = (np.abs(vertices - CENTRE).max(axis=1) > 0.9 * REACH)[part_faces].any(axis=1)
    front, back = (_widened(side | outside, part_faces, vertices) for side in seen)
    return (
        np.where(front, FRONT, 0) | np.where(back & (not _is_closed(part_faces)), BACK, 0)
    ).astype(np.uint8)


def _widened(
    seen: NDArray[np.bool_], faces: NDArray[np.int32], vertices: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """The visible triangles and those within about WIDER of them."""
    edge = float(
        np.linalg.norm(vertices[faces] - vertices[np.roll(faces, 1, axis=1)], axis=2).mean()
    )
    for _ in range(max(1, round(WIDER / max(edge, 1e-3)))):
        near = np.zeros(len(vertices), bool)
        near[faces[seen]] = True
        seen = np.asarray(near[faces].any(axis=1))
    return seen


def _is_closed(faces: NDArray[np.int32]) -> bool:
    """Whether every edge has a triangle on either side."""
    edges = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    return np.array_equal(np.unique(edges, axis=0), np.unique(edges[:, ::-1], axis=0))
