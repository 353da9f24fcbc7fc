"""Statistics of noisy votes."""

from statistics import NormalDist

import numpy as np
import pytest

from pe_host.report import vote_statistics


def test_vote_statistics_against_values_worked_out_by_hand():
    found = vote_statistics(np.array([0, 2, 4, 6, -3]), noise_scale=2.0, threshold=1.0)
    assert found["share_above"] == pytest.approx(2 / 5)
    assert found["effective_parents"] == pytest.approx(36 / 20)  # weights 2 and 4
    # A vote of at least 3, so above 2.5.
    assert found["share_noise"] == pytest.approx(1 - NormalDist().cdf(1.25))


def test_vote_statistics_when_nothing_is_above():
    found = vote_statistics(np.array([0, -1]), noise_scale=0.0, threshold=1.0)
    assert found == {"share_above": 0.0, "share_noise": 0.0, "effective_parents": 0.0}


def test_share_expected_of_noise_matches_noise():
    # 200,000 draws: the share has a standard deviation below 0.0009, so 0.005 is beyond 5 of them
    # (rate 1e-6 or less). Without the half in the continuity correction it is off by 0.03 and more.
    noise = np.rint(np.random.default_rng(3).normal(0, 4, 200_000))
    for threshold in (0.0, 3.0, 5.6):
        found = vote_statistics(noise, 4.0, threshold)
        assert found["share_noise"] == pytest.approx(found["share_above"], abs=0.005)
