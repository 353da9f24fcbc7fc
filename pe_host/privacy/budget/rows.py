"""Rows of the budget database: what it knows of a run when it enters it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.budget.database import FINISHED, OPEN, CountedRun, Head
from pe_host.privacy.plan import PrivacyPlan

EMPTY = Head(0, hashlib.sha256().digest())


@dataclass(frozen=True)
class FinishedRun:
    """A finished run that its ledger speaks for, whichever database counted it.

    Args:
        id: of the run.
        plan: of the run.
        folder: where it is.
        ledger: the bytes of its ledger.
        paid: everything that its release cost, the runs that it starts from included.
    """

    id: str
    plan: PrivacyPlan
    folder: Path
    ledger: bytes
    paid: tuple[NoisyRelease, ...]

    def row(self, known: CountedRun | None) -> CountedRun:
        """Return what there is to count for it.

        A run that went on under another database has paid more than this one has seen. It then
        counts for all that its release cost: more than it spent itself, if the runs that it starts
        from are counted too, and never less.

        Args:
            known: what the database knows of it; None for nothing.

        Raises:
            PrivacyRefusal: the ledger is not the one that the database has seen.
        """
        head = head_of(self.ledger)
        if known is None:
            return replace(spent_run(self.id, self.plan, self.folder, self.paid), head=head)
        if known.head == head:
            return known
        if is_set_back(self.ledger, known.head):
            raise PrivacyRefusal(
                "the ledger is not the one that the budget database has seen: the run was copied "
                "and went on elsewhere, or its ledger was set back or changed",
                where=str(self.folder),
                fix="give the run where it went furthest; `pe budget history` shows its folder",
            )
        paid = tuple(self.paid)
        return replace(known, spent=paid, draws=len(paid), head=head, state=FINISHED)


def new_run(id: str, plan: PrivacyPlan, folder: Path) -> CountedRun:
    """Return the row of a run that has spent nothing yet."""
    return CountedRun(
        id=id,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        folder=str(folder.resolve()),
        unit=plan.unit_in_full,
        private=plan.private,
        epsilon=plan.epsilon,
        delta=plan.delta,
        planned=tuple(plan.releases),
        spent=(),
        draws=0,
        head=EMPTY,
        state=OPEN,
        caps=0,
    )


def spent_run(
    id: str, plan: PrivacyPlan, folder: Path, spent: Sequence[NoisyRelease]
) -> CountedRun:
    """Return the row of a finished run."""
    new = replace(new_run(id, plan, folder), planned=(), state=FINISHED)
    return replace(new, spent=tuple(spent), draws=len(spent))


def earlier_id(id: str) -> str:
    """Return the id under which the runs count that a run starts from, where theirs is unknown."""
    return hashlib.sha256(f"before {id}".encode()).hexdigest()[:32]


def head_of(ledger: bytes) -> Head:
    """Return the state of a ledger."""
    return Head(len(ledger), hashlib.sha256(ledger).digest())


def is_set_back(ledger: bytes, seen: Head) -> bool:
    """Return whether the ledger does not begin with the one that was seen."""
    return head_of(ledger[: seen.size]) != seen
