"""Moustaches and beards: where they grow, and how."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hair_build import DETAIL, Cap, Skin, cap_of
from hair_design import UP, smooth
from hair_locks import Growth, grow, ribbons
from hair_mesh import Mesh, join
from hair_scalp import Array, Surface, spread, unit
from numpy.typing import NDArray


@dataclass(frozen=True)
class Regions:
    """The regions of facial hair on a head, by the distance from its lips."""

    surface: Surface

    def off_lips(self, points: Array) -> Array:
        distance = self.surface.lips.query(points)[0]
        # -1: no random draw may put hair on the lips
        return np.asarray(np.where(distance < 0.012, -1.0, distance - 0.012))

    def moustache(self, points: Array) -> Array:
        x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
        return np.minimum.reduce(
            [0.35 - x, self.off_lips(points), -0.5 - 0.2 * x - y, y + 0.7, z + 0.05]
        )

    def goatee(self, points: Array) -> Array:
        x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
        chin = np.minimum.reduce(
            [
                0.37 - 0.25 * smooth(-0.85, -1.1, y) - x,
                self.off_lips(points),
                -0.58 - y,
                y + 1.12,
                z + 0.02,
            ]
        )
        return np.maximum(self.moustache(points), chin)

    def beard(self, points: Array) -> Array:
        """Depth inside the jaw's region, from ear to ear and down to under the jaw.

        Its upper border is a line from the sideburn to the corner of the mouth.
        """
        x, y, z = points.T
        cheek = np.interp(z, [-0.56, -0.45, -0.25, 0.0, 0.25], [0.1, -0.16, -0.42, -0.55, -0.6])
        neck = np.interp(z, [-0.6, -0.3, 0.0, 0.2], [-0.72, -0.98, -1.14, -1.3])
        waves = 0.015 * np.sin(17 * z + 9 * np.abs(x)) + 0.01 * np.sin(31 * x)
        cheeks = np.minimum.reduce(
            [cheek - y + waves, y - neck + waves, self.off_lips(points), z + 0.56]
        )
        return np.maximum(cheeks, self.moustache(points))


STYLES: dict[str, tuple[Callable[[Regions, Array], Array], float, float, float]] = {
    "moustache": (Regions.moustache, 0.05, 0.16, 0.8),
    "goatee": (Regions.goatee, 0.045, 0.2, 0.8),
    "short_beard": (Regions.beard, 0.035, 0.1, 0.82),
    "full_beard": (Regions.beard, 0.09, 0.34, 0.78),
}
"""Region, height of the cap at the chin, length of its locks there and shade of the cap, by name.

A region is a depth in decimetres, positive inside.
"""


def facial_hair(
    name: str, surface: Surface, skin: Skin, level: int, seed: int
) -> tuple[Mesh, NDArray[np.bool_]]:
    """The mesh of a style, and the head's triangles under it."""
    grows, thick, long, shade = STYLES[name]
    regions = Regions(surface)

    def region(points: Array) -> Array:
        return grows(regions, points)

    detail = DETAIL[level]

    def height(points: Array) -> Array:
        return 0.02 + (thick - 0.02) * (0.5 + 0.5 * smooth(-0.55, -0.9, points[:, 1]))

    cap = Cap(region, height, shade, 0.1, 0.007, 0.07, 0.01)
    body, hidden = cap_of(skin, cap, 1, np.random.default_rng([seed, level]))
    rng = np.random.default_rng(seed)
    points = surface.points[(region(surface.points) > 0.004) & (surface.points[:, 2] > -0.5)]
    points = points[rng.permutation(len(points))[:3000]]
    count = min(320 if grows is Regions.beard else 140, len(points))
    roots = points[spread(points, np.ones(len(points)), count, rng)]
    low = smooth(-0.6, -1.0, roots[:, 1])
    lip = regions.moustache(roots) > 0

    def flow(at: Array, _: Array, reach: Array) -> Array:
        side = np.stack(
            [np.sign(roots[:, 0]) * (0.4 + 3 * np.abs(roots[:, 0])), -0.55 - reach, 0 * reach], -1
        )
        return unit(
            np.where(lip[:, None], side, -UP + [0, 0, 0.1]) + 0.25 * rng.normal(size=roots.shape)
        )

    layer = rng.uniform(0.5, 1.1, count)
    length = np.where(lip, 0.13, 0.08 + (long - 0.08) * low) * rng.uniform(0.7, 1.2, count)
    growth = Growth(
        flow,
        lambda s, _: (
            0.012 + (0.02 + thick * (0.4 + 0.6 * low)) * layer * np.sin(np.clip(3 * s, 0.1, 1.6))
        ),
        length,
        np.where(lip, -0.56, -9.0),
        0.4,
    )
    locks = grow(
        surface,
        roots,
        growth,
        np.full(count, 0.05),
        0.55 + 0.4 * layer + rng.normal(0, 0.08, count),
    )
    share = {32: 0.15, 64: 0.3, 128: 0.6, 256: 1.0}[level]
    strips = ribbons(
        locks.first(round(count * share)).raised(0.6 * detail.lift),
        max(2, detail.segments - 2),
        detail.widen,
        rng,
        0.1,
    )
    return join([body, strips]), hidden
