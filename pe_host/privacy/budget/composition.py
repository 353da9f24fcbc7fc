"""What several runs on one data set cost together.

All their releases are composed by one accountant, as if they were one run. That is less than the
sum of their ε, and never less than what was spent.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import NoisyRelease, epsilon_of, fits
from pe_host.privacy.budget.database import OPEN, Cap, CountedRun


@dataclass(frozen=True)
class Total:
    """What the runs of one unit of privacy cost together.

    Args:
        unit: "record" or "client".
        runs: number of runs.
        delta: δ of both ε.
        spent: ε of everything drawn; inf if a run is not private.
        reserved: ε if all open runs go on to their end; inf if a run is not private.
        not_private: number of runs that are not private.
    """

    unit: str
    runs: int
    delta: float
    spent: float
    reserved: float
    not_private: int


def totals(runs: Sequence[CountedRun], delta: float | None) -> list[Total]:
    """The cost of runs, by unit of privacy; costs of different units do not add up.

    Args:
        runs: on one data set.
        delta: δ of the result; the smallest of the runs if None.
    """
    found = []
    for unit in sorted({run.unit for run in runs}):
        ours = [run for run in runs if run.unit == unit]
        at = min(run.delta for run in ours) if delta is None else delta
        bare = sum(not run.private for run in ours)
        spent = sum((Counter(run.spent) for run in ours), Counter[NoisyRelease]())
        counted = sum((run.counted for run in ours), Counter[NoisyRelease]())
        found.append(
            Total(
                unit,
                len(ours),
                at,
                math.inf if any(run.draws for run in ours if not run.private) else _cost(spent, at),
                math.inf if bare else _cost(counted, at),
                bare,
            )
        )
    return found


def cap_holds(
    cap: Cap, run: CountedRun, counted: Counter[NoisyRelease], others: Iterable[CountedRun]
) -> None:
    """Raise PrivacyRefusal unless a run keeps its data set within the cap.

    Args:
        cap: of the data set.
        run: the run.
        counted: what it counts for.
        others: all other runs on the data set.
    """
    others = [other for other in others if other.draws or other.state == OPEN]
    where = "the budget of this data set"
    what = f"its cap is ε = {cap.epsilon:g} at δ = {cap.delta:g} (one {cap.unit})"
    if foreign := [other for other in [run, *others] if other.unit != cap.unit]:
        raise PrivacyRefusal(
            f"{what}, but {_named(foreign[0], run)} protects one {foreign[0].unit}, "
            "and the two cannot be composed",
            where=where,
            fix="set a cap for the other unit, or none: `pe budget cap --help`",
        )
    if bare := [other for other in [run, *others] if not other.private]:
        raise PrivacyRefusal(
            f"{what}, but {_named(bare[0], run)} is NOT PRIVATE, so there is no bound",
            where=where,
            fix="use --epsilon with a number"
            if bare[0] is run
            else "`pe budget history` lists the runs",
        )
    releases = list(
        sum((other.counted for other in others), Counter[NoisyRelease](counted)).elements()
    )
    if not releases or fits(releases, cap.epsilon, cap.delta):
        return
    earlier = ""
    if others:
        composed = sum((other.counted for other in others), Counter[NoisyRelease]())
        unfinished = sum(other.state == OPEN for other in others)
        runs = "one other run counts" if len(others) == 1 else f"{len(others)} other runs count"
        earlier = f"{runs} for ε = {_cost(composed, cap.delta):.4g} ({unfinished} unfinished), and "
    raise PrivacyRefusal(
        f"{what}; {earlier}with this run it would be {epsilon_of(releases, cap.delta):.4g}",
        where=where,
        fix="lower --epsilon; close runs that will not go on (`pe budget history`, "
        "`pe budget close RUN`); or raise the cap",
    )


def _named(other: CountedRun, run: CountedRun) -> str:
    return "this run" if other is run else f"run {other.id[:8]} in {other.folder}"


def _cost(releases: Counter[NoisyRelease], delta: float) -> float:
    return epsilon_of(list(releases.elements()), delta)
