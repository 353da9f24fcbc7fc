"""The head: a neutral mesh, displacements of its shape, materials and masks for paint.

All are loaded from the package's assets. The vertices of a level are the first ones of the next
finer level, so all levels share one table; only faces and eyeballs belong to a level.
assets/PROVENANCE.md states where the shapes come from.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = (32, 64, 128, 256)
"""Picture sizes in pixels that the levels of detail are made for."""


class Material(IntEnum):
    """The material of a vertex. MOUTH is the tongue, the gums and the inside."""

    SKIN = 0
    SCLERA = 1
    IRIS = 2
    PUPIL = 3
    TEETH = 4
    MOUTH = 5
    LASH = 6
    CLOTH = 7


PAINTS = (
    "lips",
    "cheeks",
    "nose",
    "ears",
    "eyelids",
    "undereye",
    "brow",
    "scalp",
    "beard",
    "moustache",
    "neck",
    "freckles",
    "lashline",
    "wrinkles",
)
"""Masks of the skin, in the order of the columns of `Head.masks`."""


@dataclass(frozen=True)
class Head:
    """A head of V vertices, F triangles and B displacements.

    Lengths are in decimetres; x points to the right of a viewer who faces the head, y up, z to the
    viewer. The head turns about the origin.

    Args:
        vertices: float32 [V, 3], the neutral head.
        basis: float32 [B, V, 3], displacements; a head is vertices + sum of coefficient times
            displacement.
        basis_names: B names.
        faces: int32 [F, 3], counter-clockwise seen from outside.
        material: uint8 [V] of `Material`.
        masks: float32 [V, len(PAINTS)], 0..1.
        occlusion: float32 [V], visible share of the sky, 0..1.
        rigid: float32 [V], share of the head's rotation: 1 on the head, 0 on the bust.
        eye: int8 [V], 0 none, 1 of the eyeball at x < 0, 2 of the eyeball at x > 0.
        eye_centre: float32 [2, 3], centres of the eyeballs.
        eye_centre_basis: float32 [B, 2, 3], displacements of the centres.
    """

    vertices: NDArray[np.float32]
    basis: NDArray[np.float32]
    basis_names: tuple[str, ...]
    faces: NDArray[np.int32]
    material: NDArray[np.uint8]
    masks: NDArray[np.float32]
    occlusion: NDArray[np.float32]
    rigid: NDArray[np.float32]
    eye: NDArray[np.int8]
    eye_centre: NDArray[np.float32]
    eye_centre_basis: NDArray[np.float32]


@cache
def load_head(level: int) -> Head:
    """The head at a level of detail: always the same object, with read-only arrays.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}")
    asset = resources.files("pe_pyrender_faces") / "assets" / "head.npz"
    with asset.open("rb") as file, np.load(file, allow_pickle=False) as held:
        return _level(held, level)


def _level(held: Any, level: int) -> Head:
    """Assemble the level: vertices of the skin, then of both eyeballs.

    Displacements are stored as int16, with a scale for each row.
    """
    faces = held[f"faces_{level}"].astype(np.int32)
    count = int(faces.max()) + 1
    ball, ball_faces = held[f"eye_directions_{level}"], held[f"eye_faces_{level}"].astype(np.int32)
    size = len(ball)
    # [1 + B, 2, 3]: of the neutral head, then displacements
    centre, axes = (
        held["eye_centre"],
        held["eye_axes"],
    )
    eyes = (centre[:, :, None] + axes[:, :, None] * ball).reshape(len(centre), 2 * size, 3)
    basis = held["basis"][:, :count].astype(np.float32) * held["basis_scale"][:, None, None]
    masks, occlusion, rigid = (
        held[name][:count].astype(np.float32) / 255 for name in ("masks", "occlusion", "rigid")
    )
    arrays = {
        "vertices": np.concatenate([held["vertices"][:count], eyes[0]]),
        "basis": np.concatenate([basis, eyes[1:]], axis=1),
        "faces": np.concatenate([faces, ball_faces + count, ball_faces + count + size]),
        "material": np.concatenate(
            [held["material"][:count], np.tile(held[f"eye_material_{level}"], 2)]
        ),
        "masks": np.concatenate([masks, np.zeros((2 * size, masks.shape[1]), np.float32)]),
        "occlusion": np.concatenate([occlusion, np.tile(held[f"eye_occlusion_{level}"], 2)]),
        "rigid": np.concatenate([rigid, np.ones(2 * size, np.float32)]),
        "eye": np.repeat(np.array([0, 1, 2], np.int8), [count, size, size]),
        "eye_centre": centre[0],
        "eye_centre_basis": centre[1:],
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return Head(basis_names=tuple(held["basis_names"].tolist()), **arrays)
