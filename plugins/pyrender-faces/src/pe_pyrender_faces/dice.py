"""Dicing: visible triangles to micropolygons, which have one colour and one depth each.

Large triangles are cut, so that none shows as a facet.
"""

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32, Int64, UInt8
from pe_pyrender_faces.project import DEPTH_STEPS, DEPTHS, FINE, UNITS
from pe_sdk.compiled import njit

INSIDE = 0.45
"""Light on the back of an open surface, such as the inside of long hair, relative to its front."""
BACK_BIAS = int(0.03 * DEPTH_STEPS * FINE / DEPTHS)
"""Backs lie 0.03 decimetres behind themselves, so they lose against a front in the same place.

This matters for locks of hair, which are thin.
"""

ENCODED_STEPS, ENCODED_MOST = 4096, 4
"""Entries of the encoding table per unit of linear light, and the units that are white."""
SHOULDER = 0.65
"""Linear light above this bends, so that highlights keep detail and saturate slowly."""


def _encoding() -> UInt8:
    linear = np.arange(ENCODED_MOST * ENCODED_STEPS) / ENCODED_STEPS
    room = 1 - SHOULDER
    kept = np.where(
        linear < SHOULDER, linear, 1 - room * np.exp(-np.maximum(linear - SHOULDER, 0) / room)
    )
    srgb = np.where(
        kept <= 0.0031308, 12.92 * kept, 1.055 * np.maximum(kept, 1e-9) ** (1 / 2.4) - 0.055
    )
    encoded: UInt8 = np.rint(255 * srgb).astype(np.uint8)  # IEC 61966-2-1
    return encoded


ENCODED = _encoding()

# the four triangles between the corners 0, 1, 2 and the middles 3 (of 0 and 1), 4 (of 1 and 2),
# 5 (of 2 and 0)
_QUARTERS = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]])
_MIDDLES = np.array([[0, 1], [1, 2], [2, 0]])


@njit
def dice(
    screen: Int32,
    visible: Int32,
    back: UInt8,
    visible_counts: Int32,
    colours: Float32,
    large: float,
    corners: Int32,
    depths: Int32,
    rgb: UInt8,
    counts: Int32,
) -> None:
    """Cut the visible triangles of n heads, in their order, until the room for them ends.

    Triangles beyond that are kept uncut.

    Args:
        screen, visible, back, visible_counts: of `project.project`.
        colours: float32 [n, N, 3], linear light of vertices.
        large: area in pixels of the picture from which a triangle is cut in 4; from 4 times that
            area it is cut in 16.
        corners: int32 [n, T, 6], written: x, y of three corners in steps, clockwise as seen.
        depths: int32 [n, T], written: 0 (near) to DEPTH_STEPS - 1, at the centroid.
        rgb: uint8 [n, T, 3], written: sRGB-encoded colour at the centroid.
        counts: int32 [n], written: number of micropolygons.
    """
    # corners and middles of sides, of a triangle and of its quarter: x, y, depth; linear light
    places = np.empty((2, 6, 3), np.int64)
    lights = np.empty((2, 6, 3), np.float32)
    twice = np.int64(2 * large * UNITS * UNITS)
    room = corners.shape[1]
    for n in range(len(screen)):
        count = 0
        for t in range(visible_counts[n]):
            for k in range(3):
                v = visible[n, t, k]
                for i in range(3):
                    places[0, k, i] = screen[n, v, i]
                    lights[0, k, i] = (
                        colours[n, v, i] * np.float32(INSIDE) if back[n, t] else colours[n, v, i]
                    )
                if back[n, t]:
                    places[0, k, 2] = min(places[0, k, 2] + BACK_BIAS, DEPTH_STEPS * FINE - 1)
            area = (places[0, 1, 0] - places[0, 0, 0]) * (places[0, 2, 1] - places[0, 0, 1])
            area -= (places[0, 1, 1] - places[0, 0, 1]) * (places[0, 2, 0] - places[0, 0, 0])
            if area < twice or count + 16 + visible_counts[n] - t > room:
                count = _emit(places[0], lights[0], 0, 1, 2, n, count, corners, depths, rgb)
                continue
            _halve(places[0], lights[0])
            for q in range(4):
                a, b, c = _QUARTERS[q]
                if area < 4 * twice:
                    count = _emit(places[0], lights[0], a, b, c, n, count, corners, depths, rgb)
                    continue
                for i in range(3):
                    places[1, 0, i], places[1, 1, i], places[1, 2, i] = (
                        places[0, a, i],
                        places[0, b, i],
                        places[0, c, i],
                    )
                    lights[1, 0, i], lights[1, 1, i], lights[1, 2, i] = (
                        lights[0, a, i],
                        lights[0, b, i],
                        lights[0, c, i],
                    )
                _halve(places[1], lights[1])
                for r in range(4):
                    d, e, f = _QUARTERS[r]
                    count = _emit(places[1], lights[1], d, e, f, n, count, corners, depths, rgb)
        counts[n] = count


@njit
def _halve(place: Int64, light: Float32) -> None:
    for m in range(3):
        a, b = _MIDDLES[m]
        for i in range(3):
            place[3 + m, i] = (place[a, i] + place[b, i]) >> 1
            light[3 + m, i] = (light[a, i] + light[b, i]) * np.float32(0.5)


@njit
def _emit(
    place: Int64,
    light: Float32,
    a: int,
    b: int,
    c: int,
    n: int,
    count: int,
    corners: Int32,
    depths: Int32,
    rgb: UInt8,
) -> int:
    third = np.float32(ENCODED_STEPS / 3)
    corners[n, count, 0], corners[n, count, 1] = place[a, 0], place[a, 1]
    corners[n, count, 2], corners[n, count, 3] = place[b, 0], place[b, 1]
    corners[n, count, 4], corners[n, count, 5] = place[c, 0], place[c, 1]
    depths[n, count] = (place[a, 2] + place[b, 2] + place[c, 2]) // (3 * FINE)
    for k in range(3):
        step = int((light[a, k] + light[b, k] + light[c, k]) * third)
        rgb[n, count, k] = ENCODED[min(step, len(ENCODED) - 1)]
    return count + 1
