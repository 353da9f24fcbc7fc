"""The accountant of `pe` against the independent bracket of `lattice`."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auditing.lattice import Bracket
from pe_host.privacy import accountant
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.budget import OPEN, CountedRun, totals
from pe_host.privacy.budget.database import Head

EPSILONS = (0.01, 0.1, 1.0, 10.0, 100.0, 300.0)
DELTAS = (1e-10, 1e-6, 1e-3, 0.1)
SHAPES = ((1, 1), (16, 4), (100, 20))
"""(T, k): rounds, and votes of a unit in each."""

SHARES = (0.0, 0.02)
"""Shares of the class counts in the budget: one scale of noise, or two."""

SMALLEST = 1e-12
"""Smallest δ at which `delta_of` is compared."""


@dataclass(frozen=True)
class Compared:
    """A plan, and its claims beside the brackets.

    Args:
        epsilon, delta: the budget that noise was calibrated to.
        rounds, votes, share: the rest of the plan.
        true_delta: bracket of δ at `epsilon`: what the calibrated noise really costs.
        claimed_epsilon: `epsilon_of` at `delta`.
        true_epsilon: its bracket.
        claimed_deltas: `delta_of` at the ε at which δ is about `delta`, and SMALLEST.
        true_deltas: their brackets.
    """

    epsilon: float
    delta: float
    rounds: int
    votes: int
    share: float
    true_delta: tuple[float, float]
    claimed_epsilon: float
    true_epsilon: tuple[float, float]
    claimed_deltas: tuple[float, ...]
    true_deltas: tuple[tuple[float, float], ...]

    @property
    def sound(self) -> bool:
        """Whether every claim is at least its lower bound.

        1e-9 is the relative precision to which ε is searched for, on both sides.
        """
        return (
            self.true_delta[0] <= self.delta
            and self.claimed_epsilon >= self.true_epsilon[0] * (1 - 1e-8)
            and all(c >= t[0] for c, t in zip(self.claimed_deltas, self.true_deltas, strict=True))
        )

    @property
    def slack(self) -> float:
        """The claimed ε over the least it can truly be, minus 1."""
        low = self.true_epsilon[0]
        return self.claimed_epsilon / low - 1 if low else 0.0


def compare(epsilon: float, delta: float, rounds: int, votes: int, share: float = 0.02) -> Compared:
    """Calibrate noise as a plan does, and compare what is claimed of it."""
    scales = accountant.calibrate(epsilon, delta, rounds, votes, share)
    releases = accountant.plan_releases(scales, rounds, votes)
    bracket = bracket_of(releases)
    points = (bracket.epsilon(delta)[0], bracket.epsilon(SMALLEST)[0])
    return Compared(
        epsilon,
        delta,
        rounds,
        votes,
        share,
        bracket.delta(epsilon),
        accountant.epsilon_of(releases, delta),
        bracket.epsilon(delta),
        tuple(accountant.delta_of(releases, point) for point in points),
        tuple(bracket.delta(point) for point in points),
    )


def compare_all() -> Iterator[Compared]:
    """Compare every combination of EPSILONS, DELTAS, SHAPES and SHARES."""
    for epsilon, delta, shape, share in itertools.product(EPSILONS, DELTAS, SHAPES, SHARES):
        yield compare(epsilon, delta, *shape, share)


def bracket_of(releases: Sequence[NoisyRelease]) -> Bracket:
    """The bracket of what some releases cost together."""
    scales = sorted({release.scale for release in releases})
    return Bracket([(sum(r.coordinates for r in releases if r.scale == s), s) for s in scales])


TEN_RUNS = (
    (0.1, 2, 1),
    (0.2, 4, 2),
    (0.3, 3, 5),
    (0.4, 8, 1),
    (0.5, 4, 4),
    (0.7, 6, 2),
    (1.0, 5, 8),
    (1.5, 10, 3),
    (2.0, 4, 10),
    (3.0, 8, 4),
)
"""ε, T and k of ten runs on one data set; δ is 1e-6."""


@dataclass(frozen=True)
class Composed:
    """Ten runs together: the sum of their ε, what the budget says, and the bracket."""

    summed: float
    budget: float
    account: float
    true_epsilon: tuple[float, float]


def ten_runs(delta: float = 1e-6) -> Composed:
    """Compose ten runs with ten budgets, as `pe budget` and `pe account` do."""
    runs = [_counted(number, *run, delta) for number, run in enumerate(TEN_RUNS)]
    releases = [release for run in runs for release in run.spent]
    return Composed(
        sum(run.epsilon for run in runs),
        totals(runs, delta)[0].spent,
        accountant.epsilon_of(releases, delta),
        bracket_of(releases).epsilon(delta),
    )


def _counted(number: int, epsilon: float, rounds: int, votes: int, delta: float) -> CountedRun:
    """A run that has spent all of its plan, as the database returns it."""
    scales = accountant.calibrate(epsilon, delta, rounds, votes)
    spent = tuple(accountant.plan_releases(scales, rounds, votes))
    return CountedRun(
        id=f"{number:032x}",
        started="2025-01-01T00:00:00Z",
        folder="",
        unit="record",
        private=True,
        epsilon=epsilon,
        delta=delta,
        planned=spent,
        spent=spent,
        draws=len(spent),
        head=Head(0, b""),
        state=OPEN,
        caps=0,
    )
