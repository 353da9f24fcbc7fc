"""`pe budget`: what all runs on a data set have spent together, and the cap on it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pe_host.cache import budget_folder
from pe_host.errors import DataError, PrivacyRefusal, UsageError
from pe_host.files import paths_in
from pe_host.job.source import PATHS, find_reader, read_source
from pe_host.plugins import find
from pe_host.plugins.names import HOST
from pe_host.privacy.accountant import check_budget, epsilon_of
from pe_host.privacy.budget import (
    CLOSED,
    OPEN,
    BudgetDatabase,
    Cap,
    CountedRun,
    Total,
    content_of,
    place_of,
    totals,
)
from pe_host.reporting import CommandResult


@dataclass(frozen=True)
class DataSetBudget:
    """What is known of the budget of a data set.

    Args:
        source: as the user named it.
        cap: the cap, or None.
        totals: what was spent, for each unit of privacy.
        runs: number of runs.
    """

    source: str
    cap: Cap | None
    totals: Sequence[Total]
    runs: int

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "cap": None if self.cap is None else vars(self.cap),
            "runs": self.runs,
            "totals": [
                {name: _number(value) for name, value in vars(total).items()}
                for total in self.totals
            ],
        }

    def lines(self) -> list[str]:
        cap = self.cap
        lines = [
            f"{self.source}: no cap; `pe budget cap` sets one"
            if cap is None
            else f"{self.source}: cap ε = {cap.epsilon:g} at δ = {cap.delta:g} (one {cap.unit})"
        ]
        if not self.runs:
            lines.append("no run on these data is known here")
        for total in self.totals:
            runs = "1 run" if total.runs == 1 else f"{total.runs} runs"
            bare = f", {total.not_private} of them NOT PRIVATE" if total.not_private else ""
            lines.append(
                f"spent     ε = {_shown(total.spent)} at δ = {total.delta:g} by {runs}{bare} "
                f"(add or remove one {total.unit})"
            )
            if total.reserved != total.spent:
                lines.append(
                    f"reserved  ε = {_shown(total.reserved)} if the unfinished runs go on to their "
                    "end"
                )
        if len(self.totals) > 1:
            lines.append("costs for different units of privacy do not add up")
        return lines


def show(source: str) -> DataSetBudget:
    """The budget of a data set.

    Raises:
        DataError: there is no such source, or the database cannot be used.
        PrivacyRefusal: the source is public, so nobody counts it.
    """
    identities = _identities(source)
    with _database() as database, database.changing():
        return _budget(database, source, database.data_set(identities, make=False))


def set_cap(source: str, cap: Cap | None) -> DataSetBudget:
    """Set the cap of a data set, or lift it. Runs that were admitted are held to it too.

    Raises:
        PrivacyRefusal: no budget can have this (ε, δ); or as `show`.
        DataError: as `show`.
    """
    if cap is not None:
        check_budget(cap.epsilon, cap.delta)
    identities = _identities(source)
    with _database() as database, database.changing():
        data_set = database.data_set(identities, make=True)
        assert data_set is not None  # it is made if it is unknown
        database.set_cap(data_set, cap)
        return _budget(database, source, data_set)


def history(source: str) -> CommandResult:
    """All runs on a data set, oldest first. Raises what `show` raises."""
    identities = _identities(source)
    with _database() as database, database.changing():
        data_set = database.data_set(identities, make=False)
        runs = [] if data_set is None else database.runs(data_set)
    document = {"source": source, "runs": [_json(run) for run in runs]}
    text = [line for run in runs for line in _lines(run)]
    return CommandResult(document, tuple(text or ["no run on these data is known here"]))


def close(id: str) -> CommandResult:
    """End a run that will not go on, which frees what it did not spend.

    Args:
        id: the run's id, or the beginning of it if no other run's begins like that.

    Raises:
        UsageError: no run or several runs have such an id.
    """
    with _database() as database, database.changing():
        runs = [
            (run, data_set)
            for data_set in database.data_sets()
            for run in database.runs(data_set)
            if id and run.id.startswith(id)
        ]
        if len(runs) != 1:
            what = f"{'no' if not runs else len(runs)} run has an id that begins with {id!r}"
            raise UsageError(what, where="RUN", fix="`pe budget history SOURCE` lists the ids")
        run, data_set = runs[0]
        if run.state != OPEN:
            what = f"run {run.id} is {run.state} already"
            raise DataError(what, where=run.folder, fix="nothing is left to do")
        closed = replace(run, state=CLOSED)
        database.put(closed, data_set)
    return CommandResult(
        {"closed": _json(closed)}, ("closed; it cannot be resumed", *_lines(closed))
    )


def _identities(source: str) -> list[bytes]:
    """The identities of a source. How it is read makes no difference to them."""
    installed = find()
    ref, location = find_reader(source, "SOURCE", installed)
    paths = paths_in(location)
    # Data that a file of the user holds are private, and a table must be explained to be read.
    ours = ref.distribution == HOST and ref.name in PATHS and paths
    if not ours and read_source(source, "SOURCE", installed).info.public is True:
        raise PrivacyRefusal(
            "the reader of this source declares the data public, so they have no budget",
            where=source,
            fix="give a source of private data",
        )
    content = content_of(location)
    if paths and content is None:
        raise DataError(
            "nothing in it can be read, or it is empty",
            where=source,
            fix="give a file or a folder with data",
        )
    return [place_of(ref.name, location), *([content] if content else [])]


@contextmanager
def _database() -> Iterator[BudgetDatabase]:
    database = BudgetDatabase.open(budget_folder())
    try:
        yield database
    finally:
        database.close()


def _budget(database: BudgetDatabase, source: str, data_set: int | None) -> DataSetBudget:
    if data_set is None:
        return DataSetBudget(source, None, (), 0)
    cap, runs = database.cap(data_set), database.runs(data_set)
    at = None if cap is None else cap.delta
    return DataSetBudget(source, cap, totals(runs, at), len(runs))


def _lines(run: CountedRun) -> list[str]:
    spent = _shown(_spent(run))
    budget = f"{run.epsilon:g}" if run.private else "inf, NOT PRIVATE"
    return [
        f"{run.id[:12]}  {run.started}  {run.state:8}  spent ε = {spent} of {budget} "
        f"at δ = {run.delta:g} (one {run.unit}), {run.draws} noise draws",
        f"              in {run.folder}",
    ]


def _json(run: CountedRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "started": run.started,
        "state": run.state,
        "folder": run.folder,
        "unit": run.unit,
        "private": run.private,
        "epsilon": _number(run.epsilon),
        "delta": run.delta,
        "spent_epsilon": _number(_spent(run)),
        "draws": run.draws,
    }


def _spent(run: CountedRun) -> float:
    if not run.private:
        return math.inf if run.draws else 0.0
    return epsilon_of(run.spent, run.delta) if run.spent else 0.0


def _shown(epsilon: float) -> str:
    return f"{epsilon:.4g}"


def _number(value: Any) -> Any:
    """The value; infinity as a string, since JSON has no number for it."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
