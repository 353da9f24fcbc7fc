"""Eyeballs: caps of rings, some at the borders of pupil and iris, placed like the helper eyes."""

from dataclasses import dataclass

import numpy as np
from head_source import Floats, Ints, Source
from numpy.typing import NDArray

from pe_pyrender_faces.head import Material

GROUPS = ("helper-r-eye", "helper-l-eye")
"""The eyes, the one at x < 0 first."""
PUPIL, IRIS = 8.5, 24.5
"""Degrees from the forward axis of the borders of pupil and iris.

The pupil has 4.2 mm, the iris 11.8 mm, in a ball of 28 mm like MakeHuman's (people's: 24 mm).
"""
BACK = 0.012
"""Decimetres by which a ball lies behind the helper's.

Lids need to be in front where triangles have one depth.
"""


@dataclass(frozen=True)
class Ball:
    """An eyeball that looks along z, in units of its half axes.

    Directions [V, 3], faces [F, 3], material [V], occlusion [V].
    """

    directions: Floats
    faces: Ints
    material: NDArray[np.uint8]
    occlusion: Floats


def ball(radius: float, segments: int, rings: tuple[tuple[float, Material], ...]) -> Ball:
    """A cap with a vertex at the pole and rings at these angles in degrees, each with a material.

    `radius` is relative to the helper's.
    """
    turn = 2 * np.pi * (np.arange(segments) + 0.5) / segments
    points, material = [np.array([[0.0, 0.0, 1.0]])], [rings[0][1]]
    for angle, kind in rings:
        a = np.radians(angle)
        points.append(
            np.stack(
                [np.sin(a) * np.cos(turn), np.sin(a) * np.sin(turn), np.full(segments, np.cos(a))],
                1,
            )
        )
        material += [kind] * segments
    k = np.arange(segments)
    after = (k + 1) % segments
    faces = [np.stack([np.zeros_like(k), 1 + k, 1 + after], 1)]
    for r in range(len(rings) - 1):
        inner, outer = 1 + r * segments, 1 + (r + 1) * segments
        faces.append(np.stack([inner + k, outer + k, outer + after], 1))
        faces.append(np.stack([inner + k, outer + after, inner + after], 1))
    directions = np.concatenate(points)
    return Ball(
        radius * directions, np.concatenate(faces), np.array(material, np.uint8), shade(directions)
    )


def shade(directions: Floats) -> Floats:
    """Light that passes lids and lashes, [V]: the upper part and the corners are darker."""
    x, y, _ = directions.T
    return np.clip(
        1.0
        - 0.9 * np.clip(y - 0.12, 0, 1)
        - 0.35 * np.clip(np.abs(x) - 0.4, 0, 1)
        - 0.3 * np.clip(-y - 0.3, 0, 1),
        0.3,
        1,
    )


def placed(source: Source, points: Floats) -> tuple[Floats, Floats]:
    """Centres [2, 3] and half axes [2, 3] of the helper eyes in a morphed base mesh.

    Both are linear in `points`.
    """
    centres, axes = [], []
    for group in GROUPS:
        index = np.unique(source.quads(group))
        own = source.vertices[index]
        low = np.array([points[index[own[:, k].argmin()], k] for k in range(3)])
        high = np.array([points[index[own[:, k].argmax()], k] for k in range(3)])
        half, middle = (high - low) / 2, (high + low) / 2
        half[2] = (
            half[0] + half[1]
        ) / 2  # the helper's cornea stands out; the ball behind it is round
        middle[2] = low[2] + half[2]
        centres.append(middle)
        axes.append(half)
    return np.array(centres), np.array(axes)
