"""The audit of `benchmarks/audit.py`, in a short form.

The whole path from a file of records to released numbers is held against what the ledger claims,
and mistakes put into the code must raise the alarms that they should. Each comparison has a false
alarm with a probability of at most 1e-8 (`checks.ERROR`), and all of them together of at most 1e-6.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from auditing import accounting, checks, clopper_pearson, one_run
from auditing.cases import ALONE, CASES, COUNTS, DUPLICATE, World
from auditing.goodness import p_value
from auditing.lattice import Bracket, noise, sum_law
from auditing.observe import observe

SLOW = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_cache():
    """No number that correct code kept hides a mistake, and no mistake leaves a number."""
    with checks.own_cache():
        yield


# Fails if a unit casts more votes than claimed, or noise is smaller than the ledger says: a bound
# is then above its claim. With correct code it fails with a probability of 3e-8.
@pytest.mark.parametrize(
    ("case", "rounds", "runs"),
    [
        *((case, 1, 2) for case in CASES),
        (ALONE, 4, 2),
        *(pytest.param(case, 16, 2, marks=SLOW) for case in CASES if case.kind == "votes"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_no_lower_bound_is_above_its_claim(case, rounds, runs):
    slots = 1000 if case.kind == "votes" else 200
    row = checks.row_of(case, rounds, observe(World(case, slots), rounds, runs))
    assert row.holds, row
    assert row.draws == slots * runs


@pytest.mark.parametrize("mistake", checks.SHIPPED, ids=lambda mistake: mistake.name)
def test_the_code_as_shipped_raises_no_alarm(mistake):
    """Fails as the next test says; with correct code with a probability of 5e-8."""
    assert checks.find_mistake(mistake, 1000, 3).alarms == ()


@pytest.mark.parametrize(
    ("mistake", "slots", "runs"),
    [
        *((mistake, 1000, 6) for mistake in checks.MISTAKES[:4]),
        *(pytest.param(mistake, 2000, 20, marks=SLOW) for mistake in checks.MISTAKES[4:]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_mistakes_raise_the_alarms_that_they_should(mistake, slots, runs):
    """Fails if a check has lost the power to see a mistake, or sees one where none is.

    There are as many draws as it takes for bounds that are more than five standard errors from the
    claims that they must pass: few for mistakes that change a release by a factor.
    """
    found = checks.find_mistake(mistake, slots, runs)
    assert set(found.alarms) == set(mistake.caught_by), found


def test_a_run_whose_only_line_is_lost_claims_less_than_it_shows():
    """The quick form of the lost line: the claim is 0. The bound is near 0.6 otherwise."""
    with checks.mutations.ledger_line_lost(1):
        row = checks.row_of(ALONE, 1, observe(World(ALONE, 1000), 1, 4))
    assert row.claims[0] == 0 and not row.holds


def test_the_lattice_sees_an_accountant_that_is_off_by_one_round():
    """The quick form of the accountant's mistake; nothing here is random."""
    assert accounting.compare(4.0, 1e-6, 4, 1, 0.0).sound
    with checks.own_cache(), checks.mutations.accountant_off_by_one_round():
        assert not accounting.compare(4.0, 1e-6, 4, 1, 0.0).sound


def test_a_second_vote_is_part_of_the_statistic():
    """Fails if the statistic is assumed: the audit would then look at one of the two votes."""
    with checks.mutations.record_votes_twice():
        observed = observe(World(ALONE, 100), 1, 1)
    assert observed.shift == 4  # 2², as against 1


def test_replicas_that_influence_each_other_are_noticed(monkeypatch):
    """Fails if draws that are not independent pass for independent ones."""
    from pe_host.privacy import voting

    real = voting.Search.nearest

    def crowded(search, records):
        return (real(search, records) + len(records)) % len(search._points)

    monkeypatch.setattr(voting.Search, "nearest", crowded)
    with pytest.raises(AssertionError, match="not independent"):
        observe(World(DUPLICATE, 100), 1, 1)


def test_the_clamp_of_class_counts_takes_no_draw_away():
    """Counts below 0 are released as 0; fails if the audited counts are so small that some are."""
    observed = observe(World(COUNTS, 200), 1, 1)
    assert len(COUNTS.others) > 8 * observed.plan.count_scale


def test_the_bound_is_valid_and_near_for_randomised_response():
    """Bits flipped with probability 1/4 are log(3)-DP.

    Fails above log 3 with a probability of 1e-6 if the bound is valid. With 40,000 draws the
    interval is 0.1 wide, and the seed is fixed.
    """
    rng = np.random.default_rng(3)
    draws = clopper_pearson.Draws(
        (rng.random(20_000) < 0.75).astype(float), (rng.random(20_000) < 0.25).astype(float)
    )
    bound = clopper_pearson.epsilon_bound(draws, 0.0, 1e-6)
    assert math.log(3) - 0.2 < bound <= math.log(3)
    with_delta = clopper_pearson.epsilon_bound(draws, 0.05, 1e-6)
    assert math.log(0.7 / 0.25) - 0.2 < with_delta <= math.log(0.7 / 0.25)


def test_the_bound_uses_both_directions():
    """Events that show the absence of a unit count as well: here only they do."""
    present, absent = np.zeros(10_000), np.repeat([0.0, -1.0], 5_000)
    draws = clopper_pearson.Draws(present, np.random.default_rng(0).permutation(absent))
    assert clopper_pearson.epsilon_bound(draws, 0.0, 1e-6) > 5


def test_the_test_of_fit_is_exact_and_sees_rounded_noise():
    """Fails if correct noise is rejected more often than at 1e-6, or rounded noise is not."""
    rng = np.random.default_rng(4)
    support, masses = noise(0.75)
    assert p_value(rng.choice(support, 100_000, p=masses), 0.75) > 1e-6
    assert p_value(np.rint(rng.normal(0, 0.75, 100_000)).astype(np.int64), 0.75) < 1e-6
    assert p_value(rng.choice(support, 100_000, p=masses), 0.78) < 1e-6


def test_one_run_bounds_are_those_of_the_theorem():
    """Fails if the binomial tail or the term of δ of theorem 5.2 is wrong."""
    assert one_run.p_value(100, 10, 10, 0.0, 0.0) == pytest.approx(2.0**-10)
    alpha = max(sum(binom.pmf(j, 20, 0.5) for j in range(15 - i, 15)) / i for i in range(1, 16))
    expected = binom.sf(14, 20, 0.5) + 2 * 100 * 1e-3 * alpha
    assert one_run.p_value(100, 20, 15, 0.0, 1e-3) == pytest.approx(expected)
    # All of r guesses right with pure DP: (1 + exp(-ε))^-r is the error at the bound.
    bound = one_run.epsilon_bound(200, 100, 100, 0.0, 1e-6)
    assert (1 + math.exp(-bound)) ** -100 == pytest.approx(1e-6, rel=1e-3)
    assert one_run.epsilon_bound(200, 100, 50, 0.0, 1e-6) == 0


@SLOW
@pytest.mark.parametrize("settings", checks.WHOLE_RUNS[:3], ids=str)
def test_no_whole_run_shows_more_than_it_claims(settings):
    """Fails as the audit by draws does, for gross mistakes anywhere in a run.

    The bound is above 0 because the adversary has power: 0 would hold for any code.
    """
    row = checks.audit_run(settings)
    assert 0.5 < row.bound <= row.claim


@SLOW
def test_a_whole_run_with_a_tenth_of_its_noise_is_noticed():
    with checks.mutations.noise_of_a_tenth():
        assert not checks.audit_run(checks.BROKEN_RUN).holds


@pytest.mark.parametrize(("count", "scale"), [(7, 0.3), (64, 1.0), (100, 3.0)])
def test_the_lattice_law_is_exact(count, scale):
    """Its tails agree with a convolution in extended precision to far below ROUNDING."""
    reach = math.ceil(12 * scale) + 2
    one = np.exp(-(np.arange(-reach, reach + 1).astype(np.longdouble) ** 2) / (2 * scale**2))
    law, power, left = np.ones(1, np.longdouble), one / one.sum(), count
    while left:
        if left & 1:
            law = np.convolve(law, power)
        left >>= 1
        power = np.convolve(power, power) if left else power
    sums, masses = sum_law(count, scale)
    direct = law[len(law) // 2 + sums]
    upper = sums >= 0
    error = np.abs(np.cumsum((masses - direct)[upper][::-1]))
    assert error.max() < 1e-15 and abs(masses.sum() - 1) < 1e-14


def test_the_bracket_is_narrow_and_holds_the_truth():
    """One scale split into two equal groups must be bracketed around the exact curve of one."""
    exact = Bracket([(10, 2.0)]).epsilon(1e-6)
    low, high = Bracket([(6, 2.0), (4, 2.0)]).epsilon(1e-6)
    assert low <= exact[0] <= exact[1] <= high and high / low - 1 < 1e-4


@pytest.mark.parametrize(
    ("epsilon", "delta", "rounds", "votes", "share"),
    [
        (0.1, 1e-6, 1, 1, 0.0),
        (5.0, 1e-10, 10, 2, 0.02),
        (30.0, 0.1, 100, 20, 0.0),
        pytest.param(1.0, 1e-6, 4, 5, 0.02, marks=SLOW),
        pytest.param(300.0, 1e-3, 16, 4, 0.02, marks=SLOW),
    ],
)
def test_the_accountant_claims_at_least_the_lattice(epsilon, delta, rounds, votes, share):
    """Fails if δ, ε or noise is too small by more than a hundred-millionth; or ε much too large."""
    found = accounting.compare(epsilon, delta, rounds, votes, share)
    assert found.sound, found
    assert found.slack < 3e-3


@SLOW
def test_ten_runs_cost_at_least_the_lattice():
    """The budget and the account of ten runs with ten budgets; fails if a run is not counted."""
    ten = accounting.ten_runs()
    low, high = ten.true_epsilon
    assert ten.budget == ten.account
    assert low * (1 - 1e-8) <= ten.budget <= high * 1.001 < ten.summed
