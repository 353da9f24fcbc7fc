"""`pe account`: the noise for a budget, the cost of noise, and what a run has spent.

Opens no data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import (
    Scales,
    calibrate,
    check_cost,
    check_rounds,
    epsilon_of,
    gaussian_mu,
    plan_releases,
)
from pe_host.privacy.ledger import Ledger, run_of
from pe_host.privacy.shares import COUNT_BUDGET
from pe_host.run.folder import LEDGER, RunFolder
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
        return _finite(vars(self))

    def lines(self) -> list[str]:
        counts = (
            "not released"
            if self.count_scale is None
            else f"discrete Gaussian noise of scale {self.count_scale:.6g}"
        )
        return [
            f"({self.epsilon:.6g}, {self.delta:g})-differentially private "
            f"({self.unit}), {self.mu:.4g}-Gaussian-DP",
            f"{_plural(self.rounds, 'histogram')}, "
            f"{_plural(self.votes, 'vote')} per record in each",
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
            f"{self.run}: spent ε = {self.epsilon:.6g} of {self.target:g} "
            f"at δ = {self.delta:g} ({self.unit})",
            f"{_plural(self.paid, 'noise draw')} in a plan of {_plural(self.rounds, 'round')}; "
            f"another round {'fits' if self.affords else 'does not fit'} in the budget",
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
    cost = _cost_of(folder)
    refuse_set_back([folder])
    return cost


def _cost_of(folder: Path) -> RunCost:
    manifest = Manifest.read(RunFolder(folder))
    plan = manifest.plan
    ledger = open_ledger(folder, manifest)
    epsilon = ledger.spent_epsilon() if plan.private else math.inf
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
    )


@dataclass(frozen=True)
class ComposedCost:
    """What several runs on the same data have spent together, by their ledgers.

    Args:
        runs: cost of each by itself; copies of a run that drew nothing of their own are left out.
        copies: the folders left out.
        unit: what neighbouring data sets differ by.
        epsilon: ε of all draws composed; inf if a run is not private.
        delta: δ of it.
        sum: sum of the ε of the runs, for comparison.
    """

    runs: tuple[RunCost, ...]
    copies: tuple[str, ...]
    unit: str
    epsilon: float
    delta: float
    sum: float

    def to_json(self) -> dict[str, Any]:
        runs = [run.to_json() for run in self.runs]
        return {**_finite(vars(self)), "runs": runs, "copies": list(self.copies)}

    def lines(self) -> list[str]:
        return [
            *[line for run in self.runs for line in run.lines()],
            *[f"{name}: a copy of a run above; it drew nothing of its own" for name in self.copies],
            f"together, if all of them read the same data: ε = {self.epsilon:.6g} at "
            f"δ = {self.delta:g} ({self.unit}); the sum of their ε is {self.sum:.6g}",
        ]


def composed(folders: Sequence[Path], delta: float | None = None) -> ComposedCost:
    """Compute what several runs have spent together, with one accountant over all their draws.

    Args:
        folders: of the runs.
        delta: δ of the result; the smallest of the runs if None.

    Raises:
        DataError: one is not a run, or its ledger is missing.
        PrivacyRefusal: the runs protect different units.
    """
    costs = {folder: _cost_of(folder) for folder in folders}
    refuse_set_back(folders)
    if len({cost.unit for cost in costs.values()}) > 1:
        raise PrivacyRefusal(
            "these runs protect different units of privacy, whose costs do not add up",
            where=", ".join(f"{folder}: {cost.unit}" for folder, cost in costs.items()),
            fix="give runs of one unit",
        )
    ledgers = {folder: (folder / LEDGER).read_bytes() for folder in folders}
    copies = [folder for folder in ledgers if _is_copy(folder, ledgers)]
    kept = [folder for folder in ledgers if folder not in copies]
    at = min(costs[folder].delta for folder in kept) if delta is None else delta
    epsilon = math.inf
    if all(costs[folder].private for folder in kept):
        releases = [release for folder in kept for release in _ledger(folder).releases]
        epsilon = epsilon_of(releases, at) if releases else 0.0
    runs = tuple(costs[folder] for folder in kept)
    total = sum(run.epsilon for run in runs)
    return ComposedCost(runs, tuple(map(str, copies)), runs[0].unit, epsilon, at, total)


def _is_copy(folder: Path, ledgers: dict[Path, bytes]) -> bool:
    """True if a run named before has this ledger too, or any other has it and goes on after it.

    Two copies that both went on have drawn noise twice, so both count whole. That counts their
    common draws twice, which is more than was spent and never less.
    """
    own, before = ledgers[folder], True
    for other, content in ledgers.items():
        if other == folder:
            before = False
        elif run_of(folder / LEDGER)[0] and content.startswith(own) and (before or content != own):
            return True
    return False


def _ledger(folder: Path) -> Ledger:
    return Ledger.open(folder / LEDGER, Manifest.read(RunFolder(folder)).plan)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """The values with infinities and NaN as strings, since JSON has no numbers for them."""
    return {
        n: str(v) if isinstance(v, float) and not math.isfinite(v) else v for n, v in values.items()
    }
