import numpy as np
import pytest
import torch

from pe_pyrender_faces import demo
from pe_pyrender_faces.coefficients import EXPRESSIONS
from pe_pyrender_faces.embedding import make
from pe_pyrender_faces.face_net import CLOSE_REACH, CLOSE_SIDE, SIDE, upright
from pe_pyrender_faces.reading import LAYOUT
from pe_pyrender_faces.space import SPACE
from pe_pyrender_faces.targets import targets
from pe_sdk import CannotMake, NoOptions, OutputSpec

LOCATION = "faces,records=512,part=test"


@pytest.fixture(scope="module")
def table():
    info = demo.describe(LOCATION)
    return demo.read(LOCATION, info.output, info.label_names)


def embedding(height=64, width=64, channels=3):
    return make(OutputSpec.image(height, width, channels), NoOptions())


def parts(vectors):
    """Readings restored from vectors: numbers in -1..1, and probabilities by name."""
    most = np.sqrt(LAYOUT.number_weights.sum() + sum(LAYOUT.choice_weights))
    count = len(LAYOUT.numbers)
    numbers = vectors[:, :count] * most / np.sqrt(LAYOUT.number_weights)
    edges = np.cumsum(LAYOUT.counts)[:-1]
    shares = np.split(vectors[:, count:], edges, axis=1)
    weighted = zip(LAYOUT.choices, shares, LAYOUT.choice_weights, strict=True)
    return numbers, {name: share * most / np.sqrt(weight) for name, share, weight in weighted}


def test_every_parameter_is_read_once():
    read = set(LAYOUT.numbers) | set(LAYOUT.choices)
    planes = {f"{name}_{axis}" for name in ("clothes", "background") for axis in ("cos", "sin")}
    hidden = {
        f"{name}_{part}" for name in ("clothes", "background") for part in ("hue", "saturation")
    }
    assert (read - planes) | hidden == set(SPACE)


def test_targets_run_over_the_range_of_each_parameter():
    low = {name: p.sample(np.zeros(1)) for name, p in SPACE.items()}
    high = {name: p.sample(np.full(1, 1 - 1e-12)) for name, p in SPACE.items()}
    plane = [name.endswith(("_cos", "_sin")) for name in LAYOUT.numbers]
    assert np.allclose(targets(low)[0][0][~np.array(plane)], -1)
    assert np.allclose(targets(high)[0][0][~np.array(plane)], 1)


def test_vectors_lie_in_the_unit_ball_and_hold_probabilities(table):
    vectors = embedding().embed(table.data[:256])
    assert vectors.shape == (256, LAYOUT.dim) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).max() <= 1
    for share in parts(vectors)[1].values():
        assert np.allclose(share.sum(axis=1), 1, atol=1e-3)


def test_a_vector_depends_on_its_picture_only(table):
    made = embedding()
    block = table.data[:256]
    order = np.random.default_rng(1).permutation(256)
    vectors = made.embed(block)
    assert np.array_equal(made.embed(block[order]), vectors[order])
    thinned = block.copy()
    thinned[::2] = 0
    assert np.array_equal(made.embed(thinned)[1::2], vectors[1::2])


def test_it_reads_faces_it_has_not_seen(table):
    """Degraded pictures of another population; random weights correlate below 0.2 (tried)."""
    read, shares = parts(
        np.concatenate([embedding().embed(half) for half in (table.data[:256], table.data[256:])])
    )
    true, codes = targets(table.parameters)
    for name, least in {
        "sex": 0.7,
        "skin": 0.8,
        "yaw": 0.8,
        "zoom": 0.5,
        "light_yaw": 0.6,
        "background_value": 0.8,
    }.items():
        column = LAYOUT.numbers.index(name)
        assert np.corrcoef(read[:, column], true[:, column])[0, 1] > least, name
    glasses = shares["glasses"][:, 0] < 0.5
    assert (glasses == (table.labels == 1)).mean() > 0.85
    laughs = codes[:, LAYOUT.choices.index("expression")] == EXPRESSIONS.index("laugh")
    likely = shares["expression"][:, EXPRESSIONS.index("laugh")]
    above = (likely[laughs][:, None] > likely[~laughs]).mean()  # area under the ROC curve
    assert above > 0.7
    hair = shares["hair"].argmax(axis=1)
    assert (hair == codes[:, LAYOUT.choices.index("hair")]).mean() > 0.6


def test_a_face_is_looked_at_upright():
    """The second look shows a turned pair of squares, bright and dark, one below the other."""
    for angle in (-40, 0, 25):
        turn = np.radians(angle)
        down = np.array([-np.sin(turn), np.cos(turn)])
        eyes, mouth = -0.2 * down, 0.2 * down
        y, x = np.mgrid[0:SIDE, 0:SIDE] * (2 / SIDE) - 1 + 1 / SIDE
        along, across = x * down[0] + y * down[1], x * down[1] - y * down[0]
        picture = np.where(np.maximum(abs(along - 0.2), abs(across)) < 0.1, 1.0, 0.0)
        picture -= np.where(np.maximum(abs(along + 0.2), abs(across)) < 0.1, 1.0, 0.0)
        pictures = torch.from_numpy(np.broadcast_to(picture, (1, 3, SIDE, SIDE)).astype(np.float32))
        seen = upright(pictures, torch.tensor([[*eyes, *mouth]], dtype=torch.float32))[0, 0].numpy()
        rows = (np.arange(CLOSE_SIDE) + 0.5) * (2 / CLOSE_SIDE) - 1
        for sign, place in ((1, 0.2), (-1, -0.2)):
            weight = np.maximum(sign * seen, 0)
            assert (
                abs((weight.sum(1) * rows).sum() / weight.sum() - place / (0.4 * CLOSE_REACH))
                < 0.03
            )
            assert abs((weight.sum(0) * rows).sum() / weight.sum()) < 0.03


def test_other_sizes_and_gray_are_read_alike(table):
    small = table.data[:256].reshape(256, 32, 2, 32, 2, 3).mean((2, 4)).astype(np.uint8)
    gray = np.rint(table.data[:256] @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    column = LAYOUT.numbers.index("yaw")
    yaw = parts(embedding().embed(table.data[:256]))[0][:, column]
    for made, data in ((embedding(32, 32), small), (embedding(64, 64, 1), gray)):
        assert np.corrcoef(parts(made.embed(data))[0][:, column], yaw)[0, 1] > 0.8


def test_pictures_it_cannot_read_are_refused():
    with pytest.raises(CannotMake, match="16 x 16"):
        embedding(8, 64, 3)
