"""Mistakes in the order of a release, each made in the code of a forked `pe` for the rest of it.

Each is one that only a crash shows: without one, the run is as good as any.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from killing.inside import put
from pe_host.privacy import side, store
from pe_host.privacy.budget import RunAccount
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.mechanism import add_noise
from pe_host.privacy.store import FileStore
from pe_host.session import session
from pe_host.session.release import write_release


def line_after_noise() -> None:
    """Write the ledger line after the noise is drawn."""
    spend = Ledger.spend
    due: list[Callable[[], None]] = []

    def later(self: Ledger, kind: str, round: int) -> None:
        due.append(lambda: spend(self, kind, round))

    def drawn(values: Any, scale: float) -> Any:
        noisy = add_noise(values, scale)
        due.pop()()
        return noisy

    put(Ledger, "spend", later)
    put(side, "add_noise", drawn)


def answer_stored_late() -> None:
    """Store an answer only when the next one is there, or the samples are released."""
    save = FileStore.save
    due: list[Callable[[], None]] = []

    def flush() -> None:
        while due:
            due.pop()()

    def later(self: FileStore, *words: Any) -> None:
        flush()
        due.append(lambda: save(self, *words))

    def released(*words: Any) -> None:
        flush()
        write_release(*words)

    put(FileStore, "save", later)
    put(session, "write_release", released)


def paid_once() -> None:
    """Draw a lost answer again on the line that paid for it before."""
    spend = Ledger.spend

    def first(self: Ledger, kind: str, round: int) -> None:
        if not self.has_line(kind, round):
            spend(self, kind, round)

    put(Ledger, "spend", first)


def target_ignored() -> None:
    """Afford every round, whatever lost ones have cost."""
    put(Ledger, "_fits", lambda self, releases: True)
    put(RunAccount, "allows", lambda self, releases: True)


def budget_behind() -> None:
    """Count a draw in the budget only when the run is next opened."""
    put(RunAccount, "spend", lambda self, content, releases, draws: None)


def answer_in_place() -> None:
    """Write answers to their final names, piece by piece."""

    def write(path: Path, content: bytes) -> None:
        path.write_bytes(b"")
        for start in range(0, len(content), 100):
            with path.open("ab") as file:
                file.write(content[start : start + 100])

    put(store, "write_atomic", write)


MISTAKES: dict[str, Callable[[], None]] = {
    "line-after-noise": line_after_noise,
    "answer-stored-late": answer_stored_late,
    "paid-once": paid_once,
    "target-ignored": target_ignored,
    "budget-behind": budget_behind,
    "answer-in-place": answer_in_place,
}
