"""Hair, facial hair, brows and glasses: meshes that follow the head, from the package's assets.

A vertex of a part follows three vertices of the head of the same level, so it fits every shape of
head and every expression. The parts are made for one state of the head's asset
(tools/build_parts.py); loading them with another head is an error.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.head import LEVELS, Head, load_head

HAIR = (
    "bald",
    "buzz",
    "short",
    "side_part",
    "quiff",
    "curly",
    "afro",
    "bob",
    "bob_fringe",
    "long_straight",
    "long_wavy",
    "ponytail",
    "bun",
    "braids",
    "receding",
    "undercut",
    "horseshoe",
)
FACIAL_HAIR = ("none", "stubble", "moustache", "goatee", "short_beard", "full_beard")
"""Options without a mesh: stubble is paint on the skin."""
BROWS = ("thin", "arched", "straight", "bushy")
GLASSES = ("none", "round", "rectangular", "thick", "half_rim", "sunglasses")

SLOTS: Mapping[str, tuple[str, ...]] = {
    "hair": HAIR,
    "facial_hair": FACIAL_HAIR,
    "brows": BROWS,
    "glasses": GLASSES,
}
MESHLESS = frozenset({"bald", "none", "stubble"})
GLOSS = {"hair": 0.35, "facial_hair": 0.2, "brows": 0.1, "glasses": 0.9}
SHADE = (0.5, 1.3)
"""Range of a part's shade, which is stored in 8 bits."""


@dataclass(frozen=True)
class Part:
    """A mesh of V vertices and F triangles on a head of a level.

    vertex = sum over k of weights[k] * head[anchors[k]] + offset.

    Args:
        anchors: int32 [V, 3], vertices of the head.
        weights: float32 [V, 3].
        offset: float32 [V, 3] in decimetres, in the head's space before it turns.
        faces: int32 [F, 3], counter-clockwise seen from outside.
        shade: float32 [V], multiplies the slot's colour, 0.5..1.3.
        tint: uint8 [V], 0 the slot's colour, 1 skin, 2 dark lens, 3 light metal.
        rigid: float32 [V], share of the head's rotation, as in `Head`.
        hides: bool [faces of the head], those never visible under the part.
        gloss: 0..1, strength of the highlight.
    """

    anchors: NDArray[np.int32]
    weights: NDArray[np.float32]
    offset: NDArray[np.float32]
    faces: NDArray[np.int32]
    shade: NDArray[np.float32]
    tint: NDArray[np.uint8]
    rigid: NDArray[np.float32]
    hides: NDArray[np.bool_]
    gloss: float


@dataclass(frozen=True)
class Parts:
    """The parts of a level, in the order of HAIR, FACIAL_HAIR, BROWS and GLASSES.

    None stands for no mesh.
    """

    hair: tuple[Part | None, ...]
    facial_hair: tuple[Part | None, ...]
    brows: tuple[Part | None, ...]
    glasses: tuple[Part | None, ...]


class OtherHead(RuntimeError):
    """The parts in the package were made for another state of the head."""


def head_digest(head: Head) -> str:
    """SHA-256 (hex) of what binds parts to a head: its neutral vertices and its faces."""
    digest = hashlib.sha256()
    for array in (head.vertices, head.faces):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@cache
def load_parts(level: int) -> Parts:
    """The parts at a level of detail: always the same object, with read-only arrays.

    Raises:
        ValueError: there is no such level.
        OtherHead: the parts were bound to another head than this package's.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}")
    head = load_head(level)
    path = resources.files("pe_pyrender_faces").joinpath(f"assets/parts_{level}.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        return unpack(held, head)


def unpack(held: Mapping[str, Any], head: Head) -> Parts:
    """Restore parts from the arrays made by `pack`.

    Raises:
        OtherHead: they were made for another head.
    """
    made_for, digest = str(held["head"]), head_digest(head)
    if made_for != digest:
        raise OtherHead(
            f"the parts were bound to head {made_for[:12]}, but this head is {digest[:12]}; "
            "run tools/build_parts.py again"
        )
    stream = {
        name: held[name]
        for name in ("anchors", "weights", "offset", "shade", "tint", "rigid", "faces", "hides")
    }
    cuts = {name: np.cumsum(held[name]) for name in ("vertex_counts", "face_counts")}
    slots: dict[str, tuple[Part | None, ...]] = {}
    i = 0
    for slot, names in SLOTS.items():
        parts: list[Part | None] = []
        for name in names:
            if name in MESHLESS:
                parts.append(None)
                continue
            v, f = (slice(c[i - 1] if i else 0, c[i]) for c in cuts.values())
            parts.append(_part(stream, v, f, i, len(head.faces), GLOSS[slot]))
            i += 1
        slots[slot] = tuple(parts)
    return Parts(**slots)


def _part(
    stream: Mapping[str, NDArray[Any]], v: slice, f: slice, i: int, head_faces: int, gloss: float
) -> Part:
    low, high = SHADE
    arrays = {
        "anchors": stream["anchors"][v].astype(np.int32),
        "weights": stream["weights"][v].astype(np.float32),
        "offset": stream["offset"][v].astype(np.float32),
        "faces": stream["faces"][f].astype(np.int32),
        "shade": (low + (high - low) / 255 * stream["shade"][v]).astype(np.float32),
        "tint": stream["tint"][v].copy(),
        "rigid": (stream["rigid"][v] / 255).astype(np.float32),
        "hides": np.unpackbits(stream["hides"][i], count=head_faces).astype(np.bool_),
    }
    for array in arrays.values():
        array.flags.writeable = False
    return Part(gloss=gloss, **arrays)


def pack(parts: Parts, head: Head) -> dict[str, NDArray[Any]]:
    """Pack parts into compact arrays for a file.

    Weights and offsets are half floats, shades bytes, indices 16 bits.
    """
    some = list(meshes(parts))
    low, high = SHADE
    return {
        "head": np.array(head_digest(head)),
        "vertex_counts": np.array([len(p.anchors) for p in some]),
        "face_counts": np.array([len(p.faces) for p in some]),
        "anchors": np.concatenate([p.anchors for p in some]).astype(np.uint16),
        "weights": np.concatenate([p.weights for p in some]).astype(np.float16),
        "offset": np.concatenate([p.offset for p in some]).astype(np.float16),
        "faces": np.concatenate([p.faces for p in some]).astype(np.uint16),
        "shade": np.rint(
            (np.concatenate([p.shade for p in some]) - low) * 255 / (high - low)
        ).astype(np.uint8),
        "tint": np.concatenate([p.tint for p in some]),
        "rigid": np.rint(np.concatenate([p.rigid for p in some]) * 255).astype(np.uint8),
        "hides": np.stack([np.packbits(p.hides) for p in some]),
    }


def meshes(parts: Parts) -> Iterator[Part]:
    """The existing parts, slot by slot."""
    for slot in SLOTS:
        yield from (part for part in getattr(parts, slot) if part is not None)


def place(part: Part, vertices: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Vertices [V, 3] of a part on a head with these vertices, [head's V, 3]."""
    carried = np.einsum(
        "vk,vki->vi", part.weights.astype(np.float64), vertices[part.anchors].astype(np.float64)
    )
    return np.asarray(carried + part.offset)
