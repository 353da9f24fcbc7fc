"""The numba backend: micropolygons to a buffer of samples, samples to pixels."""

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32, Int64, UInt8, UInt32, UInt64
from pe_pyrender_faces.backdrop import between, ends
from pe_pyrender_faces.project import UNITS
from pe_sdk.compiled import njit

EXACT = 1 << 24
"""float32 represents all integers up to here."""
LANES = 8
"""Rows of a triangle's box are walked by multiples of this many samples: full vectors.

They may reach beyond the right edge of the box.
"""


@njit
def draw(
    corners: Int32,
    depths: Int32,
    rgb: UInt8,
    counts: Int32,
    background: Float32,
    samples: int,
    buffer: UInt32,
    packed: UInt64,
    out: UInt8,
) -> None:
    """Draw n heads.

    A sample is a 32-bit key, with the depth above the number of the triangle. The smaller key is
    nearer; of two equal depths the earlier triangle wins. A sample on a shared edge belongs to one
    of the two triangles, by the top-left rule.

    Args:
        corners, depths, rgb, counts: of `dice.dice`.
        background: of `bake.Batch`.
        samples: samples per side of a pixel, on a regular grid; divides UNITS by an even number.
        buffer: uint32 [H * samples, at least W * samples + LANES], scratch.
        packed: uint64 [65536], scratch: colours of triangles in lanes of 16 bits, coverage in the
            highest lane.
        out: uint8 [n, H, W, 3], written.
    """
    H, W = out.shape[1], out.shape[2]
    for n in range(len(out)):
        count = counts[n]
        for t in range(count):
            packed[t] = (
                np.uint64(rgb[n, t, 0])
                | np.uint64(rgb[n, t, 1]) << np.uint64(16)
                | np.uint64(rgb[n, t, 2]) << np.uint64(32)
                | np.uint64(1) << np.uint64(48)
            )
        packed[count] = 0
        buffer[:] = np.uint32(0xFFFF << 16 | count)
        for t in range(count):
            _triangle(
                corners[n, t],
                np.uint32(depths[n, t] << 16 | t),
                UNITS // samples,
                H * samples,
                W * samples,
                buffer,
            )
        _resolve(buffer, packed, background[n], samples, out[n])


@njit
def _triangle(
    corner: Int32, key: np.uint32, step: int, height: int, width: int, buffer: UInt32
) -> None:
    half, zero = step // 2, np.int64(0)
    ax, ay, bx, by = (
        np.int64(corner[0]),
        np.int64(corner[1]),
        np.int64(corner[2]),
        np.int64(corner[3]),
    )
    cx, cy = np.int64(corner[4]), np.int64(corner[5])
    # samples in the box: column k is at k * step + half
    left = max((min(ax, bx, cx) + half - 1) // step, zero)
    right = min((max(ax, bx, cx) - half) // step, np.int64(width - 1))
    top = max((min(ay, by, cy) + half - 1) // step, zero)
    bottom = min((max(ay, by, cy) - half) // step, np.int64(height - 1))
    if left > right or top > bottom:
        return
    x, y = left * step + half, top * step + half
    abx, aby, bcx, bcy, cax, cay = bx - ax, by - ay, cx - bx, cy - by, ax - cx, ay - cy
    # edge functions, at least 0 inside; 1 less where a sample on the edge is not the triangle's
    wc = abx * (y - ay) - aby * (x - ax) - (0 if aby < 0 or (aby == 0 and abx > 0) else 1)
    wa = bcx * (y - by) - bcy * (x - bx) - (0 if bcy < 0 or (bcy == 0 and bcx > 0) else 1)
    wb = cax * (y - cy) - cay * (x - cx) - (0 if cay < 0 or (cay == 0 and cax > 0) else 1)
    length = ((right - left) // LANES + 1) * LANES
    reach = max(max(ax, bx, cx), x + length * step) - min(ax, bx, cx)
    steps = bcx * step, bcy * step, cax * step, cay * step, abx * step, aby * step
    if 2 * reach * (max(ay, by, cy) - min(ay, by, cy) + step) < EXACT:
        _walk_small(wa, wb, wc, steps, key, left, length, top, bottom, buffer)
    else:
        _walk_large(wa, wb, wc, steps, key, left, length, top, bottom, buffer)


@njit
def _walk_small(
    a: int,
    b: int,
    c: int,
    steps: tuple[int, int, int, int, int, int],
    key: np.uint32,
    left: int,
    width: int,
    top: int,
    bottom: int,
    buffer: UInt32,
) -> None:
    """Walk a box whose edge functions are integers below 2^24.

    float32 represents these exactly, and has the widest vectors.
    """
    none, zero = np.uint32(0xFFFFFFFF), np.float32(0.0)
    wa, wb, wc = np.float32(a), np.float32(b), np.float32(c)
    dax, day, dbx = np.float32(steps[0]), np.float32(steps[1]), np.float32(steps[2])
    dby, dcx, dcy = np.float32(steps[3]), np.float32(steps[4]), np.float32(steps[5])
    for row in range(top, bottom + 1):
        # To be vectorised, the loop takes a slice, whose indices need no check of the sign,
        # counts in 32 bits and selects without a branch.
        line = buffer[row, left : left + width]
        for k in range(len(line)):
            skip = np.float32(np.uint32(k))
            inside = (
                (wa - day * skip >= zero) & (wb - dby * skip >= zero) & (wc - dcy * skip >= zero)
            )
            old, new = line[k], key if inside else none
            line[k] = new if new < old else old
        wa += dax
        wb += dbx
        wc += dcx


@njit
def _walk_large(
    wa: int,
    wb: int,
    wc: int,
    steps: tuple[int, int, int, int, int, int],
    key: np.uint32,
    left: int,
    width: int,
    top: int,
    bottom: int,
    buffer: UInt32,
) -> None:
    none = np.uint32(0xFFFFFFFF)
    ax, ay, bx, by, cx, cy = steps
    for row in range(top, bottom + 1):
        line = buffer[row, left : left + width]
        for k in range(len(line)):
            inside = ((wa - ay * k) | (wb - by * k) | (wc - cy * k)) >= 0
            old, new = line[k], key if inside else none
            line[k] = new if new < old else old
        wa += ax
        wb += bx
        wc += cx


@njit
def _resolve(buffer: UInt32, packed: UInt64, background: Float32, samples: int, out: UInt8) -> None:
    """Average the samples of each pixel over the background."""
    H, W = out.shape[0], out.shape[1]
    total = samples * samples
    lane = np.uint64(0xFFFF)
    edge = np.empty((2, 3), np.float32)
    for row in range(H):
        ends(background, row, H, edge)
        for column in range(W):
            sums = np.uint64(0)
            for j in range(samples):
                line = buffer[row * samples + j]
                for i in range(samples):
                    sums += packed[line[column * samples + i] & np.uint32(0xFFFF)]
            open_ = total - np.int64(sums >> np.uint64(48))
            if open_ == 0:
                for k in range(3):
                    value = np.int64(sums >> np.uint64(16 * k) & lane)
                    out[row, column, k] = (2 * value + total) // (2 * total)
            else:
                for k in range(3):
                    lit = np.float32(np.int64(sums >> np.uint64(16 * k) & lane))
                    mixed = (lit + np.float32(open_) * between(edge, column, W, k)) * np.float32(
                        1.0 / total
                    )
                    out[row, column, k] = np.uint8(
                        min(max(mixed, np.float32(0.0)), np.float32(255.0)) + np.float32(0.5)
                    )


@njit
def owners(
    corners: Int32,
    depths: Int32,
    count: int,
    step: int,
    buffer: UInt32,
    period: int,
    places: Int64,
    owned: UInt8,
) -> None:
    """Mark which of the first `count` triangles own a sample.

    The others are hidden at all samples that count, or lie between them. A sample on an edge
    follows the rule of OpenGL, whose rows go up: bottom-left as seen here. So the rows are flipped.

    Args:
        corners: int32 [T, 6], as `dice.dice` returns them, but in any order of corners.
        depths: int32 [T], as `dice.dice` returns them.
        count: number of triangles.
        step: steps between samples, an even number.
        buffer: uint32 [h, at least w + LANES], scratch, where h by w is the number of samples.
        period: the samples that count repeat after this many rows, counted from below, and columns.
        places: int64 [p, 2], row and column of those samples, below `period`.
        owned: uint8 [T], written.
    """
    height, width = buffer.shape[0], buffer.shape[1] - LANES
    buffer[:] = np.uint32(0xFFFFFFFF)
    turned = np.empty(6, np.int32)
    for t in range(count):
        owned[t] = 0
        for k in range(0, 6, 2):
            turned[k], turned[k + 1] = corners[t, k], height * step - corners[t, k + 1]
        area = np.int64(turned[2] - turned[0]) * (turned[5] - turned[1]) - np.int64(
            turned[3] - turned[1]
        ) * (turned[4] - turned[0])
        if area < 0:
            turned[2], turned[3], turned[4], turned[5] = turned[4], turned[5], turned[2], turned[3]
        if area != 0:
            _triangle(turned, np.uint32(depths[t] << 16 | t), step, height, width, buffer)
    for place in places:
        for row in range(place[0], height, period):
            for column in range(place[1], width, period):
                key = buffer[row, column]
                if key != np.uint32(0xFFFFFFFF):
                    owned[key & np.uint32(0xFFFF)] = 1
