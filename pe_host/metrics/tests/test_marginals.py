"""Distances of one parameter.

They are compared with values worked out by hand, with scipy, and with the best matching of points
on a circle.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance

from pe_host.metrics import bins_of, marginal_distance, wasserstein
from pe_sdk import Categorical, Float, Int


def test_numbers_are_a_share_of_the_range():
    parameter = Float(10, 20)
    assert marginal_distance(parameter, np.array([12.0]), np.array([17.0])) == pytest.approx(0.5)
    assert marginal_distance(parameter, np.array([10.0, 20]), np.array([15.0])) == pytest.approx(
        0.5
    )
    assert marginal_distance(Int(0, 4), np.array([0, 1]), np.array([4, 1])) == pytest.approx(0.5)


def test_a_logarithmic_scale_is_respected():
    """From 1 to 10 is half the way to 100; on a linear scale it would be 0.09."""
    assert marginal_distance(
        Float(1, 100, log=True), np.array([1.0]), np.array([10.0])
    ) == pytest.approx(0.5)


def test_values_outside_count_as_the_ends():
    assert marginal_distance(
        Float(1, 100, log=True), np.array([-5.0]), np.array([500.0])
    ) == pytest.approx(1)


def test_around_the_circle_is_the_shorter_way():
    near, far = np.array([0.05]), np.array([0.95])
    assert marginal_distance(Float(0, 1, wrap=True), near, far) == pytest.approx(0.1)
    assert marginal_distance(Float(0, 1), near, far) == pytest.approx(0.9)
    assert marginal_distance(
        Float(0, 2, wrap=True), np.array([0.0]), np.array([1.0])
    ) == pytest.approx(0.5)
    assert marginal_distance(
        Float(0, 1, wrap=True), np.array([0.0, 0.0]), np.array([1.0])
    ) == pytest.approx(0)


def test_around_the_circle_nothing_is_outside():
    angle = Float(0, 360, wrap=True)
    assert marginal_distance(
        angle, np.array([-90.0, 350]), np.array([270.0, 710])
    ) == pytest.approx(0)
    assert bins_of(angle).shares(np.array([-1e-30, -9, 369, 360]))[[0, 19]].tolist() == [0.5, 0.5]
    assert marginal_distance(
        Float(1, 100, log=True, wrap=True), np.array([10.0]), np.array([1000.0])
    ) == pytest.approx(0)


def test_choices_have_the_total_variation():
    parameter = Categorical(("a", "b", "c"))
    half, most = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 2])
    assert marginal_distance(parameter, half, most) == pytest.approx((0.25 + 0.5 + 0.25) / 2)
    assert marginal_distance(parameter, np.array([0]), np.array([2])) == 1
    # 7 is not a choice; it must not be taken for the last one.
    assert marginal_distance(parameter, np.array([2]), np.array([7])) == 1
    assert marginal_distance(parameter, np.array([0]), np.array([-1])) == 1


def test_samples_of_other_sizes_agree_with_scipy():
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.3, 0.1, 37), rng.normal(0.6, 0.2, 91)
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b))
    b[:20] = a[:20]  # ties
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b))


@pytest.mark.parametrize("seed", range(5))
def test_the_circle_agrees_with_the_best_matching(seed):
    """For equally many points, the distance is the mean over the cheapest matching."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 0.2, 30) % 1, rng.normal(rng.random(), 0.1, 30) % 1
    gap = np.abs(a[:, None] - b)
    cost = np.minimum(gap, 1 - gap)
    oracle = cost[linear_sum_assignment(cost)].mean()
    assert wasserstein(a, b, circular=True) == pytest.approx(oracle)
    shifted = [(values + 0.37) % 1 for values in (a, b)]
    assert wasserstein(*shifted, circular=True) == pytest.approx(oracle)


def test_bins_of_numbers_are_twenty_on_their_scale():
    bins = bins_of(Float(1, 100, log=True))
    shares = bins.shares(np.array([1.0, 1.2, 10.0, 100.0, 1000.0]))
    assert len(shares) == 20 and shares.sum() == pytest.approx(1)
    assert shares[[0, 10, 19]].tolist() == pytest.approx([0.4, 0.2, 0.4])


def test_bins_of_whole_numbers_hold_as_many_values_each():
    """Then uniform values give level bars; 20 bins over 31 values would not."""
    assert bins_of(Int(3, 6)).shares(np.array([3, 3, 4, 6])).tolist() == [0.5, 0.25, 0, 0.25]
    bins = bins_of(Int(0, 31))
    assert bins.shares(np.arange(32)).tolist() == [1 / 16] * 16
    assert bins.shares(np.array([-9, 40]))[[0, -1]].tolist() == [0.5, 0.5]


def test_bins_of_choices_are_theirs():
    shares = bins_of(Categorical(("a", "b", "c"), among=("a", "c"))).shares(np.array([0, 2, 2, 9]))
    assert shares.tolist() == [0.25, 0, 0.5]
