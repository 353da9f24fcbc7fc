import subprocess
import sys

import numpy as np
import pytest
import torch

from pe_host.embeddings import feature_net, pixels, simulator_features, training
from pe_host.embeddings.preprocessing import IMAGES, Size
from pe_host.embeddings.simulator_features import FeatureOptions
from pe_sdk import (
    PARAMETERS_KNOWN,
    CannotMake,
    Categorical,
    Float,
    NoOptions,
    OutputSpec,
    ParameterSpace,
    Samples,
    parse_options,
    random,
)

OUTPUT = OutputSpec.image(12, 12)
PICTURES = IMAGES
SPACE = ParameterSpace(
    {"row": Float(1, 11), "width": Float(1, 4, log=True), "side": Categorical(("left", "right"))}
)
OPTIONS = FeatureOptions(width=4, dim=16, steps=120, again=40)


def bars(n, stream="bars"):
    """Class 0 has a horizontal bar, class 1 a vertical one; its place and width are parameters."""
    seeds = random.derive(0, stream, n)
    params, labels = SPACE.sample(seeds), random.integers(seeds, "label", 2)
    across = np.abs(np.arange(12) - params["row"][:, None]) < params["width"][:, None]
    pictures = np.repeat(across[:, :, None], 12, axis=2)
    pictures = np.where(labels[:, None, None] == 0, pictures, pictures.transpose(0, 2, 1))
    half = (np.arange(12) < 6)[None, None, :] == (params["side"] == 0)[:, None, None]
    return Samples(
        (pictures * np.where(half, 255, 120)).astype(np.uint8)[..., None], labels, params
    )


@pytest.fixture(scope="module")
def trained():
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    return embedding.with_weights(embedding.fit(bars(2000), SPACE, 2, seed=1))


def test_pixels_keep_distances_and_stay_in_the_ball():
    data = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 1), dtype=np.uint8)
    vectors = pixels.make(OUTPUT, NoOptions()).embed(data)
    assert vectors.dtype == np.float32 and np.linalg.norm(vectors, axis=1).max() <= 1
    ends = pixels.make(OUTPUT, NoOptions()).embed(
        np.stack([np.zeros_like(data[0]), np.full_like(data[0], 255)])
    )
    assert np.linalg.norm(ends, axis=1) == pytest.approx(1, abs=1e-6)
    flat = data.reshape(50, -1).astype(float)
    expected = np.linalg.norm(flat[:1] - flat, axis=1) / (127.5 * 12)
    assert np.linalg.norm(vectors[:1] - vectors, axis=1) == pytest.approx(expected, abs=1e-5)


def test_features_are_unit_vectors_that_separate_the_classes(trained):
    # Fails if the net is not trained: the nearest neighbour is then of either class equally often.
    reference, queries = bars(600), bars(300, "queries")
    a, b = trained.embed(reference.data), trained.embed(queries.data)
    assert a.shape == (600, 16) and np.linalg.norm(a, axis=1) == pytest.approx(1, abs=1e-5)
    nearest = np.argmax(b @ a.T, axis=1)
    assert (reference.labels[nearest] == queries.labels).mean() > 0.95


def test_parameters_count_more_while_labels_cannot_be_read():
    examples = bars(64)
    targets = training.targets_of(examples, SPACE, 2)
    learner = training._TrainingNet(Size((12, 12, 1), 4, 16, 32), targets).eval()
    pictures, numbers, codes = (
        PICTURES.to_tensor(examples.data),
        torch.tensor(targets.numbers),
        torch.tensor(targets.codes),
    )
    labels = torch.zeros(64, dtype=torch.int64)
    torch.nn.init.zeros_(learner.label_head.weight)
    shares = []
    # A guess, and the least loss that smoothing allows: log(0.975 / 0.025).
    for bias in ([0.0, 0.0], [3.66, 0.0]):
        learner.label_head.bias = torch.nn.Parameter(torch.tensor(bias))
        of_labels = torch.nn.functional.cross_entropy(
            torch.tensor([bias] * 64), labels, label_smoothing=training.SMOOTHING
        )
        shares.append(
            (
                learner.loss(pictures, labels, numbers, codes, torch.ones(64, dtype=torch.bool))
                - of_labels
            ).item()
        )
    assert shares[0] == pytest.approx(10 * shares[1], rel=0.01)


def test_nothing_is_learnt_from_parameters_that_are_not_known():
    """Sets that differ in unknown parameters only give the same weights; in known ones, others.

    Fails if PARAMETERS_KNOWN is ignored.
    """
    examples = bars(500)
    embedding = simulator_features.make(OUTPUT, FeatureOptions(width=4, dim=16, steps=20))
    shuffled = {name: column[::-1].copy() for name, column in examples.state.items()}

    def fit(known, state):
        state = {
            name: np.where(known, examples.state[name], column) for name, column in state.items()
        }
        return embedding.fit(
            Samples(examples.data, examples.labels, {**state, PARAMETERS_KNOWN: known}),
            SPACE,
            2,
            seed=1,
        )

    half = np.arange(500) % 2 == 0
    for known in (half, np.zeros(500, np.bool_)):
        one, other = fit(known, examples.state), fit(known, shuffled)
        assert all(np.array_equal(one[name], other[name]) for name in one)
    every = embedding.fit(examples, SPACE, 2, seed=1)
    assert any(not np.array_equal(every[name], fit(half, examples.state)[name]) for name in every)


def test_parameters_count_by_the_share_of_rows_that_have_them():
    # Fails if the mean over the known rows has the full weight: one row would count as much as a
    # whole batch.
    examples = bars(64)
    targets = training.targets_of(examples, SPACE, 2)
    learner = training._TrainingNet(Size((12, 12, 1), 4, 16, 32), targets).eval()
    torch.nn.init.zeros_(learner.label_head.weight)
    arguments = [
        torch.cat([half[:32], half[:32]])
        for half in (
            PICTURES.to_tensor(examples.data),
            *map(torch.tensor, (targets.labels, targets.numbers, targets.codes)),
        )
    ]
    losses = [learner.loss(*arguments, torch.arange(64) < count).item() for count in (0, 32, 64)]
    assert (
        losses[2] - losses[0] == pytest.approx(2 * (losses[1] - losses[0]), rel=1e-3)
        and losses[2] > losses[0]
    )


def test_what_is_unread_of_labels_runs_from_one_to_nothing():
    assert training.unread(np.log(10), 10) == pytest.approx(1)
    spread = np.full(10, training.SMOOTHING / 10)
    spread[0] += 1 - training.SMOOTHING
    assert training.unread(float(-(spread * np.log(spread)).sum()), 10) == pytest.approx(0)
    assert training.unread(0.0, 1) == 1


def test_training_is_a_function_of_its_arguments():
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    fits = [embedding.fit(bars(500), SPACE, 2, seed) for seed in (1, 1, 2)]
    assert all(np.array_equal(fits[0][name], fits[1][name]) for name in fits[0])
    assert not all(np.array_equal(fits[0][name], fits[2][name]) for name in fits[0])


def test_training_again_goes_on_from_the_weights(trained):
    """Otherwise a retraining of few steps would discard what was learnt before."""
    start = trained.fit(bars(2000), SPACE, 2, seed=2)
    one = simulator_features.make(
        OUTPUT, FeatureOptions(width=4, dim=16, steps=120, again=1)
    ).with_weights(start)
    moved = one.fit(bars(500), SPACE, 2, seed=3)
    assert start.keys() == moved.keys()
    assert 0 < max(np.abs(start[name] - moved[name]).max() for name in start) < 1e-3
    assert any(np.abs(start[name]).max() > 0.1 for name in start)


def test_training_again_on_other_images_fits_them(trained):
    """The few steps of a retraining are enough, and needed, to learn negatives of the images."""
    negatives = Samples(255 - bars(2000).data, bars(2000).labels, bars(2000).state)
    again = trained.with_weights(trained.fit(bars(2000), SPACE, 2, seed=2))
    after = again.with_weights(again.fit(negatives, SPACE, 2, seed=3))
    queries = bars(300, "queries")

    def right(embedding):
        a, b = embedding.embed(negatives.data[:600]), embedding.embed(255 - queries.data)
        return (negatives.labels[np.argmax(b @ a.T, axis=1)] == queries.labels).mean()

    assert right(after) > 0.95


def test_large_pictures_are_averaged_down_and_the_rest_of_an_edge_is_cut():
    data = np.random.default_rng(0).integers(0, 256, (3, 9, 6, 2), dtype=np.uint8)
    small = PICTURES.shrink(data, 2)
    expected = np.rint(data[:, :8].reshape(3, 4, 2, 3, 2, 2).mean(axis=(2, 4)))
    assert small.dtype == np.uint8 and np.array_equal(small, expected)
    assert PICTURES.shrink(data, 1) is data
    sizes = [Size((side, 2 * side, 3), 16, 64, 32).factor for side in (8, 63, 64, 95, 128, 256)]
    assert sizes == [1, 1, 2, 2, 4, 8]


@pytest.mark.parametrize("factor", [2, 3, 5, 7, 16, 200])
def test_averages_are_those_of_torch_bit_for_bit(factor):
    """Halves are rounded to even, as torch rounds them; white pictures have the largest sums."""
    data = np.random.default_rng(factor).integers(0, 256, (9, 401, 203, 3), dtype=np.uint8)
    data[0], data[1] = 255, np.indices((401, 203)).sum(0)[..., None] % 2 * 255
    pooled = torch.nn.functional.avg_pool2d(
        torch.from_numpy(data).permute(0, 3, 1, 2).to(torch.float32), factor
    )
    expected = pooled.round_().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(PICTURES.shrink(data, factor), expected)


def test_the_cost_of_large_pictures_is_about_that_of_small_ones():
    """Counts the arithmetic of the net.

    Images of 64 x 64 once took ten times as much, which made a run last many minutes.
    """

    def weights(side):
        body = feature_net.make_body(Size((side, side, 3), 16, 64, 32))
        return [tuple(tensor.shape) for tensor in body.state_dict().values()]

    assert weights(32) == weights(64) == weights(128)


def test_spoilt_pictures_differ_each_in_its_own_way_and_stay_near_the_truth():
    import torch

    pictures = torch.from_numpy(bars(200).data).permute(0, 3, 1, 2) / 255
    torch.manual_seed(3)
    spoilt = PICTURES.augment(pictures, 1.0)
    assert spoilt.shape == pictures.shape
    assert len(torch.unique((spoilt - pictures).abs().mean((1, 2, 3)))) == 200
    moved_back = torch.stack(
        [torch.roll(spoilt, (v, h), (2, 3)) for v in (-1, 0, 1) for h in (-1, 0, 1)]
    )
    off = (moved_back - pictures).abs().mean((2, 3, 4)).min(dim=0).values
    assert 0.01 < off.mean() < 0.15 and off.max() < 0.3
    assert torch.equal(PICTURES.augment(pictures, 0), pictures)


def test_training_sees_spoilt_pictures_where_it_is_asked_to():
    fits = []
    for spoil in (0.0, 1.0):
        options = FeatureOptions(width=4, dim=16, steps=1, spoil=spoil)
        fits.append(simulator_features.make(OUTPUT, options).fit(bars(200), SPACE, 2, seed=1))
    assert not np.array_equal(fits[0]["body.0.weight"], fits[1]["body.0.weight"])


def test_training_leaves_the_global_generator_alone():
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    simulator_features.make(OUTPUT, OPTIONS).fit(bars(200), None, 2, seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_a_vector_depends_on_its_own_record_alone(trained):
    """Bit for bit, in blocks of one size, so that no record can move the vote of another."""
    data = bars(256).data
    whole = trained.embed(data)
    order = np.random.default_rng(0).permutation(256)
    assert np.array_equal(trained.embed(data[order]), whole[order])
    half = np.where((np.arange(256) % 2 == 0)[:, None, None, None], data, 0)
    assert np.array_equal(trained.embed(half)[::2], whole[::2])


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 48, 3), (128, 128, 3)])
def test_all_shapes_of_images(shape):
    output = OutputSpec("image", shape, "uint8")
    embedding = simulator_features.make(output, FeatureOptions(steps=2))
    data = np.random.default_rng(0).integers(0, 256, (130, *shape), dtype=np.uint8)
    weights = embedding.fit(Samples(data, np.arange(130) % 3), None, 3, 0)
    assert embedding.with_weights(weights).embed(data[:5]).shape == (5, 64)


def test_what_cannot_be_made_says_so():
    with pytest.raises(CannotMake, match="8 x 8"):
        simulator_features.make(OutputSpec.image(4, 4), OPTIONS)
    with pytest.raises(CannotMake, match="8 steps"):
        simulator_features.make(OutputSpec.series(7, 2), OPTIONS)
    with pytest.raises(CannotMake, match="uint8"):
        pixels.make(OutputSpec.series(5, 2), NoOptions())


def test_options_have_bounds():
    with pytest.raises(Exception, match="dim in 2"):
        parse_options(FeatureOptions, {"dim": "1"})


def test_weights_of_another_net_are_refused(trained):
    embedding = simulator_features.make(OUTPUT, FeatureOptions(width=8, dim=16))
    with pytest.raises(ValueError, match="do not fit"):
        embedding.with_weights({"0.weight": np.zeros((1, 1, 3, 3), np.float32)})
    with pytest.raises(RuntimeError, match="no weights"):
        embedding.embed(np.zeros((1, 12, 12, 1), np.uint8))


def test_specs_load_without_torch():
    code = (
        "import pe_host.embeddings.pixels, pe_host.embeddings.simulator_features, sys\n"
        "print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def paired_bars(n, stream):
    """Bars of one class, each followed by one with almost its parameters in another light."""
    seeds = random.derive(0, stream, n)
    params = SPACE.sample(seeds)
    params["width"][:] = 2.0
    moved = SPACE.vary(params, {"row": 0.02, "*": 0.0}, seeds)
    both = {name: np.stack([params[name], moved[name]], axis=1).ravel() for name in params}
    across = np.clip(
        both["width"][:, None] - np.abs(np.arange(12) - both["row"][:, None]) + 0.5, 0, 1
    )
    light = 60 + 195 * random.uniforms(random.derive(0, f"{stream}/light", 2 * n), "light")
    data = (np.repeat(across[:, :, None], 12, axis=2) * light[:, None, None]).astype(np.uint8)[
        ..., None
    ]
    return Samples(data, np.zeros(2 * n, np.int64))


def retrieved(embedding):
    """Rank of the other row of a pair by similarity, as a share: 0 is first, 0.5 is chance."""
    samples = paired_bars(200, "queries")
    vectors = embedding.embed(samples.data)
    queries, others = vectors[::2], vectors[1::2]
    likeness = queries @ others.T
    return (likeness > np.diag(likeness)[:, None]).mean()


def test_without_parameters_or_labels_variations_are_told_from_other_pictures():
    # Fails without the contrast: a net that reads only one label learns nothing, and light
    # outweighs place.
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    trained = embedding.with_weights(embedding.fit(paired_bars(1000, "bars"), None, 1, seed=1))
    assert retrieved(trained) < 0.06


def test_the_contrast_is_that_of_the_paper():
    x = torch.eye(4)[[0, 0, 1, 1]] * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None]
    own, other = np.exp(1 / training.TEMPERATURE), 1.0
    apart = torch.tensor([0, 0, 1, 1])
    assert float(training.contrast(x, apart)) == pytest.approx(
        -np.log(own / (own + 2 * other)), rel=1e-5
    )
    crossed = torch.eye(4)[[0, 1, 0, 1]]
    assert float(training.contrast(crossed, apart)) == pytest.approx(
        -np.log(other / (own + 2 * other)), rel=1e-5
    )


def test_copies_of_an_image_are_not_distinguished():
    # Fails without groups: three pairs of one image then count as four mistakes in five.
    x = torch.eye(4)[[0, 0, 0, 0, 0, 0, 1, 1]]
    samples = bars(8)
    copies = Samples(samples.data[[0, 1, 0, 2, 0, 3, 4, 5]], np.zeros(8, np.int64))
    groups = training.targets_of(copies, None, 1).groups
    assert groups.tolist() == [0] * 6 + [1, 1]
    own = np.exp(1 / training.TEMPERATURE)
    expected = (6 * -np.log(own / (own + 2)) + 2 * -np.log(own / (own + 6))) / 8
    assert float(training.contrast(x, torch.tensor(groups))) == pytest.approx(expected, rel=1e-5)


def test_a_batch_of_pairs_holds_whole_pairs_once():
    torch.manual_seed(0)
    rows = training._batch(300, pairs=True)
    assert len(rows) == training.BATCH == len(set(rows.tolist()))
    assert (rows[::2] % 2 == 0).all() and (rows[1::2] == rows[::2] + 1).all()
