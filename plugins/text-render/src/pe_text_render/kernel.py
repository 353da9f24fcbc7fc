"""The renderer: places, deforms and inks distance fields. Pure arithmetic, one row at a time.

For every picture the affine map from letter to picture is inverted, and each line of pixels is
mapped to positions in the distance field. The smooth deformation is a sum of products of a
polynomial in x and one in y, so a line needs only five coefficients. The distance found there, in
pixels, relative to the width of the filter, decides how much of a pixel is ink.
"""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit
from pe_text_render.cells import STEPS, ZERO

BEND2, BEND3 = 0.13, 0.09
"""Largest shift by one term of degree 2, and of degree 3, relative to half the letter's size."""
REACH = 1.2
"""The deformation is held constant beyond this many half sizes from the letter's centre."""
THINNEST = 0.4
"""No stroke is thinned below this share of its own width, or faces with contrast would break."""
OVERHANG = 1.15
"""Largest size of the turned and slanted ink box, relative to the picture."""
SOFT = 20.0 / 12.0
"""Squared width of a smoothstep edge with the variance of a pixel.

Its squared width is 20 times its variance, and a pixel's own box has variance 1/12.
"""


@njit
def _edge(distance: np.float32, steep: np.float32) -> np.float32:
    t = min(max(np.float32(0.5) + distance * steep, np.float32(0.0)), np.float32(1.0))
    return t * t * (np.float32(3.0) - np.float32(2.0) * t)


@njit
def render(
    values: NDArray[np.uint8],
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
    measures: NDArray[np.float32],
    texts: NDArray[np.int64],
    fonts: NDArray[np.int64],
    numbers: NDArray[np.float64],
    oversample: int,
    out: NDArray[np.uint8],
) -> None:
    """Draw n pictures.

    Args:
        values, start, shape, measures: as in `layout.Fields`.
        texts, fonts: int64 [n], which field.
        numbers: float64 [n, 23], columns as in `space.NUMERIC`.
        oversample: sub-pixels per side of a pixel.
        out: uint8 [n, H, W], overwritten.
    """
    H, W = out.shape[1], out.shape[2]
    h, w = H * oversample, W * oversample
    p1x = np.empty(w, np.float32)
    p2x = np.empty(w, np.float32)
    p3x = np.empty(w, np.float32)
    us = np.empty(w, np.float32)
    vs = np.empty(w, np.float32)
    sums = np.empty(W, np.float32)
    fine = np.empty(w, np.float32)
    for n in range(len(texts)):
        rows, columns = shape[texts[n], 0], shape[texts[n], 1]
        base = start[texts[n]] + fonts[n] * rows * columns
        box = measures[texts[n], fonts[n]]
        p = numbers[n]
        ink_w, ink_h = box[2] - box[0], box[3] - box[1]
        fit = min(w / ink_w, h / ink_h)
        sx, sy = p[0] * fit, p[1] * fit
        small = min(h, w)
        turn = p[2] * (np.pi / 180.0)
        cos, sin = np.cos(turn), np.sin(turn)
        # shrink a long line that would leave the picture when turned; a digit hardly ever does
        spread_x = abs(cos) * sx * ink_w + abs(cos * p[3] + sin) * sy * ink_h
        spread_y = abs(sin) * sx * ink_w + abs(cos - sin * p[3]) * sy * ink_h
        shrink = min(1.0, OVERHANG * w / spread_x, OVERHANG * h / spread_y)
        sx, sy = sx * shrink, sy * shrink
        scale = np.sqrt(sx * sy)
        # forward map of a point q of the letter: c + [[m00, m01], [m10, m11]] (q - centre of mass)
        m00, m01 = cos * sx, (-cos * p[3] - sin) * sy
        m10, m11 = sin * sx, (-sin * p[3] + cos) * sy
        det = m00 * m11 - m01 * m10
        i00, i01, i10, i11 = m11 / det, -m01 / det, -m10 / det, m00 / det
        cx, cy = (0.5 + p[4]) * w, (0.5 + p[5]) * h
        # pen
        natural = box[6] * scale
        offset = max(p[6] * small - natural, (THINNEST - 1.0) * natural) * 0.5
        half = np.float32(natural * 0.5 + offset)
        soft = np.sqrt(SOFT + 20.0 * (p[7] * small) ** 2)
        bright = np.float32(255.0 * p[8] / (oversample * oversample))
        # deformation
        size = 0.5 * max(sx * ink_w, sy * ink_h)
        strength = min(size, sy * ink_h)  # a long line bends no more than its letters
        b2, b3 = BEND2 * strength, BEND3 * strength
        bend = 0.0
        for k in range(9, 23):
            bend += abs(p[k])
        # lines and columns that ink can reach
        pad = bend * max(b2, b3) + max(offset, 0.0) + soft + 1.0
        x_low, x_high, y_low, y_high = 1e9, -1e9, 1e9, -1e9
        for corner in range(4):
            qx = (box[0] if corner % 2 == 0 else box[2]) - box[4]
            qy = (box[1] if corner < 2 else box[3]) - box[5]
            x, y = m00 * qx + m01 * qy, m10 * qx + m11 * qy
            x_low, x_high = min(x_low, x), max(x_high, x)
            y_low, y_high = min(y_low, y), max(y_high, y)
        first = max(int(np.floor((cx + x_low - pad) / oversample)) * oversample, 0)
        last = min(int(np.ceil((cx + x_high + pad) / oversample)) * oversample, w)
        line = max(int(np.floor((cy + y_low - pad) / oversample)), 0)
        line_end = min(int(np.ceil((cy + y_high + pad) / oversample)), H)
        out[n] = 0
        for i in range(first, last):
            t = min(max((i + 0.5 - cx) / size, -REACH), REACH)
            p1x[i] = t
            p2x[i] = 1.5 * t * t - 0.5
            p3x[i] = (2.5 * t * t - 1.5) * t
        to_px = np.float32(scale / STEPS)
        lift = np.float32(offset - ZERO * scale / STEPS)
        steep = np.float32(1.0 / soft)
        deep = np.float32(2.0) * half
        top_u, top_v = np.float32(columns - 1.001), np.float32(rows - 1.001)
        for Y in range(line, line_end):
            sums[:] = 0.0
            for sub in range(oversample):
                y = Y * oversample + sub + 0.5 - cy
                t = min(max(y / size, -REACH), REACH)
                q2, q3 = 1.5 * t * t - 0.5, (2.5 * t * t - 1.5) * t
                # shift of this line: a constant, and factors of P1, P2, P3 of x, for x and for y
                ax = b2 * p[11] * q2 + b3 * p[15] * q3
                ax1 = b2 * p[10] * t + b3 * p[14] * q2
                ax2 = b2 * p[9] + b3 * p[13] * t
                ax3 = b3 * p[12]
                ay = b2 * p[18] * q2 + b3 * p[22] * q3
                ay1 = b2 * p[17] * t + b3 * p[21] * q2
                ay2 = b2 * p[16] + b3 * p[20] * t
                ay3 = b3 * p[19]
                # through the inverse map: u = u0 + ux x + u1 P1 + u2 P2 + u3 P3
                u0 = np.float32(box[4] - 0.5 + i00 * (ax + 0.5 - cx) + i01 * (ay + y))
                v0 = np.float32(box[5] - 0.5 + i10 * (ax + 0.5 - cx) + i11 * (ay + y))
                ux, vx = np.float32(i00), np.float32(i10)
                u1, v1 = np.float32(i00 * ax1 + i01 * ay1), np.float32(i10 * ax1 + i11 * ay1)
                u2, v2 = np.float32(i00 * ax2 + i01 * ay2), np.float32(i10 * ax2 + i11 * ay2)
                u3, v3 = np.float32(i00 * ax3 + i01 * ay3), np.float32(i10 * ax3 + i11 * ay3)
                for i in range(first, last):
                    at = np.float32(i)
                    us[i] = u0 + ux * at + u1 * p1x[i] + u2 * p2x[i] + u3 * p3x[i]
                    vs[i] = v0 + vx * at + v1 * p1x[i] + v2 * p2x[i] + v3 * p3x[i]
                for i in range(first, last):
                    u, v = us[i], vs[i]
                    value = np.float32(0.0)
                    if u >= 0 and v >= 0 and u < top_u and v < top_v:
                        b, a = np.int64(u), np.int64(v)
                        fx, fy = u - np.float32(b), v - np.float32(a)
                        k = base + a * columns + b
                        v00, v01 = np.float32(values[k]), np.float32(values[k + 1])
                        v10, v11 = (
                            np.float32(values[k + columns]),
                            np.float32(values[k + columns + 1]),
                        )
                        upper = v00 + fx * (v01 - v00)
                        lower = v10 + fx * (v11 - v10)
                        value = upper + fy * (lower - upper)
                    fine[i] = value
                # ink of a stroke `deep` wide: this edge minus the opposite one, which matters
                # where the pen is thin or soft
                for i in range(first, last):
                    distance = min(fine[i] * to_px + lift, half)
                    fine[i] = _edge(distance, steep) - _edge(distance - deep, steep)
                if oversample == 1:
                    for i in range(first, last):
                        sums[i] = fine[i]
                else:
                    for i in range(first, last):
                        sums[i // oversample] += fine[i]
            for X in range(first // oversample, last // oversample):
                out[n, Y, X] = np.uint8(min(sums[X] * bright, np.float32(255.0)) + np.float32(0.5))
