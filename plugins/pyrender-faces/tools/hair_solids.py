"""Tied-up hair: a bun, the core of a tail, plaits."""

import numpy as np
from hair_mesh import Mesh, mesh, sphere, tube
from hair_scalp import Array, unit

FINE = {32: 0, 64: 1, 128: 2, 256: 3}


def ball(middle: Array, radius: float, level: int) -> Mesh:
    """A bun: a flattened ball wound in a spiral of light and dark windings."""
    points, faces = sphere((50, 90, 260, 800)[FINE[level]])
    x, y, z = points.T
    turn = np.arctan2(x, z)
    winding = np.sin(2 * turn + 9 * y) + 0.5 * np.sin(5 * turn + 17 * y + 1.0)
    swell = 1 + 0.05 * winding
    shade = 0.88 + 0.14 * winding + 0.15 * y
    return mesh(
        middle + points * [radius, 0.78 * radius, radius] * swell[:, None],
        faces,
        shade.clip(0.5, 1.3),
    )


def core(path: Array, thick: float, level: int) -> Mesh:
    """The dark core of a tail, visible between its locks."""
    count = (6, 8, 10, 14)[FINE[level]]
    at = np.linspace(0, 1, count)
    middle = np.stack(
        [np.interp(at, np.linspace(0, 1, len(path)), path[:, k]) for k in range(3)], -1
    )
    radius = thick * np.interp(at, [0, 0.15, 0.6, 1], [0.35, 0.9, 0.9, 0.1])
    pipe = tube(
        middle,
        np.stack([radius, radius], -1),
        (4, 5, 6, 8)[FINE[level]],
        np.tile([0.0, 0.05, 1.0], (count, 1)),
    )
    return mesh(pipe.vertices, pipe.faces, 0.66)


def plait(path: Array, thick: float, level: int) -> list[Mesh]:
    """A plait of three strands: lobes that lean left and right in turn, dark where they meet."""
    lobes = 13
    at = np.linspace(0, 1, lobes)
    middle = np.stack(
        [np.interp(at, np.linspace(0, 1, len(path)), path[:, k]) for k in range(3)], -1
    )
    tangent = unit(np.gradient(middle, axis=0))
    points, faces = sphere((10, 14, 30, 70)[FINE[level]])
    made = []
    for i in range(lobes):
        side = unit(np.cross(tangent[i], [0, 0, 1.0]))
        front = np.cross(side, tangent[i])
        lean = 0.55 * (-1) ** i
        axis = unit(tangent[i] + lean * side * 1.2)
        cross = unit(np.cross(axis, front))
        size = thick * (1 - 0.35 * at[i])
        body = (
            points[:, :1] * cross * size * 0.75
            + points[:, 1:2] * axis * size * 1.5
            + points[:, 2:] * front * size * 0.85
        )
        shade = (
            0.85
            + 0.3 * points[:, 2]
            - 0.25 * np.abs(points[:, 1])
            + 0.08 * np.sin(9 * points[:, 0])
        )
        made.append(mesh(middle[i] + side * lean * 0.55 * size + body, faces, shade.clip(0.5, 1.3)))
    tail = core(
        np.stack([middle[-1], middle[-1] + tangent[-1] * 0.12, middle[-1] + tangent[-1] * 0.25]),
        0.6 * thick,
        level,
    )
    return [*made, tail]
