import numpy as np
import pytest

import pe_series_basic
from pe_sdk import CannotMake, Feature, OutputSpec, random
from pe_series_basic.parts import around, hump, remembering, spikes, switches, wave
from pe_series_basic.simulator import SeriesSimulator
from pe_series_basic.space import EVENTS, make_plan

LOAD = OutputSpec.series(96, [Feature("load", "kW", 0, 8)], 15, "min")
NO_UNIT = OutputSpec.series(96, [Feature("load", "kW", 0, 8)])
QUIET = {"trend": 0.0, "second": 0.0, "ripple": 0.003, "noise": 0.002, "flat": 0.0, "events": 0}
CODES = {name: i for i, name in enumerate(EVENTS)}


def made(output=LOAD, n=1, period=-1.0, seed=5, **values):
    """Series with these values of parameters; the others are random."""
    plan = make_plan(output, period)
    seeds = random.derive(seed, "test", n)
    params = plan.space.sample(seeds)
    for name, value in values.items():
        if name in plan.space:
            params[name] = plan.space[name].column(np.broadcast_to(value, n))
    return SeriesSimulator(plan, {}).render(params, np.zeros(n, np.int64), seeds)


def test_series_stay_within_the_declared_ranges():
    features = [Feature("a", "", 0, 5), Feature("b", "", -3, 2), Feature("c", "", 10, 30)]
    data = made(OutputSpec.series(50, features), n=400)
    assert data.dtype == np.float32 and data.shape == (400, 50, 3)
    for i, feature in enumerate(features):
        assert data[..., i].min() >= feature.low and data[..., i].max() <= feature.high
        assert data[..., i].std() > 0.05 * (feature.high - feature.low)


def test_series_stay_within_ranges_whose_ends_are_no_float32_numbers():
    """Rounded to the nearest float32, 0.1 lies above 0.1, and -0.3 below -0.3."""
    ends = [(0.0, 0.1), (-0.3, 0.1), (-0.3, 0.0), (0.1, 0.7)]
    features = [Feature(f"f{i}", "", *pair) for i, pair in enumerate(ends)]
    data = made(OutputSpec.series(50, features), n=400).astype(np.float64)
    for i, (low, high) in enumerate(ends):
        values = data[..., i]
        assert low <= values.min() < low + 1e-6 and high - 1e-6 < values.max() <= high


def test_the_same_parameters_fill_another_range_in_proportion():
    small = made(OutputSpec.series(60, [Feature("a", "", 0, 1)]), n=40)
    large = made(OutputSpec.series(60, [Feature("a", "", 0, 250)]), n=40)
    np.testing.assert_allclose(large, 250 * small, rtol=1e-5, atol=1e-4)


def test_a_day_is_known_by_the_step():
    """The peak of a day at 0.75 is at six in the evening, whatever the step is."""
    for step, unit, length in ((15, "min", 96), (1, "h", 24), (1800, "s", 48), (0.5, "hours", 48)):
        output = OutputSpec.series(length, [Feature("a", "", 0, 1)], step, unit)
        values = {**QUIET, "scale": 1.0, "level": 0.2, "peak": 0.7, "peak_at": 0.75}
        data = made(output, peak_width=0.3, **values)
        assert abs(data[0, :, 0].argmax() / length - 0.75) < 1.5 / length


def test_the_main_rhythm_is_a_parameter_where_no_unit_says_it():
    assert "cycles" in make_plan(OutputSpec.series(96, [Feature("a", "", 0, 1)]), -1.0).space
    assert "cycles" not in make_plan(LOAD, -1.0).space
    assert "cycles" in make_plan(LOAD, 0.0).space
    assert make_plan(LOAD, 48.0).period == 48
    days = OutputSpec.series(70, [Feature("a", "", 0, 1)], 1, "day")
    assert make_plan(days, -1.0).period == pytest.approx(7)
    months = OutputSpec.series(200, [Feature("a", "", 0, 1)], 1, "week")
    assert make_plan(months, -1.0).period == pytest.approx(52.2, abs=0.1)
    assert make_plan(OutputSpec.series(96, [Feature("a", "", 0, 1)], 1, "ms"), -1.0).period is None


def test_a_weekend_comes_once_in_seven_days():
    output = OutputSpec.series(168, [Feature("a", "", 0, 1)], 1, "h")
    values = {**QUIET, "scale": 1.0, "level": 0.1, "peak": 0.8, "peak_at": 0.5, "peak_width": 0.6}
    data = made(output, irregular=0.0, weekend=-1.0, weekday=5.0, **values)
    noons = data[0, 12::24, 0]
    assert (noons[:5] > 0.7).all() and (noons[5:] < 0.2).all()
    assert "weekend" not in make_plan(LOAD, -1.0).space


def test_memory_is_that_of_the_noise():
    shocks = random.normals(random.derive(1, "shocks", 300), "x", size=400)
    for memory in (0.5, 20.0):
        noise = remembering(shocks, np.full(300, memory))
        keep = memory / (1 + memory)
        assert abs(noise.std() - 1) < 0.05
        correlation = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
        assert abs(correlation - keep) < 0.03


def test_spikes_and_switches_come_as_often_and_last_as_long_as_they_should():
    seeds = random.derive(2, "events", 400)
    chance = random.uniforms(seeds, "chance", size=500)
    rate, length = np.full(400, 0.01), np.full(400, 8.0)
    height = np.full_like(chance, 0.5)
    alone = spikes(chance, height, rate, np.full(400, 1e-9))
    assert abs((alone > 0.5).mean() - 0.01) < 0.001  # 6 standard errors: 0.0013
    on = switches(chance, random.uniforms(seeds, "start"), rate, length)
    assert set(np.unique(on)) == {0.0, 1.0}
    assert abs(on.mean() - 0.08 / 1.08) < 0.015
    starts = ((on[:, 1:] == 1) & (on[:, :-1] == 0)).sum()
    assert abs(on[:, 1:].sum() / starts - 8) < 1


def test_events_go_up_down_or_on():
    values = {"trend": 0.0, "peak": 0.0, "second": 0.0, "ripple": 0.003, "noise": 0.002}
    values |= {"scale": 1.0, "level": 0.5, "event": 0.4, "event_rate": 6.0, "event_length": 0.03}
    for kind in EVENTS:
        moves = made(n=50, events=CODES[kind], **values)[..., 0] / 8 - 0.5
        assert ((moves > 0.1).any()) == (kind in ("spikes", "switches"))
        assert ((moves < -0.1).any()) == (kind == "dips")


def test_a_hump_is_as_wide_and_as_flat_as_it_should_be():
    x = np.linspace(-0.5, 0.5, 1001)
    round_one = hump(np.abs(x), np.float64(0.4), np.float64(0.0))
    assert round_one.max() == 1 and (round_one[np.abs(x) >= 0.2] == 0).all()
    square = hump(np.abs(x), np.float64(0.4), np.float64(1.0))
    assert (square == 1).mean() > 0.35 > 0.1 > (round_one == 1).mean()
    np.testing.assert_allclose(around(np.array([0.9, 1.1, -0.2]), 0.0), [0.1, 0.1, 0.2])
    np.testing.assert_allclose(wave(x), np.cos(2 * np.pi * x), atol=0.021)


def test_features_share_their_rhythm_and_their_noise():
    features = [Feature("a", "", 0, 1), Feature("b", "", 0, 1)]
    values = {"events": 0, "flat": 0.0, "memory": 0.1, "cycles": 3.0, "irregular": 0.0}
    for i in (1, 2):
        values |= {f"scale_{i}": 1.0, f"level_{i}": 0.5, f"peak_{i}": 0.0, f"second_{i}": 0.0}
        values |= {f"trend_{i}": 0.0, f"ripple_{i}": 0.003, f"noise_{i}": 0.1, f"follow_{i}": 0.0}
    output = OutputSpec.series(300, features)

    def correlation(common):
        data = made(output, n=60, **values, common_1=1.0, common_2=common)
        return float(np.mean([np.corrcoef(one.T)[0, 1] for one in data]))

    assert correlation(1.0) > 0.95 and correlation(-1.0) < -0.95 and abs(correlation(0.0)) < 0.1
    peaks = {"peak_1": 0.4, "peak_2": 0.4, "noise_1": 0.002, "noise_2": 0.002}
    data = made(output, **{**values, **peaks}, peak_at=0.5, peak_width=0.5, lag_1=0.0, lag_2=0.2)
    later = int(data[0, :, 1].argmax() - data[0, :, 0].argmax()) % 100  # a period has 100 steps
    assert abs(later - 20) <= 3


def test_a_small_variation_of_the_parameters_is_a_small_variation_of_the_series():
    plan = make_plan(LOAD, -1.0)
    simulator = SeriesSimulator(plan, {})
    seeds, labels = random.derive(3, "vary", 300), np.zeros(300, np.int64)
    params = plan.space.sample(seeds)
    before = simulator.render(params, labels, seeds)
    moved = []
    for degree in (0.02, 0.1, 0.4):
        after = simulator.render(plan.space.vary(params, degree, seeds), labels, seeds)
        moved.append(float(np.abs(after - before).mean()))
    assert moved[0] < moved[1] < moved[2] and moved[0] < 0.05 * 8


def test_a_row_is_the_same_in_any_batch():
    features = [Feature("a", "", 0, 5), Feature("b", "", -3, 2)]
    for output in (LOAD, OutputSpec.series(37, features), OutputSpec.series(168, features, 1, "h")):
        plan = make_plan(output, -1.0)
        simulator = SeriesSimulator(plan, {})
        seeds = random.derive(9, "batch", 70)
        params = plan.space.sample(seeds)
        whole = simulator.render(params, np.zeros(70, np.int64), seeds)
        for rows in (np.arange(70)[::-1], np.arange(3), np.array([69])):
            some = {name: column[rows] for name, column in params.items()}
            part = simulator.render(some, np.zeros(len(rows), np.int64), seeds[rows])
            np.testing.assert_array_equal(part, whole[rows])


def test_labels_have_constraints_of_the_users():
    options = pe_series_basic.Options(labels={"night": "peak_at:0..0.25,events:none|spikes"})
    simulator = pe_series_basic.make(LOAD, ("day", "night"), options)
    assert simulator.space_for("day")["peak_at"].high == 1
    assert simulator.space_for("night")["peak_at"].high == 0.25
    assert simulator.space_for("night")["events"].among == ("none", "spikes")


@pytest.mark.parametrize(
    ("output", "period", "says"),
    [
        (OutputSpec.image(8, 8), -1.0, "makes series, not image"),
        (OutputSpec.series(96, ["load"]), -1.0, "--feature-ranges load=LOW..HIGH"),
        (OutputSpec.series(96, [Feature("a", "", 0, 1), Feature("b")]), -1.0, "b has none"),
        (OutputSpec.series(3, [Feature("a", "", 0, 1)]), -1.0, "4 to 20,000 steps"),
        (OutputSpec.series(9, [Feature(f"f{i}", "", 0, 1) for i in range(33)]), -1.0, "at most 32"),
        (LOAD, 1.0, "at least 2 steps"),
        (LOAD, -3.0, "a number of steps, 0 or -1"),
        (NO_UNIT, -3.0, "a number of steps, 0 or -1"),
        (LOAD, float("inf"), "a number of steps, 0 or -1"),
        (NO_UNIT, float("-inf"), "a number of steps, 0 or -1"),
        (LOAD, float("nan"), "a number of steps, 0 or -1"),
        (OutputSpec.series(9, [Feature("a", "", 0, 1e39)]), -1.0, "too wide or too narrow"),
        (OutputSpec.series(9, [Feature("a", "", -1e39, 0)]), -1.0, "too wide or too narrow"),
        (OutputSpec.series(9, [Feature("a", "", 0.1, 0.1 + 1e-12)]), -1.0, "a is too wide or too"),
    ],
)
def test_what_it_cannot_make_is_said(output, period, says):
    with pytest.raises(CannotMake, match=says.replace("(", r"\(").replace("?", r"\?")):
        make_plan(output, period)


def test_records_keep_the_features_of_their_source():
    (spec,) = pe_series_basic.pe_generators()
    assert spec.output_is_example and spec.exact
    make_plan(spec.output, -1.0)
