import subprocess
import sys

import numpy as np
import pytest

from pe_host.embeddings import pixels, simulator_features
from pe_host.embeddings.simulator_features import FeatureOptions
from pe_sdk import (
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
SPACE = ParameterSpace({"row": Float(1, 11), "width": Float(1, 4, log=True), "side": Categorical(("left", "right"))})
OPTIONS = FeatureOptions(width=4, dim=16, steps=120)


def bars(n, stream="bars"):
    """Class 0 has a horizontal bar, class 1 a vertical one; its place and width are parameters."""
    seeds = random.derive(0, stream, n)
    params, labels = SPACE.sample(seeds), random.integers(seeds, "label", 2)
    across = np.abs(np.arange(12) - params["row"][:, None]) < params["width"][:, None]
    pictures = np.repeat(across[:, :, None], 12, axis=2)
    pictures = np.where(labels[:, None, None] == 0, pictures, pictures.transpose(0, 2, 1))
    half = (np.arange(12) < 6)[None, None, :] == (params["side"] == 0)[:, None, None]
    return Samples((pictures * np.where(half, 255, 120)).astype(np.uint8)[..., None], labels, params)


@pytest.fixture(scope="module")
def trained():
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    return embedding.with_weights(embedding.fit(bars(2000), SPACE, 2, seed=1))


def test_pixels_keep_distances_and_stay_in_the_ball():
    data = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 1), dtype=np.uint8)
    vectors = pixels.make(OUTPUT, NoOptions()).embed(data)
    assert vectors.dtype == np.float32 and np.linalg.norm(vectors, axis=1).max() <= 1
    ends = pixels.make(OUTPUT, NoOptions()).embed(np.stack([np.zeros_like(data[0]), np.full_like(data[0], 255)]))
    assert np.linalg.norm(ends, axis=1) == pytest.approx(1, abs=1e-6)
    flat = data.reshape(50, -1).astype(float)
    expected = np.linalg.norm(flat[:1] - flat, axis=1) / (127.5 * 12)
    assert np.linalg.norm(vectors[:1] - vectors, axis=1) == pytest.approx(expected, abs=1e-5)


def test_features_are_unit_vectors_that_separate_the_classes(trained):
    # Fails when the net is not trained: the nearest neighbour then is of the other class about as often.
    reference, queries = bars(600), bars(300, "queries")
    a, b = trained.embed(reference.data), trained.embed(queries.data)
    assert a.shape == (600, 16) and np.linalg.norm(a, axis=1) == pytest.approx(1, abs=1e-5)
    nearest = np.argmax(b @ a.T, axis=1)
    assert (reference.labels[nearest] == queries.labels).mean() > 0.95


def test_training_is_a_function_of_its_arguments():
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    fits = [embedding.fit(bars(500), SPACE, 2, seed) for seed in (1, 1, 2)]
    assert all(np.array_equal(fits[0][name], fits[1][name]) for name in fits[0])
    assert not all(np.array_equal(fits[0][name], fits[2][name]) for name in fits[0])


def test_training_leaves_the_global_generator_alone():
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    simulator_features.make(OUTPUT, OPTIONS).fit(bars(200), None, 2, seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_a_vector_depends_on_its_own_record_alone(trained):
    """Bit for bit, within blocks of one size: what lets no record move the vote of another."""
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
    with pytest.raises(CannotMake, match="uint8"):
        pixels.make(OutputSpec("series", (5, 2), "float32"), NoOptions())


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
    code = "import pe_host.embeddings.pixels, pe_host.embeddings.simulator_features, sys; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
