"""The quick search against the plain one, which is written out here a second time."""

import math

import pytest

from pe_host.errors import PrivacyRefusal
from pe_host.privacy import accountant
from pe_host.privacy.accountant import Scales, calibrate, delta_of, plan_releases
from pe_host.privacy.search import forecast_search, search


def _plain_calibration(
    epsilon: float, delta: float, rounds: int, votes: int, share: float
) -> Scales:
    """Every step of the search composed, and nothing else."""

    def scales(mu: float) -> Scales:
        counts = 1 / (math.sqrt(share) * mu) if share else None
        return Scales(math.sqrt(rounds * votes / (1 - share)) / mu, counts)

    def affordable(mu: float) -> bool:
        return delta_of(plan_releases(scales(mu), rounds, votes), epsilon) <= delta

    guess, _ = accountant._gaussian_budget(epsilon, delta)
    good = guess
    while not affordable(good):
        good *= 0.98 if good > 0.8 * guess else 0.5
    bad = good * 1.02
    while affordable(bad):
        good, bad = bad, bad * (1.02 if bad < 1.2 * guess else 2)
    while abs(good - bad) > 2e-4 * good:
        middle = (bad + good) / 2
        if affordable(middle):
            good = middle
        else:
            bad = middle
    return scales(good)


def _agree(epsilon: float, delta: float, rounds: int, votes: int, share: float) -> None:
    try:
        expected = _plain_calibration(epsilon, delta, rounds, votes, share)
    except PrivacyRefusal:  # more noise than is accounted for
        with pytest.raises(PrivacyRefusal):
            calibrate(epsilon, delta, rounds, votes, share)
        return
    assert calibrate(epsilon, delta, rounds, votes, share) == expected


@pytest.mark.parametrize(
    ("epsilon", "delta", "rounds", "votes", "share"),
    [
        (1.0, 1e-6, 4, 10, 0.02),
        (3.0, 1e-5, 2, 3, 0.0),
        (0.3, 1e-3, 1, 1, 0.3),
        (30.0, 1e-8, 6, 10, 0.02),
        (300.0, 1e-6, 4, 10, 0.02),
        (10.0, 0.1, 1, 1, 0.02),
    ],
)
def test_the_noise_is_that_of_the_plain_search(
    epsilon: float, delta: float, rounds: int, votes: int, share: float
) -> None:
    _agree(epsilon, delta, rounds, votes, share)


EPSILONS = (0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0)
DELTAS = (1e-10, 1e-6, 1e-3, 0.1)
SHARES = (0.0, 0.02, 0.3)


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("delta", DELTAS)
def test_the_noise_is_that_of_the_plain_search_over_a_grid(epsilon: float, delta: float) -> None:
    """Every combination of any three of ε, δ, rounds with votes, and share occurs."""
    if epsilon < 0.1 and delta < 1e-3:
        _agree(epsilon, delta, 1, 1, 0.0)  # noise of hundreds: a composition takes seconds
        return
    first = EPSILONS.index(epsilon) + DELTAS.index(delta)
    for i, (rounds, votes) in enumerate([(1, 1), (4, 10), (15, 1), (10, 30)], first):
        _agree(epsilon, delta, rounds, votes, SHARES[i % len(SHARES)])


@pytest.mark.parametrize("threshold", [0.4, 0.97, 0.99, 0.9999, 1.0, 1.0001, 1.03, 1.3, 5.0])
@pytest.mark.parametrize("slope", [0.01, 5.0, 20.0, 1000.0])
def test_a_forecast_changes_the_work_and_not_the_answer(threshold: float, slope: float) -> None:
    """Whatever it was told about the slope."""
    asked = []

    def delta_at(cost: float) -> float:
        asked.append(cost)
        return 1e-6 * (cost / threshold) ** 20

    expected = search(lambda cost: delta_at(cost) <= 1e-6, 1.0)
    plain = len(asked)
    asked.clear()
    assert forecast_search(delta_at, 1e-6, 1.0, slope) == expected
    assert expected in asked, "the answer itself is composed"
    assert len(asked) == len(set(asked))
    if abs(threshold - 1) < 0.04 and slope == 20.0:
        assert len(asked) <= 6 < plain


def test_a_forecast_that_fails_ends_in_the_plain_search() -> None:
    """δ jumps about, so no forecast is right: the work is bounded, and the answer affordable."""
    asked = []

    def delta_at(cost: float) -> float:
        asked.append(cost)
        return 0.5 if int(cost * 1e7) % 3 else 2.0

    good = forecast_search(delta_at, 1.0, 1.0, 20.0)
    assert good in asked and delta_at(good) <= 1.0
    assert len(asked) < 60
