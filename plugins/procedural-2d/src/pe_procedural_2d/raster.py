"""Coverage of pixels: polygons by their exact area, in signed accumulation; strokes by distance."""

import numpy as np

from pe_procedural_2d.arrays import Reals
from pe_sdk.compiled import njit


@njit
def _edge(area: Reals, x0: float, y0: float, x1: float, y1: float) -> None:
    """Add the signed area to the right of an edge, as differences along each row of pixels."""
    if y0 == y1:
        return
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    H, W = area.shape[0], area.shape[1] - 2
    slope = (x1 - x0) / (y1 - y0)
    if y0 < 0:
        x0, y0 = x0 - y0 * slope, 0.0
    for Y in range(int(y0), min(H, int(np.ceil(y1)))):
        top, low = max(float(Y), y0), min(Y + 1.0, y1)
        d = (low - top) * sign
        xa = min(max(x0 + (top - y0) * slope, 0.0), float(W))
        xb = min(max(x0 + (low - y0) * slope, 0.0), float(W))
        left, right = min(xa, xb), max(xa, xb)
        first, last = int(left), int(np.ceil(right))
        if last <= first + 1:
            part = 0.5 * (left + right) - first
            area[Y, first] += d * (1.0 - part)
            area[Y, first + 1] += d * part
            continue
        # The edge crosses several pixels: average, along it, the area to its right in each pixel.
        inverse, before = 1.0 / (right - left), 0.0
        for X in range(first, last):
            a, b = max(left, float(X)), min(right, X + 1.0)
            covered = ((a - left) + (b - a) * (X + 1.0 - 0.5 * (a + b))) * inverse
            area[Y, X] += d * (covered - before)
            before = covered
        area[Y, last] += d * (1.0 - before)


@njit
def fill(points: Reals, first: int, last: int, area: Reals, cover: Reals) -> tuple[int, int]:
    """Write the coverage of a closed polygon in pixel coordinates.

    area: scratch [H, W + 2], zero before and after; cover: [H, W]. Returns the first row of pixels
    that the polygon touches and the row after the last; `cover` is written only on these rows.
    """
    H, W = cover.shape
    low, high = 1e9, -1e9
    for i in range(first, last):
        low, high = min(low, points[i, 1]), max(high, points[i, 1])
    top, end = max(int(np.floor(low)), 0), min(int(np.ceil(high)), H)
    for i in range(first, last):
        j = i + 1 if i + 1 < last else first
        _edge(area, points[i, 0], points[i, 1], points[j, 0], points[j, 1])
    for Y in range(top, end):
        total = 0.0
        for X in range(W):
            total += area[Y, X]
            cover[Y, X] = min(abs(total), 1.0)
            area[Y, X] = 0.0
        area[Y, W] = 0.0
        area[Y, W + 1] = 0.0
    return top, end


@njit
def stroke(points: Reals, first: int, last: int, half: float, cover: Reals) -> tuple[int, int]:
    """Write the coverage of an open line with round ends; thinner than a pixel, it is grey.

    half: half the width in pixels. Returns the same as `fill`.
    """
    H, W = cover.shape
    solid = max(half, 0.5)
    weight = half / solid
    reach = solid + 0.5
    low, high = 1e9, -1e9
    for i in range(first, last):
        low, high = min(low, points[i, 1]), max(high, points[i, 1])
    top, end = (
        min(max(int(np.floor(low - reach)), 0), H),
        max(min(int(np.ceil(high + reach)), H), 0),
    )
    cover[top:end] = 0.0
    for i in range(first, last - 1):
        x0, y0, x1, y1 = points[i, 0], points[i, 1], points[i + 1, 0], points[i + 1, 1]
        dx, dy = x1 - x0, y1 - y0
        inverse = 1.0 / max(dx * dx + dy * dy, 1e-12)
        for Y in range(
            max(int(np.floor(min(y0, y1) - reach)), 0), min(int(np.ceil(max(y0, y1) + reach)), H)
        ):
            for X in range(
                max(int(np.floor(min(x0, x1) - reach)), 0),
                min(int(np.ceil(max(x0, x1) + reach)), W),
            ):
                px, py = X + 0.5 - x0, Y + 0.5 - y0
                t = min(max((px * dx + py * dy) * inverse, 0.0), 1.0)
                ex, ey = px - t * dx, py - t * dy
                c = min(max(solid + 0.5 - np.sqrt(ex * ex + ey * ey), 0.0), 1.0) * weight
                cover[Y, X] = max(cover[Y, X], c)
    return top, end
