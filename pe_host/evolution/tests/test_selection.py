import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pe_host.evolution.selection import draw_parents, weights
from pe_host.privacy.shares import apportion


def test_votes_up_to_the_threshold_count_nothing_and_others_the_rest():
    assert weights(np.array([-9, 0, 5, 6, 40]), noise_scale=2.5, threshold=2.0).tolist() == [
        0,
        0,
        0,
        1,
        35,
    ]


LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
CHANCES = np.array([0.0, 1.0, 3.0, 0.0, 2.0, 2.0, 0.0, 0.0])


def draws(chances, counts, selection="sample", seed=0):
    parents = draw_parents(chances, LABELS, np.array(counts), selection, seed, "s")
    return np.bincount(parents, minlength=8).tolist()


def test_sampling_draws_each_candidate_as_often_as_its_chances_says():
    assert draws(CHANCES, [400, 100]) == [0, 100, 300, 0, 50, 50, 0, 0]


@given(seed=st.integers(0, 2**32), count=st.integers(1, 50))
def test_sampling_is_off_by_less_than_one_draw(seed, count):
    # Fails with independent draws: their counts are off by about the square root of the expected
    # counts.
    got = np.array(draws(CHANCES, [count, count], seed=seed))
    assert np.abs(got[:4] - count * CHANCES[:4] / 4).max() < 1
    assert np.abs(got[4:] - count * CHANCES[4:] / 4).max() < 1


def test_the_offset_makes_small_draws_fair():
    # One draw from two candidates, 1:3. Without the random offset it would always be the same one.
    first = sum(draws(CHANCES, [1, 0], seed=seed)[1] for seed in range(2000))
    assert abs(first - 500) < 4.9 * np.sqrt(2000 * 0.25 * 0.75)  # 1e-6


def test_rank_takes_the_strongest_each_once_and_ties_by_index():
    assert draws(CHANCES, [2, 1], "rank") == [0, 1, 1, 0, 1, 0, 0, 0]


def test_rank_starts_again_from_the_top_when_it_runs_out():
    assert draws(CHANCES, [6, 0], "rank") == [1, 2, 2, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("selection", ["sample", "rank"])
def test_fault_13_a_class_without_votes_above_the_threshold_counts_all_alike(selection):
    # The reference divides by zero here: "probabilities contain NaN".
    assert draws(np.zeros(8), [4, 8], selection) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_parents_come_in_random_order():
    parents = draw_parents(np.ones(8), LABELS, np.array([400, 400]), "sample", 0, "s")
    assert len(np.flatnonzero(np.diff(parents))) > 500  # sorted, it would be 7


def test_fault_15_a_class_without_candidates_gets_no_parents():
    # The reference raises KeyError for an empty class.
    parents = draw_parents(CHANCES, LABELS, np.array([1, 1, 5]), "sample", 0, "s")
    assert len(parents) == 2


@given(
    total=st.integers(0, 10_000),
    shares=st.lists(st.floats(0, 1e6), min_size=1, max_size=30),
)
def test_apportion_gives_everything_out_within_one_of_the_share(total, shares):
    counts = apportion(total, np.array(shares))
    assert counts.sum() == total and counts.min() >= 0
    weights = np.array(shares) if any(shares) else np.ones(len(shares))
    assert np.abs(counts - weights / weights.sum() * total).max() < 1 + 1e-6


def test_apportion_gives_the_least_to_every_class_with_a_share():
    assert apportion(100, np.array([0.0, 1.0, 999.0]), least=10).tolist() == [0, 10, 100]
