"""Projection of posed vertices onto an integer grid, and the choice of visible triangles.

Everything after this stage is exact, so the pixels of a head are the same bits at any place in an
atlas. numba compiles the constants below into every function that uses them; a changed constant
takes effect because `pe_sdk.compiled.njit` compiles again when a module of this folder changes.
"""

from typing import TYPE_CHECKING

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32, UInt8
from pe_sdk.compiled import njit

if TYPE_CHECKING:
    from pe_pyrender_faces.model import Model

FRONT, BACK = 1, 2
"""Bits of `Model.sides`."""
UNITS = 512
"""Coordinate steps per pixel of the picture."""
SNAP = 8
"""Vertices are snapped to multiples of this many steps.

Halves and quarters of edges are then multiples of 2. A triangle that is cut in 4 or 16 meets an
uncut neighbour without a gap, even on a grid of 1/256 pixel, which is OpenGL's.
"""
HEAD_HEIGHT = 2.3
"""Height in decimetres of the head that `Batch.camera` counts in."""
EYE_LEVEL = 0.6
"""Height of the optical axis above the origin in decimetres: the middle of the face."""
NEAREST, DEPTHS = 4.0, 8.0
"""Distance of depth 0 in front of the origin, and the range of depths, in decimetres."""
DEPTH_STEPS = 65534
"""Number of depths of micropolygons, from 0."""
FINE = 16
"""Depth steps of a vertex per depth step of a micropolygon."""
EYE_BIAS = -0.02
"""Decimetres by which eyeballs move forwards: they lie behind, so lids that touch them win."""
BIASES = np.array([0.0, 0.0, 0.04, 0.02, 0.03], np.float32)
"""The same for the head, hair, brows, facial hair and glasses: what lies on the skin wins."""
CLOSEST = 0.5
"""Vertices nearer to the camera than this many decimetres are projected as if at this distance."""
MOST = 1 << 22
"""Largest coordinate in steps, of either sign.

It lies far outside every picture, and is exact in float32 at multiples of SNAP.
"""


@njit
def project(
    model: "Model",
    camera: Float32,
    positions: Float32,
    segments: Int32,
    height: int,
    width: int,
    screen: Int32,
    visible: Int32,
    back: UInt8,
    needed: UInt8,
    counts: Int32,
) -> None:
    """Project n heads and list their visible triangles.

    Their order is head, hair, brows, facial hair, glasses.

    Args:
        model: `model.Model`.
        camera: of `bake.Batch`.
        positions, segments: of `shape.shape`.
        height, width: of the picture in pixels.
        screen: int32 [n, N, 3], written: x, y in steps right and down, multiples of SNAP; depth in
            1/FINE steps.
        visible: int32 [n, T, 3], written: vertices of visible triangles, clockwise as seen.
        back: uint8 [n, T], written: 1 where the back of a surface is visible.
        needed: uint8 [n, N], written: 1 for vertices of visible triangles.
        counts: int32 [n], written: number of visible triangles.
    """
    right, bottom = width * UNITS, height * UNITS
    for n in range(len(camera)):
        segment, xyz = segments[n], screen[n]
        _project(model, camera[n], positions[n], segment, height, width, xyz, needed[n])
        count = 0
        for s in range(len(segment)):
            base = segment[s, 2]
            for f in range(segment[s, 0], segment[s, 1]):
                if s == 0:
                    hidden = False
                    for slot in range(1, len(segment)):
                        hidden |= segment[slot, 3] >= 0 and model.hides[segment[slot, 3], f] == 1
                    if hidden:
                        continue
                a, b, c = (
                    model.faces[f, 0] + base,
                    model.faces[f, 1] + base,
                    model.faces[f, 2] + base,
                )
                ax, ay, bx, by, cx, cy = (
                    xyz[a, 0],
                    xyz[a, 1],
                    xyz[b, 0],
                    xyz[b, 1],
                    xyz[c, 0],
                    xyz[c, 1],
                )
                # rows go down, so counter-clockwise in the world is clockwise here
                area = np.int64(cx - ax) * np.int64(by - ay) - np.int64(bx - ax) * np.int64(cy - ay)
                if area == 0 or model.sides[f] & (FRONT if area > 0 else BACK) == 0:
                    continue
                if (
                    max(ax, bx, cx) <= 0
                    or max(ay, by, cy) <= 0
                    or min(ax, bx, cx) >= right
                    or min(ay, by, cy) >= bottom
                ):
                    continue
                visible[n, count, 0] = a
                visible[n, count, 1], visible[n, count, 2] = (c, b) if area > 0 else (b, c)
                back[n, count] = area < 0
                needed[n, a], needed[n, b], needed[n, c] = 1, 1, 1
                count += 1
        counts[n] = count


@njit
def _project(
    model: "Model",
    camera: Float32,
    at: Float32,
    segment: Int32,
    height: int,
    width: int,
    xyz: Int32,
    needed: UInt8,
) -> None:
    distance = camera[3]
    scale = np.float32(camera[0] * np.float32(height * (UNITS // SNAP) / HEAD_HEIGHT))
    cx = np.float32((np.float32(0.5) + camera[1]) * np.float32(width * (UNITS // SNAP)))
    cy = np.float32((np.float32(0.5) - camera[2]) * np.float32(height * (UNITS // SNAP)))
    most, half = np.float32(MOST // SNAP), np.float32(0.5)
    depth_scale = np.float32(DEPTH_STEPS * FINE / DEPTHS)
    for s in range(len(segment)):
        first, part = segment[s, 2], segment[s, 3]
        size = len(model.vertices) if s == 0 else 0
        if part >= 0:
            size = model.part_vertices[part + 1] - model.part_vertices[part]
        for v in range(first, first + size):
            z = at[v, 2]
            grow = scale * distance / max(distance - z, np.float32(CLOSEST))
            x = min(max(cx + at[v, 0] * grow, -most), most)
            y = min(max(cy - (at[v, 1] - np.float32(EYE_LEVEL)) * grow, -most), most)
            xyz[v, 0] = int(np.floor(x + half)) * SNAP
            xyz[v, 1] = int(np.floor(y + half)) * SNAP
            bias = BIASES[s]
            if s == 0 and model.eye[v] > 0:
                bias = np.float32(EYE_BIAS)
            depth = int((np.float32(NEAREST) - z - bias) * depth_scale)
            xyz[v, 2] = min(max(depth, 0), DEPTH_STEPS * FINE - 1)
            needed[v] = 0
