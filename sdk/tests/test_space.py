"""Sampling, variation, distance and JSON of parameter spaces."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pe_sdk import Categorical, Float, Int, ParameterSpace, random

SPACE = ParameterSpace(
    {
        "size": Float(1.0, 9.0),
        "zoom": Float(0.1, 10.0, log=True),
        "angle": Float(-180.0, 180.0, wrap=True),
        "count": Int(2, 6),
        "face": Categorical(("a", "b", "c", "d")),
    }
)
SEEDS = random.derive(3, "space", 20_000)
SAMPLE = SPACE.sample(SEEDS)


def test_samples_lie_inside_and_reach_the_whole_range():
    assert SPACE.contains(SAMPLE).all()
    for name, p in SPACE.items():
        values = SAMPLE[name]
        if isinstance(p, Float):
            unit = (
                np.log(values / p.low) / np.log(p.high / p.low)
                if p.log
                else (values - p.low) / (p.high - p.low)
            )
            assert np.all(np.histogram(unit, 20, (0, 1))[0] > 700)
        else:
            assert len(np.unique(values)) == (5 if isinstance(p, Int) else 4)


@given(degree=st.floats(0, 1))
def test_variations_lie_inside_and_move_no_further_than_degree(degree):
    varied = SPACE.vary(SAMPLE, degree, SEEDS)
    assert SPACE.contains(varied).all()
    for name in ("size", "zoom", "angle"):
        moved = SPACE[name].distance(SAMPLE[name], varied[name])
        assert moved.max() <= degree + 1e-9
    assert np.abs(varied["count"] - SAMPLE["count"]).max() <= np.rint(degree * 4)


def test_degree_zero_is_the_identity():
    varied = SPACE.vary(SAMPLE, 0.0, SEEDS)
    assert all(np.array_equal(varied[name], SAMPLE[name]) for name in SPACE)


def test_a_numerical_step_is_uniform_over_its_reach():
    # Fails if the step is normal, say, or one-sided: the histogram then has empty or heavy bins.
    start = {**SAMPLE, "size": np.full(len(SEEDS), 5.0)}
    step = SPACE.vary(start, 0.25, SEEDS)["size"] - 5.0
    counts = np.histogram(step, 20, (-2.0, 2.0))[0]
    assert counts.sum() == len(SEEDS)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_moves_past_an_end_come_back_by_reflection_or_around_the_circle():
    top = {name: np.full(len(SEEDS), getattr(p, "high", 0)) for name, p in SPACE.items()}
    varied = SPACE.vary(top, 0.2, SEEDS)
    counts = np.histogram(varied["size"], 20, (9.0 - 0.2 * 8, 9.0))[0]
    assert counts.sum() == len(SEEDS) and np.abs(counts - 1000).max() < 5 * np.sqrt(1000)
    assert (varied["angle"] < 0).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("degree", [0.05, 0.3, 1.0])
def test_variation_keeps_a_uniform_distribution_uniform(degree):
    # Fails if moves are clipped: after ten, the outer bins hold a multiple of their share.
    columns = SAMPLE
    for round in range(10):
        columns = SPACE.vary(columns, degree, random.derive(round, "again", len(SEEDS)))
    size, count = (columns["size"] - 1.0) / 8.0, columns["count"]
    for counts in (np.histogram(size, 20, (0, 1))[0], np.bincount(count - 2, minlength=5)):
        expected = len(SEEDS) / len(counts)
        assert np.abs(counts - expected).max() < 5.5 * np.sqrt(expected)


def test_a_category_is_redrawn_with_probability_degree():
    changed = SPACE.vary(SAMPLE, 0.4, SEEDS)["face"] != SAMPLE["face"]
    assert changed.mean() == pytest.approx(0.4 * 3 / 4, abs=0.02)


def test_degree_by_parameter():
    varied = SPACE.vary(SAMPLE, {"size": 0.5, "*": 0.0}, SEEDS)
    assert not np.array_equal(varied["size"], SAMPLE["size"])
    assert all(np.array_equal(varied[name], SAMPLE[name]) for name in SPACE if name != "size")


@pytest.mark.parametrize(
    ("degree", "says"),
    [
        (1.5, "0, 1"),
        (float("nan"), "0, 1"),
        ({"size": 0.1}, "no degree for"),
        ({"sise": 0.1, "*": 0}, "sise"),
    ],
)
def test_bad_degrees_are_refused(degree, says):
    with pytest.raises(ValueError, match=says):
        SPACE.vary(SAMPLE, degree, SEEDS)


def test_rows_do_not_depend_on_each_other():
    rows = np.random.default_rng(0).permutation(len(SEEDS))[:500]
    part = SPACE.vary({name: column[rows] for name, column in SAMPLE.items()}, 0.3, SEEDS[rows])
    whole = SPACE.vary(SAMPLE, 0.3, SEEDS)
    assert all(np.array_equal(part[name], whole[name][rows]) for name in SPACE)


def test_distance_grows_with_degree():
    means = [
        SPACE.distance(SAMPLE, SPACE.vary(SAMPLE, d, SEEDS)).mean() for d in (0.0, 0.1, 0.3, 1.0)
    ]
    assert means[0] == 0 and means == sorted(means) and means[-1] < 1


def test_json_round_trip():
    document = json.loads(json.dumps(SPACE.to_json()))
    assert document["schema"] == 1
    assert dict(ParameterSpace.from_json(document)) == dict(SPACE)


@pytest.mark.parametrize(
    "document",
    [
        {"schema": 2, "parameters": {}},
        {"schema": 1, "parameters": {"x": {"kind": "fuzzy"}}},
        {"parameters": {}},
    ],
)
def test_json_of_another_schema_is_refused(document):
    with pytest.raises(ValueError, match="schema|kind"):
        ParameterSpace.from_json(document)


def test_contains_sees_what_is_outside():
    bad = {name: column[:5].copy() for name, column in SAMPLE.items()}
    bad["size"][0], bad["zoom"][1] = 9.5, np.nan
    bad["count"], bad["face"] = bad["count"].astype(float), bad["face"].copy()
    bad["count"][2], bad["face"][3] = 2.5, 4
    assert SPACE.contains(bad).tolist() == [False, False, False, False, True]


def test_contains_refuses_other_columns():
    with pytest.raises(ValueError, match="columns"):
        SPACE.contains({"size": SAMPLE["size"]})


def test_a_narrower_choice_keeps_the_codes():
    narrow = ParameterSpace({"face": Categorical(("a", "b", "c", "d"), among=("d", "b"))})
    seeds = random.derive(1, "narrow", 400)
    drawn = narrow.sample(seeds)
    assert set(drawn["face"]) == {1, 3}
    assert set(narrow.vary({"face": np.full(400, 1)}, 1.0, seeds)["face"]) == {1, 3}
    assert narrow.contains({"face": np.arange(4)}).tolist() == [False, True, False, True]
    assert ParameterSpace.from_json(json.loads(json.dumps(narrow.to_json()))) == narrow
