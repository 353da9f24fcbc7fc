"""`pe account RUN RUN…`: what several runs on the same data have spent together. Opens no data."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.commands.account import RunCost, cost_of, finite
from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import NoisyRelease, epsilon_of
from pe_host.privacy.ledger import Ledger, run_of
from pe_host.run.folder import LEDGER, RunFolder
from pe_host.run.manifest import EarlierId, Manifest
from pe_host.run.spent import refuse_set_back


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
        with_earlier: the runs that start from an earlier one that is none of these, whose draws are
            counted too.
    """

    runs: tuple[RunCost, ...]
    copies: tuple[str, ...]
    unit: str
    epsilon: float
    delta: float
    sum: float
    with_earlier: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        runs = [run.to_json() for run in self.runs]
        lists = {"copies": list(self.copies), "with_earlier": list(self.with_earlier)}
        return {**finite(vars(self)), "runs": runs, **lists}

    def lines(self) -> list[str]:
        return [
            *[line for run in self.runs for line in run.lines()],
            *[f"{name}: a copy of a run above; it drew nothing of its own" for name in self.copies],
            f"together, if all of them read the same data: ε = {self.epsilon:.6g} at "
            f"δ = {self.delta:g} ({self.unit}); the sum of their ε is {self.sum:.6g}",
            *[
                f"the noise of the earlier runs that {name} starts from is counted in this"
                for name in self.with_earlier
            ],
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
    costs = {folder: cost_of(folder) for folder in folders}
    refuse_set_back(folders)
    if len({cost.unit for cost in costs.values()}) > 1:
        raise PrivacyRefusal(
            "these runs protect different units of privacy, whose costs do not add up",
            where=", ".join(f"{folder}: {cost.unit}" for folder, cost in costs.items()),
            fix="give runs of one unit",
        )
    ledgers = {folder: (folder / LEDGER).read_bytes() for folder in folders}
    copies = [folder for folder in ledgers if _is_copy(folder, ledgers)]
    kept = {folder: Drawn.of(folder) for folder in ledgers if folder not in copies}
    missing = {folder: run for folder, run in kept.items() if run.lacks_earlier(kept.values())}
    at = min(costs[folder].delta for folder in kept) if delta is None else delta
    epsilon = math.inf
    if all(costs[folder].private for folder in kept):
        earlier = {(run.start or name, run.before): run.before for name, run in missing.items()}
        releases = [draw for run in kept.values() for draw in run.releases]
        releases += [draw for before in earlier.values() for draw in before]
        epsilon = epsilon_of(releases, at) if releases else 0.0
    runs = tuple(costs[folder] for folder in kept)
    return ComposedCost(
        runs,
        tuple(map(str, copies)),
        runs[0].unit,
        epsilon,
        at,
        sum(run.epsilon for run in runs),
        tuple(map(str, missing)),
    )


@dataclass(frozen=True)
class Drawn:
    """The noise of a run, and that of the earlier runs that it starts from.

    Args:
        releases: what its ledger paid for.
        before: what its plan says that the earlier runs paid for.
        start: the run that it starts from, as its manifest names it; None if it starts from none,
            or for a run of a version that did not say.
        name: the run itself, as the manifest of one that starts from it names it.
    """

    releases: tuple[NoisyRelease, ...]
    before: tuple[NoisyRelease, ...]
    start: EarlierId | None
    name: EarlierId | None

    @classmethod
    def of(cls, folder: Path) -> "Drawn":
        """Read a run."""
        manifest, ledger = Manifest.read(RunFolder(folder)), folder / LEDGER
        return cls(
            tuple(Ledger.open(ledger, manifest.plan).releases),
            manifest.plan.before,
            manifest.earlier_run,
            EarlierId.of(ledger),
        )

    def lacks_earlier(self, others: Iterable["Drawn"]) -> bool:
        """Whether it starts from a run that is none of the others.

        Only a run with the very ledger that it names is the right one. The same noise and the same
        release are not enough: the draws of the right one would be left out.
        """
        return bool(self.before) and (
            self.start is None or all(other.name != self.start for other in others)
        )


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
