"""From a design to a mesh at one level: the cap, the bulk of curls, the locks, and tied-up hair."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from hair_design import Design, smooth
from hair_locks import Locks, ribbons
from hair_mesh import Mesh, delaunay, join, mesh, tessellate
from hair_scalp import CENTRE, Array, angles, spread, streaks, unit, vertex_normals
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detail:
    """Fineness of hair at a level.

    Args:
        lift: decimetres by which locks are raised, so that their chords do not cut into the cap.
    """

    locks: float
    segments: int
    widen: float
    bulk: int
    lift: float
    cap: int


DETAIL = {
    32: Detail(0.10, 2, 2.9, 120, 0.045, 1),
    64: Detail(0.21, 3, 2.0, 240, 0.03, 1),
    128: Detail(0.42, 5, 1.4, 700, 0.012, 1),
    256: Detail(1.0, 6, 1.0, 2000, 0.004, 1),
}


@dataclass(frozen=True)
class Skin:
    """The head's skin at a level, in the eye frame.

    Args:
        vertices, normals: [V, 3].
        faces: [F, 3].
        plain: bool [F], skin or cloth.
        ear, lips: [V], 0..1 on them.
    """

    vertices: Array
    normals: Array
    faces: NDArray[np.int64]
    plain: NDArray[np.bool_]
    ear: Array
    lips: Array


def hair(design: Design, skin: Skin, level: int, seed: int) -> tuple[Mesh, NDArray[np.bool_]]:
    """The mesh of a style, and the head's triangles [F] that are never seen under it."""
    rng = np.random.default_rng([seed, level])
    detail = DETAIL[level]
    cap, hidden = hair_cap(design, skin, detail, rng)
    parts = [cap]
    if design.bulk is not None:
        parts.append(bulk_of(design, skin, detail.bulk, rng))
    if design.locks is not None:
        count = round(len(design.locks) * detail.locks / design.finer)
        segments = round(detail.segments * design.finer)
        first = design.locks.first(count)
        if design.lining:
            parts.append(lining_of(design.locks, detail, segments, rng))
        first = replace(first, hangs=np.zeros(count, bool)) if design.lining else first
        parts.append(
            ribbons(
                first.raised(detail.lift),
                segments,
                detail.widen * design.finer**0.5,
                rng,
                design.tip,
            )
        )
    parts += design.solids(level)
    if design.covers:
        ear = skin.ear[skin.faces].min(1) > 0.5
        hidden = hidden | ear & skin.plain
    return join(parts), hidden


def hair_cap(
    design: Design, skin: Skin, detail: Detail, rng: np.random.Generator
) -> tuple[Mesh, NDArray[np.bool_]]:
    alone = design.locks is None and design.bulk is None

    def inside(points: Array) -> Array:
        depth = design.hairline.inside(points)
        if design.bare is not None:
            depth = np.minimum(depth, design.bare(points))
        return np.where(points[:, 1] > -0.85, depth, -99.0)

    return cap_of(
        skin,
        Cap(
            inside,
            design.cap,
            design.cap_shade,
            design.cap_noise,
            design.soft,
            9.0,
            streak=0.0 if alone else 0.12,
        ),
        detail.cap + alone * (detail.segments > 5),
        rng,
    )


@dataclass(frozen=True)
class Cap:
    """Hair next to the skin, which grows where inside(points) > 0.

    Args:
        soft: spread of its edge, in the measure of `inside`.
        deep: depth at which it has its full height, in the measure of `inside`.
    """

    inside: Callable[[Array], Array]
    height: Callable[[Array], Array] | float
    shade: float
    noise: float
    soft: float
    deep: float
    edge: float = 0.012
    streak: float = 0.0


def cap_of(
    skin: Skin, cap: Cap, parts: int, rng: np.random.Generator
) -> tuple[Mesh, NDArray[np.bool_]]:
    """The head's own triangles where hair grows, cut into parts**2 and raised.

    They follow the head's vertices, so no shape of head shows through. Near the edge triangles are
    drawn at random, so the edge is not clean.

    Returns:
        The mesh, and the triangles [F] of the head to skip: those that are covered together with
        all their neighbours.
    """
    corners = cap.inside(skin.vertices)[skin.faces]
    possible = np.flatnonzero(
        (corners.max(1) > -3 * cap.soft) & skin.plain & (skin.ear[skin.faces].max(1) < 0.5)
    )
    anchors, weights, faces = tessellate(skin.faces[possible], parts)
    at = np.einsum("nk,nki->ni", weights, skin.vertices[anchors])
    normal = unit(np.einsum("nk,nki->ni", weights, skin.normals[anchors]))
    tilt = np.einsum("nki,nki->nk", skin.vertices[anchors] - at[:, None], skin.normals[anchors])
    # Phong tessellation (Boubekeur, Alexa 2008)
    round_out = np.einsum("nk,nk,nki->ni", weights, tilt, skin.normals[anchors])
    inside = cap.inside(at)
    taken = inside[faces].mean(1) > rng.normal(0, cap.soft, len(faces))
    rim = np.zeros(len(at), bool)
    rim[faces[~taken]] = True
    deep = smooth(-0.1 * cap.deep, cap.deep, inside) * ~rim
    full = cap.height(at) if callable(cap.height) else np.full(len(at), cap.height)
    height = cap.edge + (full - cap.edge) * deep * (
        1 + 0.3 * rng.normal(size=len(at)).clip(-1.5, 1.5)
    )
    shade = (
        cap.shade
        + cap.streak * streaks(at)
        + cap.noise * rng.normal(size=len(at))
        + 0.1 * (1 - deep)
    )
    used, kept = np.unique(faces[taken], return_inverse=True)
    vertices = at + 0.75 * round_out + normal * height[:, None]
    whole = taken.reshape(len(possible), -1).all(1)
    hidden = np.zeros(len(skin.faces), bool)
    hidden[possible[whole]] = True
    seen = np.zeros(len(skin.vertices), bool)
    seen[skin.faces[~hidden]] = True
    hidden &= ~seen[skin.faces].any(1)
    part = mesh(vertices[used], kept.reshape(-1, 3), shade[used].clip(0.5, 1.3))
    return replace(part, anchors=anchors[used], weights=weights[used]), hidden


def lining_of(locks: Locks, detail: Detail, segments: int, rng: np.random.Generator) -> Mesh:
    """Wide dark two-sided strips within hanging hair, which fill the gaps between locks."""
    hanging = np.flatnonzero(locks.hangs & (locks.curves[:, 0, 2] < -0.3))[
        : 24 + round(56 * detail.locks)
    ]
    few = Locks(*(getattr(locks, name)[hanging] for name in locks.__dataclass_fields__))
    few = replace(few, width=np.full(len(few), 0.3), shade=np.full(len(few), 0.66)).raised(-0.02)
    return ribbons(few, max(3, segments - 2), 1.0 + 0.15 * detail.widen, rng, 0.8)


def bulk_of(design: Design, skin: Skin, count: int, rng: np.random.Generator) -> Mesh:
    """A closed round volume over the scalp, bumpy like curls.

    Every vertex has its own height, and low ones are dark.
    """
    assert design.bulk is not None
    inside = design.hairline.inside(skin.vertices)
    around = np.flatnonzero((inside > -6) & (skin.vertices[:, 1] > -0.8) & (skin.ear < 0.3))
    triangles = skin.faces[skin.plain & np.isin(skin.faces, around).all(1)]
    pick = rng.integers(len(triangles), size=12 * count)
    weight = rng.dirichlet(np.ones(3), len(pick))
    points = np.einsum("nk,nki->ni", weight, skin.vertices[triangles[pick]])
    azimuth, _ = angles(points)
    chosen = spread(points, 1 + 0.7 * np.clip((azimuth - 100) / 80, 0, 1), count, rng)
    points = points[chosen]
    depth = design.hairline.inside(points)
    layer = rng.random(count)
    away = unit(points - CENTRE)
    vertices = (
        points + away * (design.bulk(points, depth) * (1 + design.bump * (layer - 0.7)))[:, None]
    )
    faces = delaunay(away)
    faces = faces[(depth[faces].mean(1) > -2) & (np.ptp(points[faces], axis=1).max(1) < 1.0)]
    rim = depth[faces].min(1) < 26  # seen from within, past the face
    shade = 0.6 + 0.55 * layer + 0.08 * rng.normal(size=count)
    shade *= 0.8 + 0.2 * smooth(0, 12, depth)
    lined = mesh(vertices, faces[rim][:, ::-1], 0.55)
    return join([mesh(vertices, faces, shade.clip(0.5, 1.3)), lined])


def skin_of(
    vertices: Array, faces: NDArray[np.int64], plain: NDArray[np.bool_], ear: Array, lips: Array
) -> Skin:
    return Skin(vertices, vertex_normals(vertices, faces), faces, plain, ear, lips)
