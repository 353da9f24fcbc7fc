"""Micropolygons of numerical faces: small triangles, each of one colour and depth.

Cook, Carpenter and Catmull, The Reyes Image Rendering Architecture, 1987.
"""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.dice import dice
from pe_pyrender_faces.head import LEVELS
from pe_pyrender_faces.light import light
from pe_pyrender_faces.model import SLOTS, Model, load_model
from pe_pyrender_faces.project import project
from pe_pyrender_faces.shape import shape

Floats = NDArray[np.float32]

CHUNK_BYTES = 1 << 23
"""Approximate bytes of the arrays of a chunk of faces: small enough for a shared cache."""
MOST_TRIANGLES = 65534
"""Most micropolygons of a face: a sample has 16 bits for their number, and one value means none."""
ROOM = 9.0
"""Room for micropolygons besides the mesh's own triangles.

It is counted in areas of the picture that triangles of the largest size can cover.
"""


@dataclass(frozen=True)
class Batch:
    """n faces as C-contiguous arrays. Colours are linear albedo unless stated otherwise.

    Args:
        coefficients: float32 [n, B], of `Head.basis`.
        parts: int32 [n, 4], options of hair, brows, facial hair and glasses.
        pose: float32 [n, 3], radians: yaw to the viewer's right, pitch up, roll clockwise as seen.
        gaze: float32 [n, 2], radians of the eyes relative to the head, right and up.
        camera: float32 [n, 4]: height of a head (`project.HEAD_HEIGHT`) relative to that of the
            picture, at the origin's depth; shift right and up relative to the picture's width and
            height; distance of the camera from the origin in decimetres.
        materials: float32 [n, 8, 3], of `head.Material`.
        paint: float32 [n, M, 3], colours painted over the skin in the order of `head.PAINTS`.
        opacity: float32 [n, M], opacity of the paint.
        parts_colour: float32 [n, 4, 3], in the order of `parts`.
        key: float32 [n, 6]: unit direction to the key light in the camera's axes, RGB intensity.
        ambient: float32 [n, 9, 3], irradiance as real spherical harmonics of degree 0 to 2. A
            white matt surface under irradiance 1 shows as 1.
        specular: float32 [n], shine of the skin, 0..1.
        background: float32 [n, 4, 3], sRGB-encoded 0..1: top left, top right, bottom left,
            bottom right.
    """

    coefficients: Floats
    parts: NDArray[np.int32]
    pose: Floats
    gaze: Floats
    camera: Floats
    materials: Floats
    paint: Floats
    opacity: Floats
    parts_colour: Floats
    key: Floats
    ambient: Floats
    specular: Floats
    background: Floats

    def __len__(self) -> int:
        return len(self.coefficients)

    def __getitem__(self, rows: Any) -> "Batch":
        """Select faces by a slice or an index array."""
        return Batch(
            *(np.ascontiguousarray(getattr(self, field.name)[rows]) for field in fields(self))
        )


class Micropolygons(NamedTuple):
    """Triangles of n faces in drawing order; see `dice.dice`."""

    corners: NDArray[np.int32]  # [n, T, 6]
    depths: NDArray[np.int32]  # [n, T]
    rgb: NDArray[np.uint8]  # [n, T, 3]
    counts: NDArray[np.int32]  # [n]


class Baker:
    """Bakes faces for pictures of one size, `chunk` at a time.

    The arrays are kept: the next chunk overwrites them.
    """

    def __init__(self, height: int, width: int, model: Model | None = None) -> None:
        self.height, self.width = height, width
        self.model = load_model(level_for(height, width)) if model is None else model
        self._large = large_for(height, width)
        N, F = self.model.most_vertices, self.model.most_faces
        if F > MOST_TRIANGLES:
            raise ValueError(f"{F} triangles do not fit into the 16 bits of a triangle's number")
        T = self.most_triangles = min(F + int(ROOM * height * width / self._large), MOST_TRIANGLES)
        n = self.chunk = max(1, CHUNK_BYTES // (N * 49 + F * 13 + T * 31))
        self._positions, self._normals, self._colours = (
            np.empty((n, N, 3), np.float32) for _ in range(3)
        )
        self._segments = np.empty((n, 1 + SLOTS, 4), np.int32)
        self._screen, self._needed = np.empty((n, N, 3), np.int32), np.empty((n, N), np.uint8)
        self._visible, self._back = np.empty((n, F, 3), np.int32), np.empty((n, F), np.uint8)
        self._counts = np.empty(n, np.int32)
        self._out = Micropolygons(
            np.empty((n, T, 6), np.int32),
            np.empty((n, T), np.int32),
            np.empty((n, T, 3), np.uint8),
            np.empty(n, np.int32),
        )

    def bake(self, batch: Batch) -> Micropolygons:
        """Micropolygons of at most `chunk` faces; valid until the next call."""
        b, model = batch, self.model
        positions, normals, segments = self._positions, self._normals, self._segments
        screen, visible, back, needed, counts = (
            self._screen,
            self._visible,
            self._back,
            self._needed,
            self._counts,
        )
        n, out = len(b), self._out
        shape(model, b.coefficients, b.parts, b.pose, b.gaze, positions, normals, segments)
        project(
            model,
            b.camera,
            positions,
            segments,
            self.height,
            self.width,
            screen,
            visible,
            back,
            needed,
            counts,
        )
        light(
            model, b.materials, b.paint, b.opacity, b.parts_colour, b.key, b.ambient, b.specular,
            positions, normals, segments, needed, self._colours,
        )  # fmt: skip
        dice(
            screen[:n],
            visible,
            back,
            counts,
            self._colours,
            self._large,
            out.corners,
            out.depths,
            out.rgb,
            out.counts,
        )
        return Micropolygons(out.corners[:n], out.depths[:n], out.rgb[:n], out.counts[:n])

    def posed(self, batch: Batch) -> Floats:
        """Vertices of at most `chunk` faces, float32 [n, N, 3] in decimetres: head, then parts."""
        b, n = batch, len(batch)
        shape(
            self.model,
            b.coefficients,
            b.parts,
            b.pose,
            b.gaze,
            self._positions,
            self._normals,
            self._segments,
        )
        return self._positions[:n].copy()


def samples_for(height: int, width: int) -> int:
    """Samples per side of a pixel: 16 per pixel in small pictures, 4 in large ones."""
    return 4 if min(height, width) <= 64 else 2


def large_for(height: int, width: int) -> float:
    """Area in pixels from which a triangle is cut.

    What shows as a facet in a large picture does not in a small one.
    """
    return 9.0 if min(height, width) <= 64 else 6.0


def level_for(height: int, width: int) -> int:
    """The level of detail for a picture: the first one made for its smaller side or more."""
    return next((level for level in LEVELS if level >= min(height, width)), LEVELS[-1])
