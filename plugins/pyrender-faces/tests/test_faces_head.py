"""The head's asset: its contract, its geometry, and that its parameters do what their names say."""

import hashlib
from dataclasses import fields
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest

from pe_pyrender_faces.coefficients import EXPRESSIONS, WIDE, coefficients
from pe_pyrender_faces.head import LEVELS, PAINTS, Head, Material, load_head

BUDGET = {32: 1200, 64: 2600, 128: 8200, 256: 28500}
IDENTITIES = [f"identity_{k}" for k in range(1, 11)]
CORNERS = [
    (sex, age, african, asian)
    for sex in (0, 1)
    for age in (20, 85)
    for african, asian in ((1, 0), (0, 1), (0, 0))
]


def columns(n=1, **given):
    base = {
        "sex": 0.5,
        "age": 40.0,
        "weight": 0.5,
        "african": 0.3,
        "asian": 0.3,
        "intensity": 1.0,
        "mouth_open": 0.0,
    }
    base |= {"eyelids": 0.0, "brows": 0.0, "expression": 0} | dict.fromkeys(IDENTITIES, 0.0)
    return {
        name: np.broadcast_to(np.asarray(value), (n,)).copy()
        for name, value in (base | given).items()
    }


def shape(head, row):
    """Vertices, and centres of the eyes."""
    return head.vertices + np.tensordot(row, head.basis, 1), head.eye_centre + np.tensordot(
        row, head.eye_centre_basis, 1
    )


def person(head, **given):
    return shape(head, coefficients(columns(**given))[0])


def normals(points, faces):
    a, b, c = (points[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def in_front(points, triangles):
    """Whether a triangle [3 corners] lies before each point [n, 3], seen along z: bool [n]."""
    a, b, c = triangles[None, :, 0], triangles[None, :, 1], triangles[None, :, 2]
    p = points[:, None]
    area = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        c[..., 0] - a[..., 0]
    )
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    u = (
        (p[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1])
        - (p[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    ) / area
    v = (
        (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1])
        - (b[..., 1] - a[..., 1]) * (p[..., 0] - a[..., 0])
    ) / area
    z = a[..., 2] + u * (b[..., 2] - a[..., 2]) + v * (c[..., 2] - a[..., 2])
    inside = np.isfinite(area) & (u >= 0) & (v >= 0) & (u + v <= 1)
    return np.any(inside & (z > p[..., 2]), axis=1)


def distances(points, others):
    """Distance of each point [n, 3] to the nearest of others [m, 3]: [n]."""
    lengths = (others**2).sum(1)
    nearest = [(lengths - 2 * others @ point).min() for point in points]
    return np.sqrt(np.maximum(nearest + (points**2).sum(1), 0))


@pytest.fixture(params=LEVELS)
def head(request):
    return load_head(request.param)


def test_asset_is_the_recorded_one():
    assets = resources.files("pe_pyrender_faces") / "assets"
    digest, name = (assets / "head.sha256").read_text(encoding="ascii").split()
    assert hashlib.sha256((assets / name).read_bytes()).hexdigest() == digest
    assert len((assets / name).read_bytes()) < 3_000_000


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match="got 48"):
        load_head(48)


def test_fields_have_the_promised_shapes_and_types(head):
    count, rows = len(head.vertices), len(head.basis_names)
    promised = {
        "vertices": ("f4", (count, 3)),
        "basis": ("f4", (rows, count, 3)),
        "faces": ("i4", (len(head.faces), 3)),
        "material": ("u1", (count,)),
        "masks": ("f4", (count, len(PAINTS))),
        "occlusion": ("f4", (count,)),
        "rigid": ("f4", (count,)),
        "eye": ("i1", (count,)),
        "eye_centre": ("f4", (2, 3)),
        "eye_centre_basis": ("f4", (rows, 2, 3)),
    }
    assert {f.name for f in fields(Head)} == {*promised, "basis_names"}
    for name, (kind, size) in promised.items():
        array = getattr(head, name)
        assert (array.dtype, array.shape) == (np.dtype(kind), size), name
        assert array.flags.c_contiguous and not array.flags.writeable, name
        assert np.isfinite(array).all(), name
    for name in ("masks", "occlusion", "rigid"):
        assert getattr(head, name).min() >= 0 and getattr(head, name).max() <= 1, name
    assert head.faces.min() >= 0 and head.faces.max() == count - 1
    assert len(np.unique(head.faces)) == count
    assert len(set(head.basis_names)) == rows


@pytest.mark.parametrize("level", LEVELS)
def test_triangles_keep_to_the_budget(level):
    assert 0.9 * BUDGET[level] < len(load_head(level).faces) <= BUDGET[level]


def test_a_level_begins_the_next_finer_one():
    for coarse, fine in pairwise(LEVELS):
        a, b = load_head(coarse), load_head(fine)
        count = int((a.eye == 0).sum())
        for name in ("vertices", "masks", "material", "rigid", "occlusion"):
            assert np.array_equal(getattr(a, name)[:count], getattr(b, name)[:count]), name
        assert np.array_equal(a.basis[:, :count], b.basis[:, :count])
        assert np.array_equal(a.eye_centre_basis, b.eye_centre_basis)


@pytest.mark.parametrize("level", LEVELS[:-1])
@pytest.mark.parametrize(
    "given", [{}, {"sex": 0, "age": 80, "african": 1}, {"sex": 1, "expression": 2}]
)
def test_levels_have_the_same_surface(level, given):
    """98 of 100 front skin points of the finest level lie within a pixel of the coarse surface."""
    fine, coarse = load_head(256), load_head(level)
    points = person(fine, **given)[0]
    front = np.flatnonzero(
        (fine.material == Material.SKIN) & (fine.vertices[:, 2] > 0.9) & (fine.masks.max(1) < 0.3)
    )[::7]
    skin = coarse.faces[(coarse.material[coarse.faces] == Material.SKIN).all(1)]
    corner = person(coarse, **given)[0][skin]
    grid = np.array([(i, j, 6 - i - j) for i in range(7) for j in range(7 - i)]) / 6
    samples = (grid @ corner).reshape(-1, 3)
    away = distances(points[front], samples)
    # a pixel of a picture that the head fills, and the samples' distance
    assert np.quantile(away, 0.98) < 2.3 / level + 0.02


def test_surface_is_oriented_outward_and_has_no_t_junctions(head):
    """Every directed edge has one face; the enclosed volume is positive; eyeballs face outward."""
    edges = np.concatenate([head.faces[:, [0, 1]], head.faces[:, [1, 2]], head.faces[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges)
    normal = normals(head.vertices, head.faces)
    middle = head.vertices[head.faces].mean(1)
    skull = (head.rigid[head.faces] == 1).all(1) & (head.eye[head.faces[:, 0]] == 0)
    skull &= (head.material[head.faces] == Material.SKIN).all(1)
    outward = np.sum(normal * (middle - [0, 0.6, 0.5]), 1)
    assert outward[skull].sum() > 0.9 * np.abs(outward[skull]).sum()
    for side in (1, 2):
        ball = head.eye[head.faces[:, 0]] == side
        assert (np.sum(normal[ball] * (middle[ball] - head.eye_centre[side - 1]), 1) > 0).all()


def test_left_and_right_eyes_are_numbered_by_x(head):
    assert head.eye_centre[0, 0] < 0 < head.eye_centre[1, 0]
    for side, sign in ((1, -1), (2, 1)):
        assert (np.sign(head.vertices[head.eye == side][:, 0]) == sign).all()
    assert set(np.unique(head.material[head.eye > 0])) == {
        Material.SCLERA,
        Material.IRIS,
        Material.PUPIL,
    }
    assert not np.isin(
        head.material[head.eye == 0], (Material.SCLERA, Material.IRIS, Material.PUPIL)
    ).any()


def test_iris_and_pupil_have_human_sizes():
    """Diameters on the neutral head in decimetres: 11.8 mm and 4 mm, give or take a tenth."""
    head = load_head(256)
    for material, size in ((Material.IRIS, 0.118), (Material.PUPIL, 0.042)):
        x = head.vertices[(head.eye == 1) & (head.material == material), 0]
        assert 0.9 * size < np.ptp(x) < 1.12 * size


def test_eyeballs_follow_every_displacement(head):
    """Rings are symmetric, so their mean lies on the axis through the centre for any shape."""
    rng = np.random.default_rng(5)
    for row in rng.normal(0, 0.2, (6, len(head.basis_names))):
        points, centre = shape(head, row)
        for side in (1, 2):
            ball = points[head.eye == side]
            assert np.allclose(ball.mean(0)[:2], centre[side - 1, :2], atol=2e-4)
            assert 0.08 < ball[:, 2].max() - centre[side - 1, 2] < 0.25  # the radius, in decimetres


@pytest.mark.parametrize("level", (64, 256))
def test_lids_cover_closed_eyes_and_free_open_ones(level):
    """Open pupils are free and closed ones covered, from the front, on all corner heads.

    At a coarse level open pupils are nearly all free.
    """
    head = load_head(level)
    skin = head.faces[
        (head.material[head.faces] == Material.SKIN).all(1)
        & (head.vertices[head.faces][:, :, 2].max(1) > 0.6)
    ]
    free, covered = [], []
    for sex, age, african, asian in CORNERS:
        given = {"sex": sex, "age": age, "african": african, "asian": asian}
        for side in (1, 2):
            iris = (head.eye == side) & np.isin(head.material, (Material.IRIS, Material.PUPIL))
            pole = np.flatnonzero(head.eye == side)[:1]
            points, _ = person(head, **given, eyelids=0.0)
            free.append(not in_front(points[pole], points[skin]).any())
            points, _ = person(head, **given, eyelids=1.0)
            covered.append(in_front(points[iris], points[skin]).mean())
    assert all(free) if level == 256 else np.mean(free) > 0.9
    assert np.mean(covered) > 0.97 and np.min(covered) > 0.85


def test_teeth_hide_behind_closed_lips_and_show_in_a_laugh(head):
    """Shares of the teeth's triangles that no skin or gum hides, seen from the front."""
    cover = np.isin(head.material[head.faces], (Material.SKIN, Material.MOUTH)).all(1)
    cover = head.faces[cover & (head.vertices[head.faces][:, :, 2].max(1) > 0.5)]
    teeth = head.faces[(head.material[head.faces] == Material.TEETH).all(1)]

    def shown(**given):
        points, _ = person(head, **given)
        return 1 - in_front(points[teeth].mean(1), points[cover]).mean()

    for sex, age, african, asian in CORNERS:
        corner = {"sex": sex, "age": age, "african": african, "asian": asian}
        assert shown(**corner) < 0.03, corner
        assert shown(**corner, expression=EXPRESSIONS.index("laugh")) > 0.02, corner


def landmarks(head, **given):
    """Heights in decimetres of landmarks on the face of a person."""
    points, _ = person(head, **given)
    base, mask = head.vertices, {name: head.masks[:, k] for k, name in enumerate(PAINTS)}
    lips = np.flatnonzero(mask["lips"] > 0.5)
    order = lips[np.argsort(np.abs(base[lips, 0]))]
    corner, middle = order[-6:], order[: len(order) // 3]
    low = base[middle, 1] < np.median(base[middle, 1])
    return {
        "corners": points[corner, 1].mean(),
        "width": np.abs(points[corner, 0]).mean(),
        "lower lip": points[middle[low], 1].mean(),
        "upper lip": points[middle[~low], 1].mean(),
        "brow": points[mask["brow"] > 0.5, 1].mean(),
        "inner brow": points[(mask["brow"] > 0.4) & (np.abs(base[:, 0]) < 0.25), 1].mean(),
        "lid": points[mask["lashline"] > 0.8, 1].mean(),
        "chin": points[
            (mask["beard"] > 0.9) & (np.abs(base[:, 0]) < 0.15) & (base[:, 2] > 1), 1
        ].mean(),
    }


def test_expressions_move_what_they_are_named_for():
    head = load_head(256)
    rest = landmarks(head)

    def change(**given):
        return {name: value - rest[name] for name, value in landmarks(head, **given).items()}

    by = {name: change(expression=k) for k, name in enumerate(EXPRESSIONS)}
    assert all(value == 0 for value in by["neutral"].values())
    for happy in ("smile", "laugh"):
        assert by[happy]["corners"] > 0.03 and by[happy]["width"] > 0.03
    gap = {name: moved["upper lip"] - moved["lower lip"] for name, moved in by.items()}
    assert gap["laugh"] > 0.05 and gap["surprised"] > 0.06 and abs(gap["smile"]) < 0.05
    assert by["sad"]["corners"] < -0.03 and by["sad"]["inner brow"] > 0.02
    assert by["angry"]["inner brow"] < -0.01
    assert by["surprised"]["brow"] > 0.02 and by["surprised"]["lid"] > 0.005
    assert by["disgusted"]["corners"] < by["disgusted"]["upper lip"]
    assert by["pout"]["width"] < -0.03
    opened = change(mouth_open=1.0)
    assert opened["chin"] < -0.1 and opened["upper lip"] - opened["lower lip"] > 0.1
    assert change(eyelids=1.0)["lid"] < -0.05
    assert change(brows=1.0)["brow"] > 0.02 and change(brows=-1.0)["brow"] < -0.01


def test_people_differ_as_they_should():
    head = load_head(128)
    jaw = (head.masks[:, PAINTS.index("beard")] > 0.5) & (head.vertices[:, 1] > -0.3)

    def width(**given):
        return np.quantile(np.abs(person(head, **given)[0][jaw, 0]), 0.95)

    assert width(weight=1.0) > width() + 0.03 and width() > width(weight=0.0) + 0.02
    assert width(sex=1.0) > width(sex=0.0)
    shapes = [person(head, **{name: end})[0] for name in IDENTITIES for end in (-1.0, 1.0)]
    skin = (head.rigid == 1) & (head.material == Material.SKIN)
    for low, high in zip(shapes[::2], shapes[1::2], strict=True):
        assert np.linalg.norm(high - low, axis=1)[skin].max() > 0.03


@pytest.mark.parametrize("level", (32, 64, 256))
def test_corners_of_the_space_turn_few_triangles_over(level):
    """Corners of identity, age and expression fold under 1.5 % of the skin facing the viewer."""
    head, rng, n = load_head(level), np.random.default_rng(1), 60
    drawn = {name: rng.choice([-1.0, 1.0], n) for name in IDENTITIES}
    drawn |= {
        "sex": rng.integers(0, 2, n),
        "age": rng.choice([18.0, 85.0], n),
        "weight": rng.integers(0, 2, n),
    }
    drawn |= {
        "african": rng.integers(0, 2, n),
        "asian": rng.integers(0, 2, n),
        "expression": np.arange(n) % len(EXPRESSIONS),
    }
    drawn |= {"mouth_open": rng.random(n), "eyelids": rng.random(n), "brows": rng.uniform(-1, 1, n)}
    rest = normals(head.vertices, head.faces)
    size = np.linalg.norm(rest, axis=1)
    front = (head.material[head.faces] == Material.SKIN).all(1) & (rest[:, 2] > 0.35 * size)
    front &= head.vertices[head.faces][:, :, 2].mean(1) > 0.4
    for row in coefficients(columns(n, **drawn)):
        now = normals(shape(head, row)[0], head.faces[front])
        turned = np.sum(now * rest[front], 1) < 0
        area = np.linalg.norm(now, axis=1)
        assert area[turned].sum() < 0.015 * area.sum()


def test_masks_lie_where_their_names_say(head):
    """Centres of the masks, in decimetres from the origin."""
    place = {
        "lips": (0.12, -0.02), "cheeks": (0.4, 0.33), "nose": (0.0, 0.3), "ears": (0.85, 0.5),
        "undereye": (0.3, 0.55),
        "brow": (0.33, 0.84), "beard": (0.32, -0.15), "moustache": (0.1, 0.13),
        "lashline": (0.3, 0.7),
    }  # fmt: skip
    for name, (x, y) in place.items():
        weights = head.masks[:, PAINTS.index(name)]
        assert weights.max() > 0.3, name
        centre = (
            np.average(np.abs(head.vertices[:, :1]), axis=0, weights=weights)[0],
            np.average(head.vertices[:, 1], weights=weights),
        )
        assert np.hypot(centre[0] - x, centre[1] - y) < 0.15, (name, centre)


def test_clothes_teeth_and_mouth_are_where_they_belong(head):
    y = head.vertices[:, 1]
    assert (
        y[head.material == Material.CLOTH].max() < -0.4
        and (head.rigid[head.material == Material.CLOTH] < 0.5).all()
    )
    assert (head.rigid[head.material == Material.TEETH] == 1).all() and np.abs(
        y[head.material == Material.TEETH]
    ).max() < 0.3
    chin = (head.vertices[:, 2] > 1.0) & (y > -0.5)
    assert (head.rigid[chin] == 1).all()


def test_coefficients_are_multilinear_in_the_person():
    names = load_head(32).basis_names
    at = {name: k for k, name in enumerate(names)}
    corner = [k for name, k in at.items() if name.endswith(("_young", "_old"))]
    assert len(corner) == 12
    rng = np.random.default_rng(2)
    given = {name: rng.random(50) for name in ("sex", "weight", "african", "asian")} | {
        "age": rng.uniform(18, 85, 50)
    }
    row = coefficients(columns(50, **given))
    assert row.dtype == np.float32 and row.shape == (50, len(names)) and np.isfinite(row).all()
    assert np.allclose(row[:, corner].sum(1), 1, atol=1e-6)
    old = coefficients(columns(age=85.0, sex=0.0, african=1.0, asian=0.7))[0]
    assert (
        old[at["african_female_old"]] == pytest.approx(60 / 65) and old[at["asian_female_old"]] == 0
    )
    assert (coefficients(columns(weight=0.5))[0][[at["thin_male"], at["heavy_female"]]] == 0).all()
    assert coefficients(columns(weight=1.0, sex=1.0))[0][at["heavy_male"]] == 1


def test_combined_expressions_do_not_add_up_beyond_the_face():
    at = {name: k for k, name in enumerate(load_head(32).basis_names)}
    both = coefficients(
        columns(expression=EXPRESSIONS.index("laugh"), mouth_open=1.0, eyelids=1.0)
    )[0]
    assert both[at["laugh"]] == 1 and both[at["mouth_open"]] < 0.5 and both[at["eyes_closed"]] < 0.7
    half = coefficients(columns(eyelids=0.5, age=25.0))[0]
    assert half[at["eyes_closed"]] == pytest.approx(0.5 - 0.5 * WIDE) and half[at["lids_half"]] == 1
    closed = coefficients(columns(eyelids=1.0))[0]
    assert closed[at["eyes_closed"]] == 1 and closed[at["lids_half"]] == 0
    faint = coefficients(columns(expression=EXPRESSIONS.index("sad"), intensity=0.25))[0]
    assert faint[at["sad"]] == 0.25 and faint[at["smile"]] == 0


def test_a_row_does_not_depend_on_the_others():
    rng = np.random.default_rng(3)
    many = columns(
        33,
        sex=rng.random(33),
        age=rng.uniform(18, 85, 33),
        expression=rng.integers(0, 8, 33),
        eyelids=rng.random(33),
    )
    whole = coefficients(many)
    for k in (0, 7, 32):
        alone = coefficients({name: column[k : k + 1] for name, column in many.items()})
        assert alone.tobytes() == whole[k : k + 1].tobytes()


def test_a_missing_column_is_named():
    given = columns()
    del given["brows"]
    with pytest.raises(KeyError, match="brows"):
        coefficients(given)
