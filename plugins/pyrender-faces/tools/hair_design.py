"""Elements of a hair style: hairlines, designs, and the barber who plants and combs locks.

Lengths are decimetres in the eye frame (see hair_scalp).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from hair_locks import Flow, Growth, Locks, grow
from hair_mesh import Mesh
from hair_scalp import Array, Hairline, Surface, angles, spread, streaks, unit

ROOTS = 460
CROWN = np.array([0.08, 0.98, -1.2])
RIGHT, UP, FORWARD = np.eye(3)

USUAL = Hairline(
    (0, 14, 32, 46, 58, 66, 73, 79, 84, 104, 112, 126, 180),
    (29, 30, 33, 27, 12, -8, -24, -20, -6, -5, -30, -46, -52),
)
LOW = Hairline(
    (0, 20, 40, 55, 64, 74, 84, 104, 112, 126, 180),
    (26, 27, 25, 10, -8, -18, -5, -5, -34, -50, -58),
)
PEAKED = Hairline(
    (0, 8, 30, 44, 57, 65, 73, 79, 84, 104, 112, 126, 180),
    (26, 30, 39, 33, 12, -12, -26, -20, -6, -5, -30, -46, -52),
)
RECEDED = Hairline(
    (0, 12, 27, 40, 52, 62, 69, 74, 79, 84, 104, 112, 126, 180),
    (36, 39, 58, 58, 34, 8, -14, -24, -20, -6, -5, -30, -46, -52),
    3.0,
)
ABOVE_EARS = Hairline(
    (0, 14, 32, 46, 57, 65, 71, 78, 104, 113, 126, 180),
    (27, 28, 30, 26, 14, -4, -10, 1, 2, -22, -44, -52),
)
HORSESHOE = Hairline(
    (0, 40, 54, 62, 69, 74, 79, 84, 104, 112, 126, 180),
    (95, 88, 34, 10, -12, -24, -20, -6, -5, -30, -46, -52),
    4.0,
)


@dataclass(frozen=True)
class Design:
    """A style before it is cut into triangles.

    Args:
        hairline: where the cap, the hair nearest to the skin, ends.
        cap: height of the cap above the skin.
        cap_shade: shade of the cap, varied by `cap_noise`.
        locks: locks in an order whose every prefix covers the head.
        bulk: round volume of curls, as height above the skin by root, or None.
        solids: from a level to further meshes (buns, braids).
        covers: whether ears lie under the hair.
        finer: fewer locks of more segments.
    """

    hairline: Hairline
    cap: Callable[[Array], Array] | float
    cap_shade: float = 0.68
    cap_noise: float = 0.08
    locks: Locks | None = None
    tip: float = 0.2
    bulk: Callable[[Array, Array], Array] | None = None
    bump: float = 0.3
    finer: float = 1.0
    soft: float = 1.5
    lining: bool = False
    solids: Callable[[int], list[Mesh]] = field(default=lambda level: [])
    covers: bool = False
    bare: Callable[[Array], Array] | None = None


@dataclass(frozen=True)
class Barber:
    """The skin and the random numbers that a style is cut with."""

    surface: Surface
    rng: np.random.Generator

    def roots(
        self,
        hairline: Hairline,
        margin: float = 0.6,
        front: float = 0.75,
        where: Callable[[Array], Array] | None = None,
        count: int = ROOTS,
    ) -> Array:
        """Draw roots [count, 3] at least `margin` degrees inside the hairline.

        They are denser by `front` near the hairline.
        """
        points = self.surface.points
        depth = hairline.inside(points)
        azimuth, _ = angles(points)
        keep = (depth > margin) & (points[:, 1] > -0.75) & (self.surface.ear < 0.3)
        if where is not None:
            keep &= where(points)
        some = self.rng.permutation(np.flatnonzero(keep))[:6000]
        spacing = (
            1.0
            - (1 - front) * np.exp(-depth[some] / 8)
            + 0.5 * np.clip((azimuth[some] - 110) / 70, 0, 1)
        )
        return points[some][spread(points[some], spacing, count, self.rng)]

    def layer(self, count: int, low: float = 0.55) -> Array:
        """Position of each lock between the lowest and the highest layer, [count]."""
        return self.rng.uniform(low, 1.08, count)

    def shade(self, layer: Array, roots: Array) -> Array:
        """Shades of locks: lighter above and on the crown, and varied from lock to lock."""
        return (
            0.5
            + 0.42 * layer
            + 0.1 * np.clip(roots[:, 1], 0, 1)
            + self.rng.normal(0, 0.09, len(layer))
        )

    def sway(self, count: int, degrees: float) -> Array:
        return self.rng.normal(0, np.radians(degrees), count)


def turned(direction: Array, points: Array, angle: Array) -> Array:
    """Turn directions [n, 3] by an angle [n] about the outward normal of the head."""
    out = unit(points - [0, 0.2, -0.7])
    return direction * np.cos(angle)[:, None] + np.cross(out, direction) * np.sin(angle)[:, None]


def smooth(low: float, high: float, x: Array) -> Array:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def from_crown(points: Array) -> Array:
    """The flow away from the whorl: forward on top, down at the sides and behind."""
    away = unit(points - CROWN)
    return unit(away + np.array([0, -0.5, 0]) * (points[:, 1:2] < 0.7))


def combed(
    barber: Barber,
    hairline: Hairline,
    flow: Flow,
    length: Array | float,
    volume: Callable[[Array, Array], Array],
    roots: Array,
    end: float = -9.0,
    cling: float = 1.0,
    sway: float = 7,
    width: float = 0.11,
    keep_out: Callable[[Array], Array] | None = None,
) -> Locks:
    """Grow locks along a flow at a height of `volume(s, roots)`, in layers."""
    layer, angle = barber.layer(len(roots)), barber.sway(len(roots), sway)
    ends = end + np.abs(barber.rng.normal(0, 0.06, len(roots)))
    growth = Growth(
        lambda points, at, reach: turned(unit(flow(points, at, reach)), points, angle),
        lambda s, at: 0.018 + volume(s, at) * layer,
        np.broadcast_to(length, len(roots)) * (1 + 0.1 * barber.rng.normal(size=len(roots))),
        ends,
        cling,
        keep_out,
    )
    locks = grow(
        barber.surface, roots, growth, np.full(len(roots), width), barber.shade(layer, roots)
    )
    return replace(locks, shade=locks.shade + 0.2 * streaks(locks.curves[:, 10]))
