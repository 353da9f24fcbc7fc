"""Between micropolygons and the OpenGL atlas: triangles to a tile, and its pixels to a picture."""

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32, Int64, UInt8
from pe_pyrender_faces.backdrop import between, ends
from pe_pyrender_faces.project import UNITS
from pe_sdk.compiled import njit

GRAIN = 2
"""New corners of clipped polygons are rounded to multiples of this many steps.

They are at least 1/256 of a drawn pixel.
"""


@njit
def pack_tile(
    corners: Int32,
    depths: Int32,
    rgb: UInt8,
    owned: UInt8,
    count: int,
    drawn: int,
    top: int,
    left: int,
    height: int,
    width: int,
    atlas_height: int,
    positions: Float32,
    colours: Float32,
    end: int,
) -> int:
    """Append the triangles of one head, clipped to its tile, to the vertices of an atlas.

    Args:
        corners, depths, rgb: of `dice.dice`, for one head.
        owned: uint8 [T], of `raster.owners`; triangles with 0 are left out.
        count: number of triangles.
        drawn: pixels of the atlas per side of a pixel of the picture.
        top, left, height, width: of the tile, in pixels of the atlas.
        atlas_height: in pixels; OpenGL counts lines from below.
        positions: float32 [at least end + 15 count, 3], in pixels, and depth below the near plane
            at -1.
        colours: float32 [as many, 4]; the last column is not written.
        end: number of vertices so far.

    Returns:
        Number of vertices afterwards.
    """
    right, bottom, scale = (
        width * (UNITS // drawn),
        height * (UNITS // drawn),
        np.float32(drawn / UNITS),
    )
    polygon, clipped = np.empty((8, 2), np.int64), np.empty((8, 2), np.int64)
    for t in range(count):
        if owned[t] == 0:
            continue
        for k in range(3):
            polygon[k, 0], polygon[k, 1] = corners[t, 2 * k], corners[t, 2 * k + 1]
        size = 3
        low_x, high_x = (
            min(polygon[0, 0], polygon[1, 0], polygon[2, 0]),
            max(polygon[0, 0], polygon[1, 0], polygon[2, 0]),
        )
        low_y, high_y = (
            min(polygon[0, 1], polygon[1, 1], polygon[2, 1]),
            max(polygon[0, 1], polygon[1, 1], polygon[2, 1]),
        )
        if low_x < 0:
            size, polygon, clipped = _clip(polygon, size, 0, 0, 1, clipped), clipped, polygon
        if high_x > right:
            size, polygon, clipped = _clip(polygon, size, 0, right, -1, clipped), clipped, polygon
        if low_y < 0:
            size, polygon, clipped = _clip(polygon, size, 1, 0, 1, clipped), clipped, polygon
        if high_y > bottom:
            size, polygon, clipped = _clip(polygon, size, 1, bottom, -1, clipped), clipped, polygon
        z = np.float32(-1 - depths[t])
        for fan in range(size - 2):
            for k in range(3):
                corner = 0 if k == 0 else fan + k
                positions[end, 0] = np.float32(left) + np.float32(polygon[corner, 0]) * scale
                positions[end, 1] = (
                    np.float32(atlas_height - top) - np.float32(polygon[corner, 1]) * scale
                )
                positions[end, 2] = z
                for i in range(3):
                    colours[end, i] = np.float32(rgb[t, i]) / np.float32(255.0)
                end += 1
    return end


@njit
def _clip(polygon: Int64, size: int, axis: int, border: int, sign: int, out: Int64) -> int:
    """Clip a polygon at one side of a border (Sutherland and Hodgman 1974).

    New corners are rounded to steps. A new corner is computed from the corner inside to the one
    outside, whichever triangle asks, so neighbours still meet.
    """
    count, other = 0, 1 - axis
    for k in range(size):
        ax, ay = polygon[k, axis], polygon[k, other]
        bx, by = polygon[(k + 1) % size, axis], polygon[(k + 1) % size, other]
        a_in, b_in = (ax - border) * sign >= 0, (bx - border) * sign >= 0
        if a_in:
            out[count, axis], out[count, other] = ax, ay
            count += 1
        if a_in != b_in:
            if b_in:
                ax, ay, bx, by = bx, by, ax, ay
            out[count, axis] = border
            out[count, other] = ay + (by - ay) * (border - ax) // (GRAIN * (bx - ax)) * GRAIN
            count += 1
    return count


@njit
def unpack_tile(
    atlas: UInt8, drawn: int, top: int, left: int, background: Float32, out: UInt8
) -> None:
    """Filter a tile by boxes of drawn by drawn pixels, and composite it over its background.

    Args:
        atlas: uint8 [height, width, 4], the lowest line first; colours are premultiplied by the
            coverage, which is the fourth channel.
        drawn: pixels of the atlas per side of a pixel of the picture.
        top, left: of the tile, in pixels of the atlas.
        background: float32 [4, 3], of `bake.Batch`.
        out: uint8 [H, W, 3], written.
    """
    H, W = out.shape[0], out.shape[1]
    total = drawn * drawn
    edge = np.empty((2, 3), np.float32)
    sums = np.empty(4, np.int64)
    for row in range(H):
        ends(background, row, H, edge)
        for column in range(W):
            sums[:] = 0
            for j in range(drawn):
                line = atlas[atlas.shape[0] - 1 - top - row * drawn - j]
                for i in range(drawn):
                    for k in range(4):
                        sums[k] += line[left + column * drawn + i, k]
            open_ = np.float32(1.0) - np.float32(sums[3]) / np.float32(255 * total)
            for k in range(3):
                mixed = np.float32(sums[k]) / np.float32(total) + open_ * between(
                    edge, column, W, k
                )
                out[row, column, k] = np.uint8(
                    min(max(mixed, np.float32(0.0)), np.float32(255.0)) + np.float32(0.5)
                )
