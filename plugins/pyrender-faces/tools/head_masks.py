"""Masks for paint, materials, and how much a vertex follows the head's rotation.

All are functions of the position in MakeHuman's base mesh. `p` are positions [V, 3] in it in
decimetres: eyes at (±0.31, 7.28), tip of the nose at y 6.97, lips meet at y 6.61, chin at y 6.2.
The shape morphs carry the masks along. Lips, eyelids and ears come from the source's mask images.
"""

import numpy as np
from head_repair import inside_mouth
from head_source import Floats, Ints, Source
from head_surface import TEETH, Mesh, lookup, smoothstep
from numpy.typing import NDArray

from pe_pyrender_faces.head import PAINTS, Material

COLLAR = (5.74, 0.20, 0.92)
"""Height, slope and radius of the collar.

Clothes begin where y + slope * z is below the height, or beyond the radius from the neck's axis,
since shoulders are high.
"""
AXIS = 0.15
"""z of the neck's axis."""
NECK = (5.70, 6.35, 0.3)
"""The head's rotation fades from the second to the first value of y + slope * z."""


def bump(p: Floats, centre: tuple[float, float, float], size: tuple[float, float, float]) -> Floats:
    """A Gaussian around a point on both sides of the face; `size`: standard deviations."""
    q = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1)
    return np.exp(-0.5 * np.sum(((q - centre) / size) ** 2, 1))


def stroke(p: Floats, line: tuple[tuple[float, float], ...], width: float) -> Floats:
    """A soft stroke along a line of (|x|, y), seen from the front; `width`: standard deviation."""
    at = np.stack([np.abs(p[:, 0]), p[:, 1]], 1)
    near = np.full(len(p), np.inf)
    for a, b in zip(np.array(line), np.array(line)[1:], strict=False):
        along = np.clip(np.sum((at - a) * (b - a), 1) / np.sum((b - a) ** 2), 0, 1)
        near = np.minimum(near, np.linalg.norm(at - a - along[:, None] * (b - a), axis=1))
    return np.exp(-0.5 * (near / width) ** 2) * smoothstep(0.2, 0.6, p[:, 2])


def _noise(p: Floats) -> Floats:
    """Noise [V] in 0..1 without a pattern: the same at the same position."""
    return np.modf(np.abs(np.sin(p @ np.array([127.1, 311.7, 74.7])) * 43758.5453))[0]


def _beard(p: Floats) -> tuple[Floats, Floats]:
    x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
    upper = np.interp(
        x, [0, 0.25, 0.35, 0.5, 0.62, 0.72, 0.9], [6.5, 6.52, 6.72, 6.78, 6.92, 7.12, 7.25]
    )
    lower = 6.2 + 0.22 * (1.2 - np.clip(z, -0.2, 1.2))
    front = smoothstep(0.1, 0.4, z)
    beard = (
        smoothstep(upper + 0.06, upper - 0.07, y) * smoothstep(lower - 0.3, lower + 0.05, y) * front
    )
    lip = np.interp(x, [0, 0.1, 0.25, 0.36], [6.70, 6.70, 6.60, 6.5])
    top = np.interp(x, [0, 0.12, 0.22, 0.34], [6.84, 6.82, 6.75, 6.62])
    moustache = (
        smoothstep(lip - 0.05, lip + 0.02, y)
        * smoothstep(top + 0.03, top - 0.04, y)
        * smoothstep(0.36, 0.28, x)
    )
    return beard, moustache * smoothstep(1.1, 1.3, z)


def _scalp(p: Floats) -> Floats:
    """The mask of hair, 1 where it grows: above the forehead, round the ears, down to the nape."""
    z = p[:, 2]
    line = np.interp(
        z,
        [-0.5, -0.1, 0.25, 0.5, 0.75, 1.0, 1.2, 1.45],
        [6.55, 6.6, 7.0, 7.3, 7.55, 7.85, 7.98, 7.98],
    )
    return smoothstep(line - 0.05, line + 0.08, p[:, 1])


def _lashline(p: Floats, closing: Floats) -> Floats:
    """The margin of the upper lid.

    Of the vertices at one place between the eye's corners, closing moves these the most.

    Args:
        closing: [V, 3], displacement that closes the eyes.
    """
    x, down = np.abs(p[:, 0]), -closing[:, 1]
    grid = np.arange(0.14, 0.54, 0.02)
    most = np.array([down[np.abs(x - g) < 0.025].max() for g in grid])
    here = np.interp(x, grid, most, left=0, right=0)
    share = np.divide(down, here, out=np.zeros_like(down), where=here > 0.03)
    return smoothstep(0.64, 0.86, share) * (p[:, 2] > 0.8)


def masks(source: Source, mesh: Mesh, closing: Floats) -> Floats:
    """All masks, [V, len(PAINTS)] in 0..1; `closing` [V, 3] is the displacement of closed eyes."""
    p, texture = mesh.points(source.vertices), mesh.points(source.texture)
    y, z = p[:, 1], p[:, 2]
    lips = lookup(source.picture("mpfb_lips.jpg"), texture)
    ears = lookup(source.picture("mpfb_ears.jpg"), texture)
    lids = lookup(source.picture("mpfb_eyelids.jpg"), texture)
    beard, moustache = _beard(p)
    freckle = np.maximum(
        bump(p, (0.0, 7.08, 1.6), (0.14, 0.12, 0.3)), bump(p, (0.38, 7.02, 1.35), (0.17, 0.1, 0.3))
    )
    forehead = sum(
        stroke(p, ((0.0, h), (0.3, h + 0.02), (0.48, h - 0.06)), 0.016) for h in (7.66, 7.77, 7.88)
    )
    crow = sum(
        stroke(p, ((0.54, 7.28 + a), (0.66, 7.28 + 3 * a)), 0.014) for a in (-0.02, 0.01, 0.035)
    )
    folds = stroke(p, ((0.19, 6.92), (0.27, 6.79), (0.33, 6.62), (0.34, 6.5)), 0.024)
    found = {
        "lips": lips,
        "cheeks": bump(p, (0.42, 6.95, 1.25), (0.15, 0.13, 0.3)),
        "nose": bump(p, (0.0, 6.93, 1.68), (0.12, 0.1, 0.2)),
        "ears": ears,
        "eyelids": lids,
        "undereye": stroke(p, ((0.19, 7.2), (0.27, 7.15), (0.38, 7.15), (0.46, 7.18)), 0.035)
        * (y < 7.23),
        "brow": stroke(p, ((0.13, 7.45), (0.25, 7.49), (0.4, 7.51), (0.54, 7.45)), 0.032),
        "scalp": _scalp(p) * (1 - ears),
        "beard": beard * (1 - lips) * (1 - ears),
        "moustache": moustache * (1 - lips),
        "neck": smoothstep(6.3, 6.1, y + 0.3 * (z - 0.6)),
        "freckles": freckle * smoothstep(0.55, 0.8, _noise(np.round(p, 3))),
        "lashline": _lashline(p, closing),
        "wrinkles": np.clip(0.8 * forehead + 0.8 * crow + folds, 0, 1),
    }
    return np.clip(np.stack([found[name] for name in PAINTS], 1), 0, 1)


def collar(source: Source, mesh: Mesh) -> Floats:
    """Distance [V], negative where clothes are; teeth and mouth are far from them."""
    p = mesh.points(source.vertices)
    height, slope, reach = COLLAR
    beside = np.where(p[:, 1] < 6.0, reach - np.hypot(p[:, 0], p[:, 2] - AXIS), np.inf)
    return np.minimum(p[:, 1] + slope * p[:, 2] - height, beside)


def rigid(source: Source, mesh: Mesh) -> Floats:
    """Share of the head's rotation, [V]."""
    p = mesh.points(source.vertices)
    low, high, slope = NECK
    return smoothstep(low, high, p[:, 1] + slope * p[:, 2])


def materials(source: Source, mesh: Mesh) -> NDArray[np.uint8]:
    """`Material` of each vertex, [V], without clothes."""
    place = np.full(mesh.combine.shape[1], int(Material.SKIN), np.uint8)
    place[inside_mouth(source)] = Material.MOUTH
    for group in TEETH:
        place[np.unique(source.quads(group))] = Material.TEETH
    largest: Ints = np.asarray(np.abs(mesh.combine).argmax(axis=1)).ravel()
    return place[largest]
