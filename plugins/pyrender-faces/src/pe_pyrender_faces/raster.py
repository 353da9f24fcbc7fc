"""The numba backend: micropolygons into a buffer of samples, samples into pixels."""

import numpy as np

from pe_pyrender_faces.backdrop import between, ends
from pe_pyrender_faces.project import UNITS
from pe_sdk.compiled import njit

EXACT = 1 << 24
"""float32 has all whole numbers up to here."""
LANES = 8
"""Rows of a triangle's box are walked by multiples of this many samples, beyond its right edge too: full vectors."""


@njit
def draw(corners, depths, rgb, counts, background, samples, buffer, packed, out):  # type: ignore[no-untyped-def]
    """Draw n heads.

    A sample is a 32-bit key, depth above and number of the triangle below: the smaller one is nearer, and of two equally deep
    the one that came first. A sample at an edge of two triangles belongs to one of them, by the top-left rule.

    Args:
        corners, depths, rgb, counts: of `dice.dice`.
        background: of `bake.Batch`.
        samples: a side of a pixel, on a regular grid; divides UNITS by an even number.
        buffer: uint32 [H * samples, at least W * samples + LANES], scratch.
        packed: uint64 [65536], scratch: colours of triangles in lanes of 16 bits, coverage in the highest.
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
def _triangle(corner, key, step, height, width, buffer):  # type: ignore[no-untyped-def]
    half = step // 2
    ax, ay, bx, by = (
        np.int64(corner[0]),
        np.int64(corner[1]),
        np.int64(corner[2]),
        np.int64(corner[3]),
    )
    cx, cy = np.int64(corner[4]), np.int64(corner[5])
    # samples in the box: column k is at k * step + half
    left = max((min(ax, bx, cx) + half - 1) // step, 0)
    right = min((max(ax, bx, cx) - half) // step, width - 1)
    top = max((min(ay, by, cy) + half - 1) // step, 0)
    bottom = min((max(ay, by, cy) - half) // step, height - 1)
    if left > right or top > bottom:
        return
    x, y = left * step + half, top * step + half
    abx, aby, bcx, bcy, cax, cay = bx - ax, by - ay, cx - bx, cy - by, ax - cx, ay - cy
    # edge functions, 0 or more inside; 1 less where a sample on the edge is not the triangle's
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
def _walk_small(a, b, c, steps, key, left, width, top, bottom, buffer):  # type: ignore[no-untyped-def]
    """Walk a box whose edge functions are whole numbers below 2^24: float32 has them all, and vectors of it are widest."""
    none, zero = np.uint32(0xFFFFFFFF), np.float32(0.0)
    wa, wb, wc = np.float32(a), np.float32(b), np.float32(c)
    dax, day, dbx = np.float32(steps[0]), np.float32(steps[1]), np.float32(steps[2])
    dby, dcx, dcy = np.float32(steps[3]), np.float32(steps[4]), np.float32(steps[5])
    for row in range(top, bottom + 1):
        # a slice, whose indices have no sign to look at, 32-bit counting and a choice without a branch: the loop becomes vectors
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
def _walk_large(wa, wb, wc, steps, key, left, width, top, bottom, buffer):  # type: ignore[no-untyped-def]
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
def _resolve(buffer, packed, background, samples, out):  # type: ignore[no-untyped-def]
    """Means of samples over the background."""
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
                    value = np.float32(np.int64(sums >> np.uint64(16 * k) & lane))
                    mixed = (value + np.float32(open_) * between(edge, column, W, k)) * np.float32(
                        1.0 / total
                    )
                    out[row, column, k] = np.uint8(
                        min(max(mixed, np.float32(0.0)), np.float32(255.0)) + np.float32(0.5)
                    )


@njit
def owners(corners, depths, count, step, buffer, period, places, owned):  # type: ignore[no-untyped-def]
    """Which of the first count triangles own a sample: the others are hidden at all samples that count, or lie between them.

    A sample on an edge goes by the rule of OpenGL, whose rows go up: bottom-left as seen here. So the rows are turned over.

    Args:
        corners: int32 [T, 6], depths: int32 [T], as of `dice.dice`, but in any order of corners.
        step: steps between samples, an even number.
        buffer: uint32 [h, at least w + LANES], scratch, where h by w is the number of samples.
        period: the samples that count repeat after so many rows, counted from below, and columns.
        places: int64 [p, 2], row and column of those that do, below period.
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
