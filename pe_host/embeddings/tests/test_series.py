"""Embeddings of records other than images: series by the net, any kind by its values."""

import numpy as np
import pytest

from pe_host.embeddings import simulator_features, values
from pe_host.embeddings.preprocessing import SERIES, Size
from pe_host.embeddings.simulator_features import FeatureOptions, takes
from pe_host.privacy.embed import check_independent
from pe_sdk import Feature, Float, NoOptions, OutputSpec, ParameterSpace, Samples, random

OUTPUT = OutputSpec.series(60, ["load", "delay"])
SPACE = ParameterSpace({"period": Float(4, 30, log=True), "height": Float(1, 3)})
OPTIONS = FeatureOptions(width=8, dim=16, steps=250, again=40)


def waves(n, stream="waves"):
    """Class 0 has a wave in the first feature, class 1 in the second, a thousand times as large."""
    seeds = random.derive(0, stream, n)
    params, labels = SPACE.sample(seeds), random.integers(seeds, "label", 2)
    phase = random.uniforms(seeds, "phase")[:, None]
    wave = params["height"][:, None] * np.sin(
        2 * np.pi * (np.arange(60) / params["period"][:, None] + phase)
    )
    noise = 0.3 * random.normals(seeds, "noise", size=60)
    data = np.where(
        (labels == 0)[:, None, None], np.stack([wave, noise], 2), np.stack([noise, wave], 2)
    )
    return Samples((data * [1, 1000]).astype(np.float32), labels, params)


@pytest.fixture(scope="module")
def trained():
    embedding = simulator_features.make(OUTPUT, OPTIONS)
    return embedding.with_weights(embedding.fit(waves(2000), SPACE, 2, seed=1))


def test_features_of_series_separate_classes_and_periods_whatever_their_units(trained):
    # Fails without the common scale: the second feature then drowns the first.
    reference, queries = waves(1500), waves(300, "queries")
    a, b = trained.embed(reference.data), trained.embed(queries.data)
    assert a.shape == (1500, 16) and np.linalg.norm(a, axis=1) == pytest.approx(1, abs=1e-5)
    nearest = np.argmax(b @ a.T, axis=1)
    assert (reference.labels[nearest] == queries.labels).mean() > 0.95
    periods = [np.log(samples.state["period"]) for samples in (reference, queries)]
    error = np.abs(periods[0][nearest] - periods[1]).mean()
    assert error < 0.3 * np.abs(periods[1] - periods[1].mean()).mean()


def test_a_vector_depends_on_its_record_alone(trained):
    check_independent(trained, OUTPUT.shape, np.dtype(OUTPUT.dtype))


def test_the_scale_stays_what_the_first_examples_gave(trained):
    again = trained.fit(
        Samples(waves(400).data * 7, waves(400).labels, waves(400).state), SPACE, 2, seed=2
    )
    first = trained.fit(waves(400), SPACE, 2, seed=2)
    assert np.array_equal(again["body.0.spread"], first["body.0.spread"])
    assert first["body.0.spread"].ravel()[1] > 100 * first["body.0.spread"].ravel()[0]


def test_a_record_without_finite_values_has_no_finite_vector(trained):
    """The grid turns such a vector into zeros, so the record votes by a fixed rule."""
    data = waves(4).data
    data[1, 3, 0], data[2, 5, 1] = np.nan, np.inf
    finite = np.isfinite(trained.embed(data)).all(axis=1)
    assert finite[[0, 3]].all() and not finite[1]


@pytest.mark.parametrize(("steps", "features"), [(8, 1), (9, 3), (96, 2), (1000, 5)])
def test_all_lengths_of_series(steps, features):
    output = OutputSpec.series(steps, features)
    embedding = simulator_features.make(output, FeatureOptions(steps=2))
    data = np.random.default_rng(0).normal(size=(130, steps, features)).astype(np.float32)
    weights = embedding.fit(Samples(data, np.arange(130) % 3), None, 3, 0)
    assert embedding.with_weights(weights).embed(data[:5]).shape == (5, 64)


def test_long_series_are_averaged_down():
    data = np.random.default_rng(0).normal(size=(3, 11, 2)).astype(np.float32)
    small = SERIES.shrink(data, 5)
    assert small.dtype == np.float32
    assert small == pytest.approx(data[:, :10].reshape(3, 2, 5, 2).mean(2), abs=1e-6)
    assert [Size((steps, 2), 16, 64, 32, "series").factor for steps in (8, 255, 256, 1000)] == [
        1,
        1,
        2,
        7,
    ]


def test_spoilt_series_differ_each_in_its_own_way_and_stay_near_the_truth():
    import torch

    preprocessor, data = SERIES, waves(200).data
    torch.manual_seed(3)
    spoilt = preprocessor.augment(preprocessor.to_tensor(data), 1.0).permute(0, 2, 1).numpy()
    assert spoilt.shape == data.shape
    change = np.abs(spoilt - data).mean((1, 2)) / data.std((1, 2))
    assert change.min() > 0 and change.max() < 1 and len(set(change)) == 200
    assert np.array_equal(
        preprocessor.augment(preprocessor.to_tensor(data), 0).permute(0, 2, 1).numpy(), data
    )


def test_what_the_net_takes():
    assert takes(OUTPUT) and takes(OutputSpec.image(8, 8)) and not takes(OutputSpec.series(7, 3))
    assert not takes(OutputSpec("graph", (20, 20), "bool"))


@pytest.mark.parametrize(
    "output",
    [
        OUTPUT,
        OutputSpec.image(6, 6, 3),
        OutputSpec("graph", (5, 5), "bool"),
        OutputSpec("table", (3,), "int64"),
    ],
)
def test_values_of_any_kind_lie_in_the_ball_and_keep_their_order(output):
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(200, *output.shape)) * 50 + 100).astype(output.dtype)
    start = values.make(output, NoOptions())
    embedding = start.with_weights(start.fit(Samples(data, np.zeros(200, np.int64)), None, 1, 0))
    vectors = embedding.embed(data)
    assert vectors.dtype == np.float32 and vectors.shape == (200, np.prod(output.shape)) == (
        200,
        embedding.dim,
    )
    assert np.linalg.norm(vectors, axis=1).max() <= 1 + 1e-6
    first = data.reshape(200, -1)[:, 0].astype(float)
    assert (np.diff(vectors[np.argsort(first), 0]) >= 0).all()
    check_independent(embedding, output.shape, np.dtype(output.dtype))


def test_declared_ranges_are_the_scale_of_values_and_learnt_once():
    output = OutputSpec.series(2, [Feature("load", low=0, high=10), "free"])
    start = values.make(output, NoOptions())
    data = np.array([[[3, 1], [3, 3]], [[3, 1], [3, 3]]], np.float32)
    weights = start.fit(Samples(data, np.zeros(2, np.int64)), None, 1, 0)
    assert weights["centre"].tolist() == [5, 2] and weights["reach"].tolist() == [5, 3]
    made = start.with_weights(weights)
    ends = made.embed(np.array([[[0, 2], [10, 2]], [[-90, 5], [90, 2]]], np.float32)) * 2
    assert ends == pytest.approx(np.array([[-1, 0, 1, 0], [-1, 1, 1, 0]]), abs=1e-6)
    assert made.examples_again == 0, "so the host does not fit it again"
    with pytest.raises(ValueError, match="do not fit"):
        values.make(OutputSpec.series(2, 3), NoOptions()).with_weights(weights)
