"""Build the shipped hair, facial hair, brows and glasses on the head that is in the package now.

    python tools/build_parts.py

Writes assets/parts_{32,64,128,256}.npz. All meshes are generated here with numpy and scipy; nothing
comes from elsewhere. Run it again whenever assets/head.npz changes: the parts record the head that
they were bound to.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import hair_long
import hair_short
import numpy as np
from binding import Anchors
from brows import brows
from facial_hair import facial_hair
from glasses import anchored, glasses
from hair_build import Skin, hair, skin_of
from hair_design import Barber, Design, smooth
from hair_mesh import Mesh
from hair_scalp import Array, Surface
from numpy.typing import NDArray

from pe_pyrender_faces.head import LEVELS, PAINTS, Head, Material, load_head
from pe_pyrender_faces.parts import (
    BROWS,
    FACIAL_HAIR,
    GLASSES,
    GLOSS,
    HAIR,
    MESHLESS,
    Part,
    Parts,
    head_digest,
    meshes,
    pack,
)

ASSETS = Path(__file__).parent.parent / "src" / "pe_pyrender_faces" / "assets"
CUTS: dict[str, Callable[[Barber], Design]] = {
    name: getattr(module, name)
    for module in (hair_short, hair_long)
    for name in HAIR
    if hasattr(module, name)
}
STILL = 0.06
"""Largest displacement, in decimetres by any expression, of a triangle that may carry hair."""


def skin_at(level: int) -> tuple[Head, Skin, Array]:
    """The head of a level, its skin in the eye frame, and the eye frame's origin in head space."""
    head = load_head(level)
    origin = head.eye_centre.astype(np.float64).mean(0)
    plain = np.isin(head.material, [Material.SKIN, Material.CLOTH])[head.faces].all(1)
    ear, lips = (head.masks[:, PAINTS.index(name)].astype(np.float64) for name in ("ears", "lips"))
    return (
        head,
        skin_of(head.vertices - origin, head.faces.astype(np.int64), plain, ear, lips),
        origin,
    )


def moved(head: Head) -> Array:
    """The largest displacement of each vertex, [V], by an expression.

    Expressions are the basis vectors after the identities.
    """
    first = max(i for i, name in enumerate(head.basis_names) if name.startswith("identity")) + 1
    return np.asarray(np.linalg.norm(head.basis[first:].astype(np.float64), axis=2).max(0))


def rigid(vertices: Array, hanging: bool) -> Array:
    """Share of the head's rotation: hair over the shoulders turns less than the head."""
    if not hanging:
        return np.ones(len(vertices))
    return np.asarray(1 - 0.6 * smooth(-0.5, -2.0, vertices[:, 1]))


class Binder:
    """Binds the meshes of one level."""

    def __init__(self, level: int) -> None:
        self.head, self.skin, self.origin = skin_at(level)
        faces = self.skin.faces
        still = moved(self.head)[faces].max(1) < STILL
        off_ear = self.skin.ear[faces].max(1) < 0.5
        rng = np.random.default_rng(level)
        self.scalp = Anchors(self.skin.vertices, faces[self.skin.plain & still & off_ear], rng)
        self.face = Anchors(
            self.skin.vertices, faces[self.skin.plain & (self.skin.lips[faces].max(1) < 0.5)], rng
        )

    def part(
        self, made: Mesh, anchors: Anchors, hides: NDArray[np.bool_] | None, slot: str
    ) -> Part:
        index, weights, offset = anchors.bind(made)
        return Part(
            index.astype(np.int32),
            weights.astype(np.float32),
            offset.astype(np.float32),
            made.faces.astype(np.int32),
            made.shade.astype(np.float32),
            made.tint.astype(np.uint8),
            rigid(made.vertices, slot == "hair").astype(np.float32),
            np.zeros(len(self.head.faces), np.bool_) if hides is None else hides,
            GLOSS[slot],
        )


def parts_of(level: int, surface: Surface, designs: dict[str, Design]) -> tuple[Parts, Head]:
    binder = Binder(level)

    def of_hair(name: str, seed: int) -> Part:
        made, hides = hair(designs[name], binder.skin, level, seed)
        return binder.part(made, binder.scalp, hides, "hair")

    def of_beard(name: str, seed: int) -> Part:
        made, hides = facial_hair(name, surface, binder.skin, level, seed)
        return binder.part(made, binder.face, hides, "facial_hair")

    def of_glasses(name: str) -> Part:
        return binder.part(
            anchored(glasses(name, surface, level), binder.skin), binder.face, None, "glasses"
        )

    parts = Parts(
        tuple(None if name in MESHLESS else of_hair(name, i) for i, name in enumerate(HAIR)),
        tuple(
            None if name in MESHLESS else of_beard(name, i) for i, name in enumerate(FACIAL_HAIR)
        ),
        tuple(
            binder.part(brows(name, surface, level, i), binder.face, None, "brows")
            for i, name in enumerate(BROWS)
        ),
        tuple(None if name in MESHLESS else of_glasses(name) for name in GLASSES),
    )
    return parts, binder.head


def surface_of(skin: Skin) -> Surface:
    return Surface(
        skin.vertices, skin.faces[skin.plain], skin.ear, skin.lips, np.random.default_rng(0)
    )


def main() -> None:
    surface = surface_of(skin_at(max(LEVELS))[1])
    designs = {
        name: CUTS[name](Barber(surface, np.random.default_rng(i)))
        for i, name in enumerate(HAIR)
        if name not in MESHLESS
    }
    for level in LEVELS:
        parts, head = parts_of(level, surface, designs)
        path = ASSETS / f"parts_{level}.npz"
        np.savez_compressed(path, **pack(parts, head))
        counts = [len(p.faces) for p in meshes(parts)]
        sys.stdout.write(
            f"{path.name}: {path.stat().st_size} bytes, triangles {counts}, "
            f"head {head_digest(head)[:12]}\n"
        )


if __name__ == "__main__":
    main()
