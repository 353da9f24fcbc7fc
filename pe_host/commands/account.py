"""What noise a budget asks for, what noise costs, and what a run has spent. Opens no data."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.errors import DataError
from pe_host.privacy.accountant import (
    Scales,
    calibrate,
    check_cost,
    check_rounds,
    epsilon_of,
    gaussian_mu,
    plan_releases,
)
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.shares import COUNT_BUDGET
from pe_host.run.folder import LEDGER, RunFolder
from pe_host.run.manifest import Manifest

ADJACENCY = "add or remove one record"


@dataclass(frozen=True)
class Account:
    """The cost of releases, or the releases for a cost.

    Args:
        unit: what neighbouring data sets differ by.
        epsilon, delta: what all releases together guarantee.
        mu: they are μ-GDP as well.
        rounds, votes: T and k.
        vote_scale: noise on each vote.
        count_scale: noise on each class count, None where none are released.
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
        return _finite(vars(self))

    def lines(self) -> list[str]:
        counts = (
            "not released" if self.count_scale is None else f"noise of scale {self.count_scale:.6g}"
        )
        return [
            f"({self.epsilon:.6g}, {self.delta:g})-differentially private, to {self.unit}; {self.mu:.4g}-Gaussian-DP",
            f"{_times(self.rounds, 'histogram')}, a record casting {_times(self.votes, 'vote')} in each",
            f"votes: discrete Gaussian noise of scale {self.vote_scale:.6g}",
            f"class counts: {counts}",
        ]


@dataclass(frozen=True)
class Spent:
    """What the ledger of a run has spent of its plan.

    Args:
        run: its folder.
        private: False for ε = inf.
        unit: what neighbouring data sets differ by.
        target: ε of the plan.
        epsilon: ε of everything spent so far, at the δ of the plan.
        delta: δ of the plan.
        rounds: T of the plan.
        paid: draws of noise that the ledger holds, lost ones included.
        affords: whether another round fits in.
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

    def to_json(self) -> dict[str, Any]:
        return _finite(vars(self))

    def lines(self) -> list[str]:
        if not self.private:
            return [f"{self.run}: NOT PRIVATE, ε is infinite"]
        return [
            f"{self.run}: spent ε = {self.epsilon:.6g} of {self.target:g} at δ = {self.delta:g}, to {self.unit}",
            f"{_times(self.paid, 'draw')} of noise for a plan of {_times(self.rounds, 'round')}; "
            f"another round {'fits' if self.affords else 'does not fit'} in",
        ]


def budget(
    epsilon: float, delta: float, rounds: int, votes: int, class_counts: bool = True
) -> Account:
    """The noise for a budget.

    Args:
        epsilon, delta: the budget.
        rounds, votes: T and k.
        class_counts: they are released as well.

    Raises:
        PrivacyRefusal: no noise can be calibrated to it.
    """
    scales = calibrate(epsilon, delta, rounds, votes, COUNT_BUDGET if class_counts else 0.0)
    return cost(scales.votes, scales.counts, delta, rounds, votes)


def cost(
    vote_scale: float, count_scale: float | None, delta: float, rounds: int, votes: int
) -> Account:
    """What noise costs. Arguments as of `Account`.

    Raises:
        PrivacyRefusal: it cannot be accounted for.
    """
    check_rounds(rounds, votes)
    releases = plan_releases(Scales(vote_scale, count_scale), rounds, votes)
    check_cost(releases)
    price = epsilon_of(releases, delta), delta, gaussian_mu(releases)
    return Account(ADJACENCY, *price, rounds, votes, vote_scale, count_scale)


def spent(folder: Path) -> Spent:
    """What a run has spent.

    Raises:
        DataError: this is no run, or its ledger is gone.
    """
    plan = Manifest.read(RunFolder(folder)).plan
    if not (folder / LEDGER).exists():  # `open` would begin one
        what = "the run has no ledger: nothing was released, or it was lost"
        raise DataError(
            what, where=str(folder), fix="continue it with --resume, or give another run"
        )
    ledger = Ledger.open(folder / LEDGER, plan)
    epsilon = ledger.spent_epsilon() if plan.private else math.inf
    unit = f"add or remove one {plan.unit}"
    paid, affords = len(ledger.releases), ledger.affords("votes")
    return Spent(
        str(folder),
        plan.private,
        unit,
        plan.epsilon,
        epsilon,
        plan.delta,
        plan.rounds,
        paid,
        affords,
    )


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """The same with infinities and NaN as text, since JSON has no number for them."""
    return {
        n: str(v) if isinstance(v, float) and not math.isfinite(v) else v for n, v in values.items()
    }
