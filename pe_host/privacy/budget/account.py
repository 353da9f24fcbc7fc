"""The account of one run in the budget of its data set.

A run is admitted before anything is read, and refused if it could take the data set over its cap.
From then on every draw of noise moves the account from the ledger as it was to the ledger as it
is, in one step that only one process can take. So a copy of a run, or a run whose ledger was
set back, cannot draw what the original has drawn already: its account has moved on.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.budget.composition import cap_holds
from pe_host.privacy.budget.database import (
    CLOSED,
    FINISHED,
    OPEN,
    BudgetDatabase,
    CountedRun,
    Head,
    strictest,
)
from pe_host.privacy.budget.rows import (
    EMPTY,
    FinishedRun,
    earlier_id,
    head_of,
    is_set_back,
    new_run,
    spent_run,
)
from pe_host.privacy.plan import PrivacyPlan


class RunAccount:
    """What one run may spend and has spent. Made by `admit`, or by `resume` for a known run.

    Args:
        database: open for as long as the account is used.
        id: of the run.
        plan: of the run.
        head: the ledger as the database last saw it.
    """

    def __init__(self, database: BudgetDatabase, id: str, plan: PrivacyPlan, head: Head) -> None:
        self.id, self.database = id, database
        self._plan, self._head = plan, head

    @classmethod
    def admit(
        cls,
        database: BudgetDatabase,
        place: bytes,
        plan: PrivacyPlan,
        folder: Path,
        id: str | None = None,
        earlier: FinishedRun | None = None,
    ) -> tuple["RunAccount", bool]:
        """Enter a new run, and count the finished one that it starts from, whatever the cap.

        What is known of the earlier run catches up with its ledger, and the data sets of both
        become one. All of it happens, or nothing.

        Args:
            database: open.
            place: from `identity.place_of`.
            plan: what the run may release.
            folder: its folder, locked. A run that was entered for this folder and has spent nothing
                is forgotten: its folder is this one now.
            id: of the run; a new one by default.
            earlier: the run that it starts from.

        Returns:
            The account, and whether the database did not know the earlier run, or less of it.

        Raises:
            PrivacyRefusal: with this run the data set could go over its cap, or the ledger of the
                earlier run is not the one that the database has seen.
        """
        run, counted = new_run(id or secrets.token_hex(16), plan, folder), False
        with database.changing():
            data_set = database.data_set([place], make=True)
            assert data_set is not None  # it is made if it is unknown
            if earlier is not None:
                data_set, counted = _count(database, data_set, earlier)
            for other in database.runs(data_set):
                if _is_left(other, run):
                    database.remove(other.id)
            _enter(database, data_set, run)
        return cls(database, run.id, plan, EMPTY), counted

    @classmethod
    def resume(
        cls, database: BudgetDatabase, id: str, place: bytes, plan: PrivacyPlan, folder: Path
    ) -> "RunAccount | None":
        """The account of a run that goes on, or None if the database does not know the run.

        Raises:
            PrivacyRefusal: the run was closed, or the data set is over its cap.
        """
        with database.changing():
            run = database.run(id)
            if run is None:
                return None
            _refuse_closed(run)
            data_set = database.data_set([place], make=True)
            assert data_set is not None  # it is made if it is unknown
            data_set = database.merge(data_set, database.data_set_of(id))
            database.put(replace(run, folder=str(folder.resolve())), data_set)
        return cls(database, id, plan, run.head)

    @classmethod
    def adopt(
        cls, database: BudgetDatabase, id: str, place: bytes, plan: PrivacyPlan, folder: Path
    ) -> "RunAccount":
        """Enter a run that has begun without this database; its ledger says what it spent.

        What was spent counts, whatever the cap. What comes later is held to it, draw by draw. What
        its plan says of the runs that it starts from counts too: nobody here knows these.
        """
        run = replace(new_run(id, plan, folder), planned=())
        with database.changing():
            data_set = database.data_set([place], make=True)
            assert data_set is not None  # it is made if it is unknown
            database.put(run, data_set)
            database.ask_again(data_set)
            if plan.before:
                database.put(spent_run(earlier_id(id), plan, folder, plan.before), data_set)
        return cls(database, id, plan, EMPTY)

    @staticmethod
    def check_admission(
        database: BudgetDatabase,
        identities: Sequence[bytes],
        plan: PrivacyPlan,
        folder: Path,
        earlier: FinishedRun | None = None,
    ) -> None:
        """Check what `admit` and `identify` would, and enter nothing.

        Args:
            database: open.
            identities: from `identity`.
            plan, folder: of the run.
            earlier: the run that it starts from.

        Raises:
            PrivacyRefusal: with this run the data set could go over its cap, or the ledger of the
                earlier run is not the one that the database has seen.
        """
        run = new_run("", plan, folder)
        with database.changing():
            each = [database.data_set([identity], make=False) for identity in identities]
            known = database.run(earlier.id) if earlier else None
            each.append(database.data_set_of(known.id) if known else None)
            # The run would make one data set of all these.
            found = {data_set for data_set in each if data_set is not None}
            cap = strictest(database.cap(data_set) for data_set in found)
            runs = [other for data_set in found for other in database.runs(data_set)]
            others = {other.id: other for other in runs if not _is_left(other, run)}
            if earlier is not None:
                others[earlier.id] = earlier.row(known)
        if cap is not None:
            cap_holds(cap, run, run.counted, others.values())

    def identify(self, content: bytes | None) -> None:
        """Say what the data are, besides where they are. They may then turn out to be known.

        Args:
            content: from `identity.content_of`.

        Raises:
            PrivacyRefusal: together with the runs on the same content the cap would be exceeded.
        """
        if content is None:
            return
        with self.database.changing():
            run, before = self._row()
            known = self.database.data_set([content], make=False)
            made = self.database.data_set([content], make=True)
            assert made is not None  # it is made if it is unknown
            data_set = self.database.merge(before, made)
            if known not in (None, before):  # a cap that both had is not asked again
                _enter(self.database, data_set, run)

    def check(self, content: bytes, releases: Sequence[NoisyRelease], draws: int) -> None:
        """Compare the ledger of the run with what the database saw of it, and catch up with it.

        Lines that the database has not seen were written just before a crash; they count.

        Args:
            content: the bytes of the ledger.
            releases: everything spent by it; empty if the plan is not private.
            draws: number of its draws.

        Raises:
            PrivacyRefusal: the ledger is an older one, or one of another run.
        """
        seen = self._head
        with self.database.changing():
            folder = self._row()[0].folder
        if is_set_back(content, seen):
            raise PrivacyRefusal(
                "the ledger is not the one that this run has reached: the run was copied and went "
                "on elsewhere, or its ledger was set back or changed",
                where=folder,
                fix="continue the run where it went furthest (`pe budget history` shows its "
                "folder), or start a new run",
            )
        if len(content) > seen.size:
            self._move(content, releases, draws, enforce=False)  # it is spent, whatever the cap

    def spend(self, content: bytes, releases: Sequence[NoisyRelease], draws: int) -> None:
        """Count what the ledger says now. The arguments are those of `check`.

        Raises:
            PrivacyRefusal: another process has moved the account, or the cap does not allow it.
            DataError: the database cannot be written.
        """
        self._move(content, releases, draws, enforce=True)

    def _move(
        self, content: bytes, releases: Sequence[NoisyRelease], draws: int, *, enforce: bool
    ) -> None:
        head = head_of(content)
        with self.database.changing():
            run, data_set = self._row()
            if run.head != self._head:
                raise PrivacyRefusal(
                    "another process draws noise for a copy of this run",
                    where=run.folder,
                    fix="continue one of the copies only",
                )
            spent = replace(run, spent=tuple(releases), draws=draws, head=head)
            if enforce:
                self._check_cap(spent, data_set, releases)
            self.database.put(spent, data_set)
        self._head = head

    def allows(self, releases: Sequence[NoisyRelease]) -> bool:
        """True if the cap of the data set allows a ledger with these releases.

        Raises:
            PrivacyRefusal: another process has moved the account since `check`.
        """
        with self.database.changing():
            run, data_set = self._row()
            _refuse_closed(run)
            if run.head != self._head:
                raise PrivacyRefusal(
                    "a copy of this run has gone on since this one was opened",
                    where=run.folder,
                    fix="continue the copy that went furthest",
                )
            try:
                self._check_cap(run, data_set, releases)
            except PrivacyRefusal:
                return False
        return True

    def others(self) -> int:
        """The number of other runs on the data set."""
        with self.database.changing():
            _, data_set = self._row()
            return len(self.database.runs(data_set)) - 1

    def finish(self) -> None:
        """Free what the run did not spend of its plan."""
        with self.database.changing():
            run, data_set = self._row()
            self.database.put(replace(run, state=FINISHED), data_set)

    def withdraw(self) -> None:
        """Forget the run, if it has spent nothing."""
        with self.database.changing():
            run, _ = self._row()
            if not run.draws:
                self.database.remove(run.id)

    def _check_cap(self, run: CountedRun, data_set: int, releases: Sequence[NoisyRelease]) -> None:
        """Raise PrivacyRefusal unless the cap allows it; what is reserved needs no look.

        Only what was spent counts for this run here, not what it planned: draws that were lost take
        the place of planned ones.
        """
        reserved = run.state == OPEN and Counter(releases) <= Counter(run.planned)
        if not (reserved and run.caps == self.database.caps(data_set)):
            _check_cap(self.database, data_set, run, Counter(releases))

    def _row(self) -> tuple[CountedRun, int]:
        run = self.database.run(self.id)
        if run is None:
            raise PrivacyRefusal(
                "the budget database no longer knows this run", fix="start a new run"
            )
        return run, self.database.data_set_of(self.id)


def ledger_heads(folder: Path, ids: Iterable[str]) -> dict[str, Head]:
    """Return the ledger of each run as the database in the folder has seen it last.

    Raises:
        DataError, PrivacyRefusal: see `BudgetDatabase.open`. A missing one is not made.
    """
    if not BudgetDatabase.is_in(folder):
        return {}
    database = BudgetDatabase.open(folder)
    try:
        with database.changing():
            runs = [database.run(id) for id in ids]
    finally:
        database.close()
    return {run.id: run.head for run in runs if run is not None}


def _count(database: BudgetDatabase, data_set: int, finished: FinishedRun) -> tuple[int, bool]:
    """Count a finished run; return the data set of both, and whether there was more to count."""
    known = database.run(finished.id)
    row = finished.row(known)
    if known is not None:
        data_set = database.merge(data_set, database.data_set_of(known.id))
    database.put(row, data_set)
    if row != known:
        database.ask_again(data_set)
    return data_set, row != known


def _is_left(other: CountedRun, run: CountedRun) -> bool:
    """Whether a run that spent nothing was entered for the folder that is this one's now."""
    return other.folder == run.folder and not other.draws and other.state == OPEN


def _refuse_closed(run: CountedRun) -> None:
    if run.state == CLOSED:
        what = "this run was closed by `pe budget close`"
        raise PrivacyRefusal(what, where=run.folder, fix="start a new run")


def _enter(database: BudgetDatabase, data_set: int, run: CountedRun) -> None:
    _check_cap(database, data_set, run, run.counted)
    database.put(replace(run, caps=database.caps(data_set)), data_set)


def _check_cap(
    database: BudgetDatabase, data_set: int, run: CountedRun, counted: Counter[NoisyRelease]
) -> None:
    cap = database.cap(data_set)
    if cap is None:
        return
    others = [other for other in database.runs(data_set) if other.id != run.id]
    cap_holds(cap, run, counted, others)
