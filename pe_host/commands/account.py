"""`pe account`: the noise for a budget, the cost of noise, and what a run has spent.

Opens no data.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.privacy.accountant import (
    Scales,
    calibrate,
    check_cost,
    check_rounds,
    epsilon_of,
    gaussian_mu,
    plan_releases,
)
from pe_host.privacy.shares import COUNT_BUDGET
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.spent import open_ledger, refuse_set_back

ADJACENCY = "add or remove one record"


@dataclass(frozen=True)
class NoiseCost:
    """The noise of a run and the guarantee that it gives.

    Args:
        unit: what neighbouring data sets differ by.
        epsilon, delta: the guarantee of all releases together.
        mu: the releases are μ-GDP too.
        rounds, votes: T and k.
        vote_scale: scale of the noise on each vote.
        count_scale: scale of the noise on each class count; None if no counts are released.
    """

    unit: str
    epsilon: float
    delta: float
    mu: float
    rounds: int
    votes: int
    vote_scale: float
    count_scale: float | None

    def to_json(self) -> dict[str, Any]:
        return finite(vars(self))

    def lines(self) -> list[str]:
        counts = (
            "not released"
            if self.count_scale is None
            else f"discrete Gaussian noise of scale {self.count_scale:.6g}"
        )
        return [
            f"({self.epsilon:.6g}, {self.delta:g})-differentially private "
            f"({self.unit}), {self.mu:.4g}-Gaussian-DP",
            f"{plural(self.rounds, 'histogram')}, {plural(self.votes, 'vote')} per record in each",
            f"votes: discrete Gaussian noise of scale {self.vote_scale:.6g}",
            f"class counts: {counts}",
        ]


@dataclass(frozen=True)
class RunCost:
    """What a run has spent of its plan, by its ledger.

    Args:
        run: its folder.
        private: False for ε = inf.
        unit: what neighbouring data sets differ by.
        target: ε of the plan.
        epsilon: ε of everything spent so far, at the δ of the plan.
        delta: δ of the plan.
        rounds: T of the plan.
        paid: number of noise draws in the ledger, including lost ones.
        affords: whether the budget affords another round.
        before: number of noise draws of the earlier runs that it starts from.
        total_epsilon: ε with those draws, which the release costs; `epsilon` if there are none.
    """

    run: str
    private: bool
    unit: str
    target: float
    epsilon: float
    delta: float
    rounds: int
    paid: int
    affords: bool
    before: int
    total_epsilon: float

    def to_json(self) -> dict[str, Any]:
        return finite(vars(self))

    def lines(self) -> list[str]:
        if not self.private:
            return [f"{self.run}: NOT PRIVATE, ε is infinite"]
        total = (
            f"with the {plural(self.before, 'noise draw')} of the earlier runs that it starts "
            f"from: ε = {self.total_epsilon:.6g} at δ = {self.delta:g}"
        )
        return [
            f"{self.run}: spent ε = {self.epsilon:.6g} of {self.target:g} "
            f"at δ = {self.delta:g} ({self.unit})",
            f"{plural(self.paid, 'noise draw')} in a plan of {plural(self.rounds, 'round')}; "
            f"another round {'fits' if self.affords else 'does not fit'} in the budget",
            *([total] if self.before else []),
        ]


def budget(
    epsilon: float, delta: float, rounds: int, votes: int, class_counts: bool = True
) -> NoiseCost:
    """Calibrate the noise to a budget.

    Args:
        epsilon, delta: the budget.
        rounds, votes: T and k.
        class_counts: whether class counts are released too.

    Raises:
        PrivacyRefusal: no noise can be calibrated to this budget.
    """
    scales = calibrate(epsilon, delta, rounds, votes, COUNT_BUDGET if class_counts else 0.0)
    return cost(scales.votes, scales.counts, delta, rounds, votes)


def cost(
    vote_scale: float, count_scale: float | None, delta: float, rounds: int, votes: int
) -> NoiseCost:
    """Compute what noise costs. The arguments are those of `NoiseCost`.

    Raises:
        PrivacyRefusal: the noise cannot be accounted for.
    """
    check_rounds(rounds, votes)
    releases = plan_releases(Scales(vote_scale, count_scale), rounds, votes)
    check_cost(releases)
    price = epsilon_of(releases, delta), delta, gaussian_mu(releases)
    return NoiseCost(ADJACENCY, *price, rounds, votes, vote_scale, count_scale)


def spent(folder: Path) -> RunCost:
    """Compute what a run has spent.

    Raises:
        DataError: this is not a run, or its ledger is missing.
        PrivacyRefusal: the ledger is damaged, or does not pay for all that the run has released,
            or was longer when the budget database saw it last.
    """
    cost = cost_of(folder)
    refuse_set_back([folder])
    return cost


def cost_of(folder: Path) -> RunCost:
    """Compute what a run has spent; its ledger may have been set back. Raises as `spent`."""
    manifest = Manifest.read(RunFolder(folder))
    plan = manifest.plan
    ledger = open_ledger(folder, manifest)
    epsilon = total = ledger.spent_epsilon() if plan.private else math.inf
    if plan.private and plan.before:
        total = epsilon_of([*plan.before, *ledger.releases], plan.delta)
    unit = f"add or remove one {plan.unit_in_full}"
    paid, affords = len(ledger.releases), ledger.affords("votes")
    return RunCost(
        str(folder),
        plan.private,
        unit,
        plan.epsilon,
        epsilon,
        plan.delta,
        plan.rounds,
        paid,
        affords,
        len(plan.before),
        total,
    )


def plural(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with infinities and NaN as strings, since JSON has no numbers for them."""
    return {
        n: str(v) if isinstance(v, float) and not math.isfinite(v) else v for n, v in values.items()
    }
