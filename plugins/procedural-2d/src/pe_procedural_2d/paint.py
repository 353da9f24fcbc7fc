"""The renderer: it fits display lists to the picture, paints, shades and colours, row by row."""

import numpy as np
from numpy.typing import NDArray

from pe_procedural_2d.arrays import Integers, Real, Reals, Row
from pe_procedural_2d.legs import trousers
from pe_procedural_2d.lists import CUT, LINE, OPS, OVER, POINTS, STROKE
from pe_procedural_2d.raster import fill, stroke
from pe_procedural_2d.shoes import sandal, shoe
from pe_procedural_2d.surface import folds, lattice, texture
from pe_procedural_2d.things import bag, icon
from pe_procedural_2d.tissue import tissue, vessels
from pe_procedural_2d.tops import top
from pe_sdk.compiled import njit

GRAIN = 21.0
"""Grains along a side of the picture: a third coarser than the pixels of 28 x 28."""
WHOLE = 7
"""First code of the shapes that fill the picture; the others are fitted by their bounding box."""


@njit
def draw(p: Row, u: Reals, points: Reals, ops: Reals, used: Integers) -> None:
    """Write the display list of one row; see `lists`."""
    used[0], used[1] = 0, 0
    if p.shape == 0:
        top(p, 0.0, points, ops, used)
    elif p.shape == 1:
        top(p, 1.0, points, ops, used)
    elif p.shape == 2:
        trousers(p, points, ops, used)
    elif p.shape == 3:
        shoe(p, points, ops, used)
    elif p.shape == 4:
        sandal(p, points, ops, used)
    elif p.shape == 5:
        bag(p, points, ops, used)
    elif p.shape == 6:
        icon(p, points, ops, used)
    elif p.shape == 7:
        tissue(p, u, points, ops, used)
    else:
        vessels(p, u, points, ops, used)


@njit
def bounds(points: Reals, ops: Reals, used: Integers) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the silhouette."""
    left, top_, right, bottom = 1e9, 1e9, -1e9, -1e9
    for k in range(used[1]):
        if ops[k, 0] >= CUT:
            continue
        half = ops[k, 3]
        for i in range(int(ops[k, 1]), int(ops[k, 2])):
            left, right = min(left, points[i, 0] - half), max(right, points[i, 0] + half)
            top_, bottom = min(top_, points[i, 1] - half), max(bottom, points[i, 1] + half)
    return left, top_, right, bottom


@njit
def lay(
    points: Reals,
    placed: Reals,
    ops: Reals,
    used: Integers,
    unit: float,
    area: Reals,
    cover: Reals,
    layers: Reals,
) -> None:
    """Paint a display list on the layers.

    placed: the points in pixels; unit: pixels in one unit of the shape; layers: [4, H, W],
    coverage, tone, share of the accent's hue, share of the texture.
    """
    W = cover.shape[1]
    for k in range(used[1]):
        kind, first, last = int(ops[k, 0]), int(ops[k, 1]), int(ops[k, 2])
        if kind in (STROKE, LINE):
            start, end = stroke(placed, first, last, ops[k, 3] * unit, cover)
        else:
            start, end = fill(placed, first, last, area, cover)
        inside = kind in (OVER, LINE)
        for Y in range(start, end):
            for X in range(W):
                c = cover[Y, X]
                if c <= 0.0:
                    continue
                before = layers[0, Y, X]
                if kind == CUT:
                    layers[0, Y, X] = before * (1.0 - c)
                    continue
                after = before if inside else before + c * (1.0 - before)
                # The share of the new paint in what is visible afterwards; inside, it is c.
                share = c if inside or after <= 0.0 else min(c / after, 1.0)
                layers[0, Y, X] = after
                layers[1, Y, X] += share * (ops[k, 4] - layers[1, Y, X])
                layers[2, Y, X] += share * (ops[k, 5] - layers[2, Y, X])
                layers[3, Y, X] += share * (ops[k, 6] - layers[3, Y, X])


@njit
def hue(angle: float, saturation: float, channel: int) -> Real:
    """One channel of the colour with this hue (degrees); the mean of the channels is 1."""
    return 1.0 + saturation * np.cos((angle - 120.0 * channel) * (np.pi / 180.0))


@njit
def spread(layer: Reals, radius: int, line: Reals, out: Reals) -> None:
    """Write the mean over squares of 2 radius + 1 pixels a side; beyond the picture is nothing.

    line: scratch [max(H, W)].
    """
    H, W = layer.shape
    scale = 1.0 / (2 * radius + 1)
    for Y in range(H):
        for X in range(W):
            total = 0.0
            for i in range(max(X - radius, 0), min(X + radius + 1, W)):
                total += layer[Y, i]
            out[Y, X] = total * scale
    for X in range(W):
        for Y in range(H):
            line[Y] = out[Y, X]
        for Y in range(H):
            total = 0.0
            for i in range(max(Y - radius, 0), min(Y + radius + 1, H)):
                total += line[i]
            out[Y, X] = total * scale


@njit
def render(rows: NDArray[np.void], uniforms: Reals, out: NDArray[np.uint8]) -> None:
    """Draw n pictures.

    Args:
        rows: record array [n] of the parameters, numbers float64 and codes int64.
        uniforms: float64 [n, 256] in [0, 1), of the seeds.
        out: uint8 [n, H, W, C], overwritten.
    """
    H, W, C = out.shape[1], out.shape[2], out.shape[3]
    points, placed = np.empty((POINTS, 2)), np.empty((POINTS, 2))
    ops, used = np.empty((OPS, 7)), np.zeros(2, np.int64)
    area, cover = np.zeros((H, W + 2)), np.zeros((H, W))
    layers, rim = np.empty((4, H, W)), np.empty((H, W))
    line, value = np.empty(max(H, W)), np.empty((H, W))
    small = float(min(H, W))
    radius = max(int(small / 14.0), 1)
    for n in range(len(rows)):
        p, u = rows[n], uniforms[n]
        draw(p, u, points, ops, used)
        whole = p.shape >= WHOLE
        left, top_, right, bottom = -1.0, -1.0, 1.0, 1.0
        if not whole:
            left, top_, right, bottom = bounds(points, ops, used)
        turn = p.rotation * (np.pi / 180.0)
        cos, sin = np.cos(turn), np.sin(turn)
        across = 1 if p.repeat == 0 else 2
        down = 2 if p.repeat == 2 else 1
        if whole:
            across, down = 1, 1
        unit = p.scale * small / across / max(right - left, bottom - top_)
        if whole:
            unit = (0.4 + 0.6 * p.scale) * small * 0.5
        mx, my = 0.5 * (left + right), 0.5 * (top_ + bottom)
        layers[:] = 0.0
        for cell in range(across * down):
            cx = W * (0.5 + p.x) + (cell % across - 0.5 * (across - 1)) * small / across
            cy = H * (0.5 + p.y) + (cell // across - 0.5 * (down - 1)) * small / across
            for i in range(used[0]):
                qx, qy = (points[i, 0] - mx) * unit, (points[i, 1] - my) * unit
                placed[i, 0], placed[i, 1] = cx + cos * qx - sin * qy, cy + sin * qx + cos * qy
            lay(points, placed, ops, used, unit, area, cover, layers)
        spread(layers[0], radius, line, rim)
        cx, cy = W * (0.5 + p.x), H * (0.5 + p.y)
        inverse = 2.0 * across / (p.scale * small)
        shadow = 0.7 * p.rim * p.rim
        weave, hang = 0.9 * p.texture_contrast * p.texture_contrast, 0.3 * p.fold * p.fold
        grit = 0.5 * p.grain * p.grain
        pitch = GRAIN / small
        for Y in range(H):
            for X in range(W):
                cloth = layers[0, Y, X]
                if cloth <= 0.0:
                    value[Y, X] = 0.0
                    continue
                qx, qy = X + 0.5 - cx, Y + 0.5 - cy
                x, y = (cos * qx + sin * qy) * inverse, (cos * qy - sin * qx) * inverse
                t = layers[1, Y, X]
                if layers[3, Y, X] > 0.0 and p.texture > 0:
                    t += (
                        layers[3, Y, X]
                        * weave
                        * (texture(p, u, x, y) * (t if t > 0.5 else 1.0 - t))
                    )
                t *= 1.0 + 0.3 * (p.light_x * x + p.light_y * y)
                t *= 1.0 + hang * folds(p, u, x, y)
                t *= 1.0 - shadow * (1.0 - rim[Y, X])
                t += grit * (lattice(u, 0.37 + X * pitch, 0.11 + Y * pitch) - 0.5)
                value[Y, X] = max(t, 0.0)
        for k in range(C):
            base, accent, ground = 1.0, 1.0, 1.0
            if C == 3:
                base = hue(p.hue, p.saturation, k)
                accent = hue(p.accent_hue, p.saturation, k)
                ground = hue(p.ground_hue, p.saturation, k)
            for Y in range(H):
                for X in range(W):
                    colour = base + layers[2, Y, X] * (accent - base)
                    cloth = layers[0, Y, X]
                    cover[Y, X] = cloth * min(value[Y, X] * colour, 1.0) + (1.0 - cloth) * min(
                        p.ground * ground, 1.0
                    )
            soften(cover, 0.3 * p.soft * p.soft, line)
            for Y in range(H):
                for X in range(W):
                    out[n, Y, X, k] = np.uint8(min(255.0 * cover[Y, X], 255.0) + 0.5)


@njit
def soften(layer: Reals, weight: float, line: Reals) -> None:
    """Average with the neighbours in both directions, in place; the border is repeated.

    weight: of each neighbour.
    """
    if weight <= 0.0:
        return
    H, W = layer.shape
    for Y in range(H):
        for X in range(W):
            line[X] = layer[Y, X]
        for X in range(W):
            layer[Y, X] += weight * (line[max(X - 1, 0)] + line[min(X + 1, W - 1)] - 2.0 * line[X])
    for X in range(W):
        for Y in range(H):
            line[Y] = layer[Y, X]
        for Y in range(H):
            layer[Y, X] += weight * (line[max(Y - 1, 0)] + line[min(Y + 1, H - 1)] - 2.0 * line[Y])
