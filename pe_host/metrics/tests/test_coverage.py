"""Density and coverage, against values worked out by hand and on cases they must tell apart."""

import numpy as np
import pytest

from pe_host.metrics import density_and_coverage


def test_against_values_worked_out_by_hand():
    # Balls for k = 1 about 0, 1, 3, 7: radii 1, 1, 2, 4.
    reference = np.array([[0.0], [1], [3], [7]])
    # 0.5 lies in the balls of 0 and 1, 2.5 in that of 3, 100 in none.
    density, coverage = density_and_coverage(np.array([[0.5], [2.5], [100]]), reference, k=1)
    assert density == pytest.approx(3 / 3) and coverage == pytest.approx(3 / 4)


def test_blocks_change_nothing():
    rng = np.random.default_rng(0)
    samples, reference = rng.normal(size=(300, 4)), rng.normal(size=(1200, 4))
    distances = np.linalg.norm(reference[:, None] - reference[None], axis=2)
    radii = np.sort(distances, axis=1)[:, 5]
    within = np.linalg.norm(reference[:, None] - samples[None], axis=2) <= radii[:, None]
    expected = within.sum() / (5 * 300), within.any(axis=1).mean()
    assert density_and_coverage(samples, reference) == pytest.approx(expected)


def test_a_lost_mode_costs_coverage_and_outliers_cost_density():
    rng = np.random.default_rng(1)
    reference = np.concatenate([rng.normal(size=(500, 8)), rng.normal(size=(500, 8)) + 20])
    same = np.concatenate([rng.normal(size=(500, 8)), rng.normal(size=(500, 8)) + 20])
    good, lost = density_and_coverage(same, reference), density_and_coverage(same[:500], reference)
    far = density_and_coverage(np.concatenate([same[:500], same[500:] + 100]), reference)
    assert good[1] > 0.9 and lost[1] < 0.55
    assert lost[0] == pytest.approx(good[0], abs=0.15) and far[0] < 0.6 * good[0]


@pytest.mark.parametrize(
    ("samples", "reference", "k"),
    [
        (np.zeros((3, 2)), np.zeros((9, 3)), 1),
        (np.zeros((0, 2)), np.zeros((9, 2)), 1),
        (np.zeros((3, 2)), np.zeros((5, 2)), 5),
        (np.zeros(3), np.zeros((5, 2)), 1),
    ],
)
def test_what_cannot_be_measured_is_refused(samples, reference, k):
    with pytest.raises(ValueError, match="expected"):
        density_and_coverage(samples, reference, k)


def test_records_that_are_the_same_lie_in_each_others_balls():
    # Fails if the rounding of two products decides ties: balls of radius 0 then miss their own
    # centre.
    rng = np.random.default_rng(2)
    distinct = rng.normal(size=(60, 40)) / 7
    density, coverage = density_and_coverage(distinct, np.repeat(distinct, 6, axis=0))
    assert density == pytest.approx(6 / 5) and coverage == 1
    assert density_and_coverage(distinct[:1], np.repeat(distinct[:1], 20, axis=0)) == (4.0, 1.0)
