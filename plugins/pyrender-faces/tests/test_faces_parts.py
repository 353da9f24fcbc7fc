import numpy as np
import pytest

from pe_pyrender_faces.coefficients import EXPRESSIONS, coefficients
from pe_pyrender_faces.head import LEVELS, PAINTS, Material, load_head
from pe_pyrender_faces.parts import (
    BROWS,
    FACIAL_HAIR,
    GLASSES,
    HAIR,
    MESHLESS,
    SHADE,
    SLOTS,
    OtherHead,
    head_digest,
    load_parts,
    meshes,
    pack,
    place,
    unpack,
)

pytestmark = pytest.mark.slow  # renders every part at every size

BACKGROUND, SKIN, PART = 0, 1, 2
VIEWS = (0.0, 0.5, -0.5)
"""Yaw in radians, about as far as a portrait turns."""


def people(count, **fixed):
    """Heads from all over the space, as vertices [count, V, 3] by level."""
    rng = np.random.default_rng(8)
    columns = {
        name: rng.random(count)
        for name in ("sex", "weight", "african", "asian", "intensity", "mouth_open", "eyelids")
    }
    columns |= {"age": rng.uniform(18, 85, count), "brows": rng.uniform(-1, 1, count)}
    columns |= {f"identity_{k}": rng.uniform(-1, 1, count) for k in range(1, 11)}
    columns |= {"expression": rng.integers(0, len(EXPRESSIONS), count)}
    columns |= {name: np.full(count, value) for name, value in fixed.items()}
    return coefficients(columns)


def shaped(level, row):
    head = load_head(level)
    return head.vertices + np.einsum("b,bvi->vi", row, head.basis)


def draw(layers, yaw=0.0, size=96):
    """Labels [size, size] of the visible layers.

    Each layer is (vertices, faces, label); a triangle has one depth, and back faces are culled.
    The view is orthographic, 3.2 dm wide, and drawn independently of the plugin's renderers: 91
    points on each triangle, farthest first. A triangle of more than about 10 pixels shows gaps, so
    coarse levels are drawn small.
    """
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    triangles, labels = [], []
    for vertices, faces, label in layers:
        x, y, z = np.moveaxis((vertices @ turn.T)[faces], 2, 0)
        ahead = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) > (y[:, 1] - y[:, 0]) * (
            x[:, 2] - x[:, 0]
        )
        triangles.append(np.stack([x[ahead], y[ahead], z[ahead]]))
        labels.append(np.full(ahead.sum(), label))
    x, y, z = np.concatenate(triangles, axis=1)
    order = np.argsort(z.mean(1), kind="stable")
    across = np.floor((x[order] @ WEIGHTS / 3.2 + 0.5) * size).astype(int)
    down = np.floor((0.72 - y[order] @ WEIGHTS / 3.2) * size).astype(int)
    seen = (across >= 0) & (across < size) & (down >= 0) & (down < size)
    drawn = np.broadcast_to(np.concatenate(labels)[order][:, None], seen.shape)
    picture = np.zeros(size * size, int)
    picture[(down * size + across)[seen]] = drawn[seen]
    return picture.reshape(size, size)


def barycentric(steps):
    """Weights [3, points] of points on a triangle, on a grid with this number of steps a side."""
    i, j = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1))
    inside = i + j <= steps
    return np.stack([i[inside], j[inside], steps - i[inside] - j[inside]]) / steps


WEIGHTS = barycentric(12)


def named(level, slot):
    return [
        (name, part)
        for name, part in zip(SLOTS[slot], getattr(load_parts(level), slot), strict=True)
        if part is not None
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_every_name_has_its_mesh_and_its_arrays_are_sound(level):
    head, parts = load_head(level), load_parts(level)
    assert len(HAIR) >= 13 and HAIR[0] == "bald"
    for slot, names in SLOTS.items():
        slots = getattr(parts, slot)
        assert len(slots) == len(names)
        assert {
            name for name, part in zip(names, slots, strict=True) if part is None
        } == MESHLESS & set(names)
    for part in meshes(parts):
        count = len(part.anchors)
        assert (
            part.anchors.dtype == np.int32
            and part.anchors.min() >= 0
            and part.anchors.max() < len(head.vertices)
        )
        assert part.faces.dtype == np.int32 and part.faces.min() == 0 and part.faces.max() < count
        assert (np.sort(part.faces, axis=1)[:, 1:] != np.sort(part.faces, axis=1)[:, :-1]).all()
        assert np.allclose(part.weights.sum(1), 1, atol=2e-3) and np.isfinite(part.offset).all()
        assert part.shade.min() >= SHADE[0] - 1e-6 and part.shade.max() <= SHADE[1] + 1e-6
        assert part.rigid.min() >= 0 and part.rigid.max() <= 1
        assert set(np.unique(part.tint)) <= {0, 1, 2, 3} and part.hides.shape == (len(head.faces),)
        arrays = [value for value in vars(part).values() if isinstance(value, np.ndarray)]
        assert len(arrays) == 8 and not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize(("level", "budget"), [(32, 900), (64, 2000), (128, 5000), (256, 14_000)])
def test_triangles_are_few_enough(level, budget):
    assert max(len(part.faces) - part.hides.sum() for part in meshes(load_parts(level))) < budget


def scalp_seen(level, part, vertices, hair):
    """Visible share of the scalp's pixels under the hair, if it is drawn although skippable."""
    head = load_head(level)
    ear = head.masks[:, PAINTS.index("ears")][head.faces].max(1) > 0.5
    scalp = part.hides & ~ear
    layers = [
        (hair, part.faces, PART),
        (vertices, head.faces[~part.hides], SKIN),
        (vertices, head.faces[scalp], 3),
    ]
    seen = alone = 0
    for yaw in VIEWS:
        alone += (draw(layers[1:], yaw) == 3).sum()
        seen += (draw(layers, yaw) == 3).sum()
    return seen / max(alone, 1)


@pytest.mark.slow
@pytest.mark.parametrize("level", [64, 128])
@pytest.mark.parametrize("name", HAIR[1:])
def test_no_shape_of_head_comes_through_the_hair(name, level):
    part = load_parts(level).hair[HAIR.index(name)]
    shares = []
    for row in people(8 if level == 64 else 2):
        vertices = shaped(level, row)
        shares.append(scalp_seen(level, part, vertices, place(part, vertices)))
    assert max(shares) < 0.02, f"{name}: {np.round(shares, 3)}"


def test_hair_without_its_offsets_would_let_the_scalp_through():
    """The measure of the test above detects a failure."""
    part = load_parts(64).hair[HAIR.index("buzz")]
    vertices = load_head(64).vertices
    assert scalp_seen(64, part, vertices, place(part, vertices) - part.offset) > 0.3


@pytest.mark.parametrize("slot", ["hair", "facial_hair"])
@pytest.mark.parametrize("level", [32, 64])
def test_no_holes_where_the_head_is_hidden(level, slot):
    head = load_head(level)
    for row in people(2):
        vertices = shaped(level, row)
        for yaw in VIEWS:
            whole = draw([(vertices, head.faces, SKIN)], yaw, size=48) != BACKGROUND
            for name, part in named(level, slot):
                layers = [
                    (vertices, head.faces[~part.hides], SKIN),
                    (place(part, vertices), part.faces, PART),
                ]
                dressed = draw(layers, yaw, size=48)
                assert (whole & (dressed == BACKGROUND)).sum() <= 1, name


def test_styles_differ_in_silhouette_and_hairline():
    head = load_head(64)
    pictures = {}
    for name, part in [("bald", None), *named(64, "hair")]:
        layers = [(head.vertices, head.faces, SKIN)]
        if part is not None:
            layers.append((place(part, head.vertices), part.faces, PART))
        pictures[name] = draw(layers, size=64)
    names = list(pictures)
    for i, one in enumerate(names):
        for other in names[:i]:
            differ = (pictures[one] != pictures[other]).sum()
            assert differ > 0.008 * 64 * 64, f"{one} and {other} differ in {differ} pixels"


@pytest.mark.parametrize("level", LEVELS)
def test_brows_are_not_swallowed_by_the_skin(level):
    head = load_head(level)
    for row in people(3):
        vertices = shaped(level, row)
        for name, part in named(level, "brows"):
            placed = place(part, vertices)
            alone = (draw([(placed, part.faces, PART)], size=192) == PART).sum()
            seen = (
                draw([(vertices, head.faces, SKIN), (placed, part.faces, PART)], size=192) == PART
            ).sum()
            assert seen > 0.8 * alone, f"{name}: {seen} of {alone}"


@pytest.mark.parametrize("kind", ["moustache", "goatee", "short_beard", "full_beard"])
def test_a_bearded_mouth_opens(kind):
    head, part = load_head(128), load_parts(128).facial_hair[FACIAL_HAIR.index(kind)]
    mouth = np.isin(head.material, [Material.TEETH, Material.MOUTH])[head.faces].all(1)
    lips = head.masks[:, PAINTS.index("lips")][head.faces].min(1) > 0.5
    for row in people(4, mouth_open=1.0, expression=0):
        vertices = shaped(128, row)
        bare = [
            (vertices, head.faces[~(mouth | lips)], SKIN),
            (vertices, head.faces[mouth | lips], 3),
        ]
        alone = (draw(bare, size=192) == 3).sum()
        seen = (draw([*bare, (place(part, vertices), part.faces, PART)], size=192) == 3).sum()
        assert seen > 0.8 * alone


@pytest.mark.parametrize("kind", [name for name in GLASSES if name != "none"])
def test_glasses_stay_before_the_face_and_beside_the_head(kind):
    head, part = load_head(128), load_parts(128).glasses[GLASSES.index(kind)]
    for row in people(8):
        vertices = shaped(128, row)
        skin = [(vertices, head.faces, SKIN)]
        frame = place(part, vertices)
        front = part.faces[(part.weights[part.faces][:, :, 2] < 0.05).all(1)]
        alone = (draw([(frame, front, PART)], size=192) == PART).sum()
        seen = (draw([*skin, (frame, front, PART)], size=192) == PART).sum()
        assert seen > 0.93 * alone, f"front: {seen} of {alone}"
        side = part.faces[(part.weights[part.faces][:, :, 2] < 0.8).all(1)]  # beyond lie the ears
        alone = (draw([(frame, side, PART)], yaw=-1.2, size=192) == PART).sum()
        seen = (draw([*skin, (frame, side, PART)], yaw=-1.2, size=192) == PART).sum()
        assert seen > 0.7 * alone, f"side: {seen} of {alone}"


def test_parts_survive_their_file():
    head, parts = load_head(32), load_parts(32)
    again = unpack(pack(parts, head), head)
    for one, other in zip(meshes(parts), meshes(again), strict=True):
        assert all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_parts_of_another_head_are_refused():
    head, other = load_head(32), load_head(64)
    assert head_digest(head) != head_digest(other)
    with pytest.raises(OtherHead, match="run tools/build_parts.py again"):
        unpack(pack(load_parts(32), head), other)
    with pytest.raises(ValueError, match="level"):
        load_parts(48)


def test_brows_are_as_named():
    """Thin is thinner than straight, bushy thicker, arched higher in the middle."""
    head = load_head(256)
    area, top = {}, {}
    for name, part in zip(BROWS, load_parts(256).brows, strict=True):
        placed = place(part, head.vertices)
        area[name] = (draw([(placed, part.faces, PART)], size=192) == PART).sum()
        top[name] = placed[:, 1].max()
    assert (
        area["thin"] < area["straight"] < area["bushy"] and top["arched"] > top["straight"] + 0.03
    )
