"""Colours of vertices: albedo from materials and paint, lit by harmonics and a key light."""

from typing import TYPE_CHECKING

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32, UInt8
from pe_sdk.compiled import njit

if TYPE_CHECKING:
    from pe_pyrender_faces.model import Model

SKIN, SCLERA, IRIS, PUPIL, TEETH, MOUTH, LASH, CLOTH, HAIR, FRAME, LENS, METAL = range(12)
"""Surfaces: those of `head.Material`, then those of parts."""

# wrap of the key light round the terminator for red, green, blue; strength of the highlight;
# its sharpness as 2^k
_SURFACES = {
    SKIN: (0.30, 0.14, 0.10, 0.04, 4),
    SCLERA: (0.35, 0.25, 0.25, 0.9, 7),
    IRIS: (0.20, 0.20, 0.20, 2.2, 7),
    PUPIL: (0.20, 0.20, 0.20, 2.2, 7),
    TEETH: (0.30, 0.25, 0.20, 0.5, 5),
    MOUTH: (0.30, 0.15, 0.15, 0.2, 4),
    LASH: (0.0, 0.0, 0.0, 0.0, 1),
    CLOTH: (0.05, 0.05, 0.05, 0.0, 1),
    HAIR: (0.15, 0.15, 0.15, 0.35, 4),
    FRAME: (0.0, 0.0, 0.0, 0.5, 5),
    LENS: (0.0, 0.0, 0.0, 0.8, 6),
    METAL: (0.0, 0.0, 0.0, 1.0, 5),
}
SURFACES = np.array([_SURFACES[k] for k in range(len(_SURFACES))], np.float32)
LENS_ALBEDO, METAL_ALBEDO = np.float32(0.012), np.float32(0.55)

SKIN_SHEEN = 0.12
"""Share of `Batch.specular` in the highlight of skin at shine 1, on top of its constant one."""
CATCH, CATCH_SHARPNESS = 0.9, 8
"""Strength of an eye's reflection of its surroundings, and its sharpness as 2^k."""
SHADOW = 56
"""Texels per side of the key light's depth map."""
SHADOW_REACH = 2.3
"""Half the side of the depth map in decimetres, about a point between the ears."""
SHADOW_CENTRE = 0.4
"""Height of that point in decimetres."""
SHADOW_LIFT, SHADOW_BIAS = 0.05, 0.06
"""Decimetres by which a shaded point moves along its normal, and towards the light.

They keep a triangle from shadowing itself.
"""
SHADOW_SIDE = 2.0 * SHADOW_REACH / SHADOW


@njit
def light(
    model: "Model",
    materials: Float32,
    paint: Float32,
    opacity: Float32,
    parts_colour: Float32,
    key: Float32,
    ambient: Float32,
    specular: Float32,
    positions: Float32,
    normals: Float32,
    segments: Int32,
    needed: UInt8,
    colours: Float32,
) -> None:
    """Compute the linear light that the needed vertices of n heads send to the viewer.

    Args:
        model: `model.Model`.
        materials, paint, opacity, parts_colour, key, ambient, specular: of `bake.Batch`.
        positions, normals, segments: of `shape.shape`.
        needed: of `project.project`.
        colours: float32 [n, N, 3], written where needed.
    """
    V = len(model.vertices)
    depth = np.empty((SHADOW, SHADOW), np.float32)
    places = np.empty((positions.shape[1], 3), np.float32)
    frame = np.empty((3, 3), np.float32)
    albedo = np.empty(3, np.float32)
    for n in range(len(key)):
        at, normal, colour = positions[n], normals[n], colours[n]
        _light_frame(key[n], frame)
        _shadow_map(model, segments[n], at, frame, places, depth)
        for v in range(V):
            if needed[n, v] == 0:
                continue
            surface = np.int64(model.material[v])
            for k in range(3):
                albedo[k] = materials[n, surface, k]
            shine = SURFACES[surface, 3]
            if surface == SKIN:
                for m in range(paint.shape[1]):
                    share = opacity[n, m] * model.masks[v, m]
                    if share > 0:
                        for k in range(3):
                            albedo[k] += share * (paint[n, m, k] - albedo[k])
                shine += np.float32(SKIN_SHEEN) * specular[n]
            _shade(
                places[v],
                normal[v],
                albedo,
                model.occlusion[v],
                surface,
                shine,
                key[n],
                ambient[n],
                frame,
                depth,
                colour[v],
            )
        for slot in range(len(model.part)):
            part, base = segments[n, slot + 1, 3], segments[n, slot + 1, 2]
            if part < 0:
                continue
            first = model.part_vertices[part]
            for v in range(model.part_vertices[part + 1] - first):
                if needed[n, base + v] == 0:
                    continue
                tint = model.tint[first + v]
                kind = (HAIR if slot < 3 else FRAME) if tint == 0 else (SKIN, LENS, METAL)[tint - 1]
                for k in range(3):
                    if tint == 0:
                        albedo[k] = parts_colour[n, slot, k]
                    elif tint == 1:
                        albedo[k] = materials[n, SKIN, k]
                    else:
                        albedo[k] = LENS_ALBEDO if tint == 2 else METAL_ALBEDO
                    albedo[k] *= model.shade[first + v]
                shine = SURFACES[kind, 3] * model.gloss[part]
                vertex = base + v
                _shade(
                    places[vertex],
                    normal[vertex],
                    albedo,
                    np.float32(1.0),
                    kind,
                    shine,
                    key[n],
                    ambient[n],
                    frame,
                    depth,
                    colour[vertex],
                )


@njit
def _shade(
    place: Float32,
    normal: Float32,
    albedo: Float32,
    occlusion: np.float32,
    surface: int,
    shine: np.float32,
    key: Float32,
    ambient: Float32,
    frame: Float32,
    depth: Float32,
    out: Float32,
) -> None:
    """Compute the linear light that a vertex sends to the viewer.

    A white matt surface under irradiance 1 shows as 1: there is no factor of pi. Harmonics follow
    Ramamoorthi and Hanrahan, An Efficient Representation for Irradiance Environment Maps (2001), in
    the order Y00, Y1-1, Y10, Y11, Y2-2, Y2-1, Y20, Y21, Y22.
    """
    x, y, z = normal[0], normal[1], normal[2]
    towards = x * key[0] + y * key[1] + z * key[2]
    lit = _lit(place, normal, frame, depth) if towards > np.float32(-0.35) else np.float32(0.0)
    # half-way between the light and the viewer, who is assumed to be far away
    hx, hy, hz = key[0], key[1], key[2] + np.float32(1.0)
    half = (x * hx + y * hy + z * hz) / np.sqrt(hx * hx + hy * hy + hz * hz + np.float32(1e-6))
    gleam = max(half, np.float32(0.0))
    for _ in range(int(SURFACES[surface, 4])):
        gleam *= gleam
    gleam = gleam * shine * lit
    # Schlick's approximation of Fresnel's reflection, at the rim
    rim = np.float32(1.0) - min(max(z, np.float32(0.0)), np.float32(1.0))
    rim2 = rim * rim
    sheen = np.float32(0.04) + np.float32(0.5) * rim2 * rim2 * rim
    catch = np.float32(0.0)
    if SCLERA <= surface <= PUPIL:
        # eyes mirror the bright upper part of their surroundings: without this spot they look
        # dead in soft light
        catch = np.float32(0.20) * key[0] * x + np.float32(0.26) * y + np.float32(0.95) * z
        catch = max(min(catch, np.float32(1.0)), np.float32(0.0))
        for _ in range(CATCH_SHARPNESS):
            catch *= catch
        catch *= np.float32(CATCH)
    for k in range(3):
        sky = np.float32(0.282095) * ambient[0, k]
        sky += np.float32(0.488603) * (ambient[1, k] * y + ambient[2, k] * z + ambient[3, k] * x)
        sky += np.float32(1.092548) * (
            ambient[4, k] * x * y + ambient[5, k] * y * z + ambient[7, k] * x * z
        )
        sky += np.float32(0.315392) * ambient[6, k] * (np.float32(3.0) * z * z - np.float32(1.0))
        sky += np.float32(0.546274) * ambient[8, k] * (x * x - y * y)
        sky = max(sky, np.float32(0.0)) * occlusion
        wrap = SURFACES[surface, k]
        share = max((towards + wrap) / (np.float32(1.0) + wrap), np.float32(0.0))
        direct = key[3 + k] * lit
        out[k] = (
            albedo[k] * (sky + direct * share)
            + key[3 + k] * gleam * share
            + sky * (sheen * shine + catch)
        )


@njit
def _light_frame(key: Float32, frame: Float32) -> None:
    """Write the rows: right and up in the light's view, and the direction to the light."""
    x, y, z = key[0], key[1], key[2]
    if abs(y) < np.float32(0.99):
        scale = np.float32(1.0) / np.sqrt(x * x + z * z)
        frame[0, 0], frame[0, 1], frame[0, 2] = z * scale, np.float32(0.0), -x * scale
    else:
        frame[0, 0], frame[0, 1], frame[0, 2] = np.float32(1.0), np.float32(0.0), np.float32(0.0)
    frame[2, 0], frame[2, 1], frame[2, 2] = x, y, z
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        frame[1, k] = frame[2, i] * frame[0, j] - frame[2, j] * frame[0, i]


@njit
def _shadow_map(
    model: "Model", segment: Int32, at: Float32, frame: Float32, places: Float32, depth: Float32
) -> None:
    """Project vertices for the light, and draw its depth map.

    `places` gets column and row in texels, and the height towards the light in decimetres;
    `depth` the largest height of head, hair and glasses at the centres of texels.
    """
    half, per = np.float32(SHADOW / 2), np.float32(1.0 / SHADOW_SIDE)
    for s in range(len(segment)):
        first, part = segment[s, 2], segment[s, 3]
        size = len(model.vertices) if s == 0 else 0
        if part >= 0:
            size = model.part_vertices[part + 1] - model.part_vertices[part]
        for v in range(first, first + size):
            x, y, z = at[v, 0], at[v, 1] - np.float32(SHADOW_CENTRE), at[v, 2]
            places[v, 0] = half + (frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z) * per
            places[v, 1] = half + (frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z) * per
            places[v, 2] = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z
    depth[:] = np.float32(-100.0)
    half = np.float32(0.5)
    for s in range(len(segment)):
        if s == 2 or s == 3:  # brows and facial hair lie on the skin
            continue
        base = segment[s, 2]
        for f in range(segment[s, 0], segment[s, 1]):
            a, b, c = model.faces[f, 0] + base, model.faces[f, 1] + base, model.faces[f, 2] + base
            ax, ay, az = places[a, 0], places[a, 1], places[a, 2]
            bx, by, bz = places[b, 0], places[b, 1], places[b, 2]
            cx, cy, cz = places[c, 0], places[c, 1], places[c, 2]
            left, right = _texels(ax, bx, cx)
            top, bottom = _texels(ay, by, cy)
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            # a triangle that faces away lies behind one that faces the light
            if left > right or top > bottom or area < np.float32(1e-6):
                continue
            inverse = np.float32(1.0) / area
            b_right, b_down = (cy - ay) * inverse, (ax - cx) * inverse
            c_right, c_down = (ay - by) * inverse, (bx - ax) * inverse
            x, y = np.float32(left) + half - ax, np.float32(top) + half - ay
            wb, wc = x * b_right + y * b_down, x * c_right + y * c_down
            for row in range(top, bottom + 1):
                vb, vc = wb, wc
                for column in range(left, right + 1):
                    if vb >= 0 and vc >= 0 and vb + vc <= 1:
                        height = az + vb * (bz - az) + vc * (cz - az)
                        if height > depth[row, column]:
                            depth[row, column] = height
                    vb += b_right
                    vc += c_right
                wb += b_down
                wc += c_down


@njit
def _texels(a: np.float32, b: np.float32, c: np.float32) -> tuple[int, int]:
    """First and last existing texel whose centre lies between the extremes of three numbers."""
    half = np.float32(0.5)
    return max(int(np.ceil(min(a, b, c) - half)), 0), min(
        int(np.floor(max(a, b, c) - half)), SHADOW - 1
    )


@njit
def _lit(place: Float32, normal: Float32, frame: Float32, depth: Float32) -> np.float32:
    """Share of the area of 2 by 2 texels about a point that sees the light.

    Percentage-closer filtering, Reeves and others 1987.
    """
    x, y, height = place[0], place[1], place[2]
    nx = frame[0, 0] * normal[0] + frame[0, 1] * normal[1] + frame[0, 2] * normal[2]
    ny = frame[1, 0] * normal[0] + frame[1, 1] * normal[1] + frame[1, 2] * normal[2]
    nz = frame[2, 0] * normal[0] + frame[2, 1] * normal[1] + frame[2, 2] * normal[2]
    lift = np.float32(SHADOW_LIFT / SHADOW_SIDE)
    x, y = x + lift * nx - np.float32(1.5), y + lift * ny - np.float32(1.5)
    height += np.float32(SHADOW_LIFT) * nz + np.float32(SHADOW_BIAS)
    column, row = int(np.floor(x)), int(np.floor(y))
    if column < 0 or row < 0 or column > SHADOW - 3 or row > SHADOW - 3:
        return np.float32(1.0)
    fx, fy = x - np.float32(column), y - np.float32(row)
    total = np.float32(0.0)
    for j in range(3):
        wy = np.float32(1.0) - fy if j == 0 else (np.float32(1.0) if j == 1 else fy)
        for i in range(3):
            wx = np.float32(1.0) - fx if i == 0 else (np.float32(1.0) if i == 1 else fx)
            if depth[row + j, column + i] <= height:
                total += wx * wy
    return total * np.float32(0.25)
