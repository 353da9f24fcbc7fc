"""Head and parts of one level of detail as flat arrays for the compiled stages."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.head import Head, Material, load_head
from pe_pyrender_faces.parts import Part, Parts, load_parts
from pe_pyrender_faces.project import FRONT
from pe_pyrender_faces.sides import seen_sides

SLOTS = 4
"""Number of part slots, in the order of `Batch.parts`: hair, brows, facial hair, glasses."""

Array = NDArray[Any]


class Model(NamedTuple):
    """A head with V vertices and F triangles, and P parts with K vertices and G triangles in total.

    Part k owns vertices `part_vertices[k]` to `part_vertices[k + 1]` and triangles
    `part_faces[k]` to `part_faces[k + 1]`. The triangles of the head come first in `faces`; the
    corners of a part count from its first vertex.
    """

    vertices: Array  # float32 [V, 3]
    basis: Array  # float32 [B, V, 3]
    faces: Array  # int32 [F + G, 3]
    material: Array  # uint8 [V]
    masks: Array  # float32 [V, M], 0 off the skin
    occlusion: Array  # float32 [V]
    rigid: Array  # float32 [V]
    eye: Array  # int8 [V]
    eye_centre: Array  # float32 [2, 3]
    eye_centre_basis: Array  # float32 [B, 2, 3]
    part: Array  # int32 [SLOTS, most options]: which part, -1 for none
    part_vertices: Array  # int32 [P + 1]
    part_faces: Array  # int32 [P + 1], rows of `faces`
    hides: Array  # uint8 [P, F]
    sides: Array  # uint8 [F + G], of `sides`: the visible sides of a triangle
    gloss: Array  # float32 [P]
    anchors: Array  # int32 [K, 3]
    weights: Array  # float32 [K, 3]
    offset: Array  # float32 [K, 3]
    shade: Array  # float32 [K]
    tint: Array  # uint8 [K]
    part_rigid: Array  # float32 [K]

    @property
    def most_vertices(self) -> int:
        """Vertices of a head with the largest part in every slot."""
        return len(self.vertices) + self._most(self.part_vertices)

    @property
    def most_faces(self) -> int:
        return int(self.part_faces[0]) + self._most(self.part_faces)

    def _most(self, starts: Array) -> int:
        sizes = np.append(np.diff(starts), 0)  # part -1 is the empty one
        return int(sizes[self.part].max(axis=1).sum())


def pack(head: Head, parts: Parts) -> Model:
    """Pack a head and its parts into C-contiguous arrays, shared with the caller's if possible."""
    slots: tuple[tuple[Part | None, ...], ...] = (
        parts.hair,
        parts.brows,
        parts.facial_hair,
        parts.glasses,
    )
    there = [part for slot in slots for part in slot if part is not None]
    part = np.full((SLOTS, max(map(len, slots))), -1, np.int32)
    count = 0
    for row, slot in enumerate(slots):
        for column, option in enumerate(slot):
            if option is not None:
                part[row, column] = count
                count += 1
    skin = (head.material == Material.SKIN).astype(np.float32)
    model = Model(
        vertices=head.vertices,
        basis=head.basis,
        faces=np.concatenate([head.faces, *(p.faces for p in there)]),
        material=head.material,
        masks=head.masks * skin[:, None],
        occlusion=head.occlusion,
        rigid=head.rigid,
        eye=head.eye,
        eye_centre=head.eye_centre,
        eye_centre_basis=head.eye_centre_basis,
        part=part,
        part_vertices=np.cumsum([0, *(len(p.anchors) for p in there)]).astype(np.int32),
        part_faces=np.cumsum([len(head.faces), *(len(p.faces) for p in there)]).astype(np.int32),
        hides=np.array([p.hides for p in there], np.uint8),
        sides=np.concatenate(
            [np.full(len(head.faces), FRONT, np.uint8), *(_sides(head, p) for p in there)]
        ),
        gloss=np.array([p.gloss for p in there], np.float32),
        anchors=np.concatenate([p.anchors for p in there]),
        weights=np.concatenate([p.weights for p in there]),
        offset=np.concatenate([p.offset for p in there]),
        shade=np.concatenate([p.shade for p in there]),
        tint=np.concatenate([p.tint for p in there]),
        part_rigid=np.concatenate([p.rigid for p in there]),
    )
    return Model(*(np.ascontiguousarray(array) for array in model))


def _sides(head: Head, part: Part) -> Array:
    placed = (head.vertices[part.anchors] * part.weights[..., None]).sum(axis=1) + part.offset
    vertices = np.concatenate([head.vertices, placed]).astype(np.float32)
    return seen_sides(vertices, head.faces[~part.hides], part.faces + len(head.vertices))


@cache
def load_model(level: int) -> Model:
    """The packed head and parts of a level, one of `head.LEVELS`."""
    return pack(load_head(level), load_parts(level))
