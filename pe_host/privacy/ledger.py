"""The ledger: what has been spent, written before it is spent, never taken back.

It is a JSONL file. The header names the plan and the run. Each draw of noise has a line, which is
on the disk before the draw. A draw that is lost after its line was written stays spent, so the
target is a hard cap under every sequence of crashes. An account outside the run folder
(`pe_host.privacy.budget`) is moved along before each draw, so an older copy of a ledger is found
out.

A crash may also cut a line short. Such a line counts as spent, and the next append records how many
lines before it were cut. Any other line that differs from the bytes this module would write is
damage: the run is refused, because what it spent is not known.
"""

import json
import math
import os
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pe_host.durable import write_atomic
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.files import NotAFile, read_regular
from pe_host.privacy.accountant import NoisyRelease, delta_of, epsilon_of, fits
from pe_host.privacy.plan import PrivacyPlan
from pe_host.privacy.shortage import BudgetExhausted, Shortage

SCHEMA = 1
KINDS = ("class-counts", "votes")
TORN = "torn"
"""Kind of the line that accounts for the unreadable lines before it.

Each of them was cut short by a crash, before its draw, and counts as the most expensive release of
the plan. Unreadable lines without such a line after them are damage, unless they are at the end.
"""


@dataclass(frozen=True)
class Entry:
    """One line, for reports.

    Args:
        kind: one of KINDS, or TORN.
        round: t of a vote, else 0.
        attempt: how often this draw has been paid for, this line included.
        cost: None if the plan is not private.
    """

    kind: str
    round: int
    attempt: int
    cost: NoisyRelease | None


class Account(Protocol):
    """What is counted elsewhere of a ledger, as it grows; see `pe_host.privacy.budget.account`."""

    def check(self, content: bytes, releases: Sequence[NoisyRelease], draws: int) -> None:
        """Raise PrivacyRefusal unless the ledger is as far as the account."""

    def allows(self, releases: Sequence[NoisyRelease]) -> bool:
        """True if a ledger with these releases is allowed.

        Raises:
            PrivacyRefusal: the account is further than the ledger.
        """

    def spend(self, content: bytes, releases: Sequence[NoisyRelease], draws: int) -> None:
        """Count what the ledger says now, or raise PrivacyRefusal."""


class Ledger:
    """The ledger of one run. Made by `create` and `open`, under the lock of the run folder."""

    def __init__(
        self, path: Path, plan: PrivacyPlan, content: "_Content", account: Account | None
    ) -> None:
        self._path = path
        self._plan = plan
        self._bytes = content.raw
        self._lines = content.lines
        self._torn = content.torn
        self._unterminated = content.unterminated
        self._account = account

    @staticmethod
    def create(path: Path, plan: PrivacyPlan, run: str, budget: str = "") -> None:
        """Start the ledger of a run.

        Args:
            path: of the file. One with nothing but its header is replaced: it was never used.
            plan: of the run.
            run: id of the run.
            budget: id of the budget database that counts the run; "" if none does.

        Raises:
            PrivacyRefusal: there is a ledger with draws already.
        """
        if not is_unused(path):
            raise PrivacyRefusal(
                "there is a ledger of a run whose manifest is missing",
                where=str(path),
                fix="restore the manifest from a backup, or choose another --out",
            )
        header = {"schema": SCHEMA, "plan": plan.digest, "private": plan.private, "run": run}
        if budget:
            header["budget"] = budget
        write_atomic(path, _line(header))  # atomic, so a header is never torn

    @classmethod
    def open(cls, path: Path, plan: PrivacyPlan, account: Account | None = None) -> "Ledger":
        """Read and check the ledger of a run.

        Args:
            path: of the file.
            plan: of the run.
            account: counts each draw too, before it is drawn; None to look only, and for data that
                nobody counts.

        Raises:
            PrivacyRefusal: the file is missing, belongs to another plan, is damaged before its very
                end, or is not the one that the account has seen.
        """
        if not path.exists():
            raise _missing(path)
        ledger = cls(path, plan, _read(path, plan), account)
        if account is not None:
            account.check(ledger._bytes, ledger.releases, len(ledger._lines))
        return ledger

    @property
    def releases(self) -> list[NoisyRelease]:
        """Everything spent; empty if the plan is not private.

        A torn line counts as the most expensive release.
        """
        if not self._plan.private:
            return []
        return [_cost(self._plan, line["kind"]) for line in self._lines]

    @property
    def entries(self) -> list["Entry"]:
        """All lines, in order."""
        seen: Counter[tuple[str, int]] = Counter()
        entries = []
        for line in self._lines:
            key = line["kind"], line["round"]
            seen[key] += 1
            cost = _cost(self._plan, line["kind"]) if self._plan.private else None
            entries.append(Entry(*key, seen[key], cost))
        return entries

    def has_line(self, kind: str, round: int) -> bool:
        """True if a draw was paid for. A torn line is not: noise is drawn after a whole line."""
        return any(line["kind"] == kind and line["round"] == round for line in self._lines)

    def spent_epsilon(self) -> float:
        """ε of everything spent, at the plan's δ; inf if the plan is not private."""
        return epsilon_of(self.releases, self._plan.delta) if self._plan.private else math.inf

    def affords(self, kind: str) -> bool:
        """True if there is no `shortage` for one more release of this kind."""
        return self.shortage(kind) is None

    def shortage(self, kind: str) -> Shortage | None:
        """Why one more release of this kind is not affordable; None if it is.

        It must keep the total within the plan's (ε, δ) and, if an account counts the run, within
        the cap of its data set.
        """
        releases = [*self.releases, *([_cost(self._plan, kind)] if self._plan.private else [])]
        allowed = self._account is None or self._account.allows(releases)
        if self._plan.private and not self._fits(releases):
            return Shortage.LOST
        return None if allowed else Shortage.CAPPED

    def _fits(self, releases: list[NoisyRelease]) -> bool:
        plan = self._plan
        if Counter(releases) <= Counter(plan.releases):  # a part never costs more than the whole
            return fits(plan.releases, plan.epsilon, plan.delta) or (
                delta_of(releases, plan.epsilon) <= plan.delta
            )
        return delta_of(releases, plan.epsilon) <= plan.delta

    def check_affordable(self, kind: str) -> None:
        """Raise BudgetExhausted unless `affords(kind)`."""
        if shortage := self.shortage(kind):
            raise BudgetExhausted(shortage, self._path.name)

    def spend(self, kind: str, round: int) -> None:
        """Write the line of a draw and flush it to the disk. Call it before drawing.

        Args:
            kind: one of KINDS.
            round: t of a vote, 0 for the class counts.

        Raises:
            BudgetExhausted: see `check_affordable`.
            DataError: the line cannot be written; the ledger must then be opened again.
        """
        self.check_affordable(kind)
        if self._torn:
            self._append(_torn_line(self._plan, self._torn))
            self._torn = 0
        draw = secrets.token_hex(8)
        entry = _entry(self._plan, kind, round, self._lines, draw)
        self._append(_line(entry))
        self._lines.append(entry)
        if self._account is not None:
            self._account.spend(self._bytes, self.releases, len(self._lines))

    def _append(self, line: bytes) -> None:
        added = b"\n" * self._unterminated + line
        try:
            with self._path.open("ab") as file:
                file.write(added)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            # Whatever reached the disk is found and counted when the ledger is opened again.
            raise DataError(
                f"cannot write the ledger: {error.strerror}",
                where=str(self._path),
                fix="free space or fix the permissions; then run the same command with --resume",
            ) from None
        self._bytes += added
        self._unterminated = False


@dataclass(frozen=True)
class _Content:
    """The content of a ledger file.

    Args:
        raw: its bytes.
        lines: the draws paid for, in order; an unreadable line is {"kind": TORN, "round": 0}.
        torn: number of unreadable lines at the end that no TORN line accounts for yet.
        unterminated: the file does not end in a line feed.
    """

    raw: bytes
    lines: list[dict[str, Any]]
    torn: int
    unterminated: bool


def _cost(plan: PrivacyPlan, kind: str) -> NoisyRelease:
    if kind == TORN:
        return plan.largest_release
    return plan.vote_release if kind == "votes" else plan.count_release


def _entry(
    plan: PrivacyPlan, kind: str, round: int, before: list[dict[str, Any]], draw: str | None
) -> dict[str, Any]:
    """The next line, exactly as it will be written.

    Its random `draw` tells the draws of two copies of a run apart; lines of older versions have
    none.
    """
    cost = _cost(plan, kind) if plan.private else None
    return {
        **({} if draw is None else {"draw": draw}),
        "kind": kind,
        "round": round,
        "attempt": 1 + sum(line["kind"] == kind and line["round"] == round for line in before),
        "coordinates": cost.coordinates if cost else 0,
        "scale": cost.scale if cost else 0.0,
        "private": plan.private,
        "plan": plan.digest,
    }


def _torn_line(plan: PrivacyPlan, count: int) -> bytes:
    return _line({"kind": TORN, "lines": count, "plan": plan.digest})


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, allow_nan=False).encode() + b"\n"


def _parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of the line; empty if it has none."""
    document = None
    with suppress(ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        document = json.loads(raw)
    return document if isinstance(document, dict) else {}


def _bytes_of(path: Path) -> bytes:
    try:
        return read_regular(path)
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, NotAFile) as error:
        cause = error.strerror if isinstance(error, OSError) else f"it is {error}"
        raise PrivacyRefusal(
            f"the ledger cannot be read ({cause}), so what the run spent is not known",
            where=str(path),
            fix="fix its permissions, or start a new run, whose ε adds to this one's",
        ) from None


def _read(path: Path, plan: PrivacyPlan) -> _Content:
    content = _bytes_of(path)
    first, *rest = content.split(b"\n")
    header = _parse(first)
    if header.get("schema") != SCHEMA or not rest:
        raise _damaged(path, 1)
    if header.get("plan") != plan.digest:
        raise PrivacyRefusal(
            "the privacy plan has changed since this run began",
            where=path.name,
            fix="repeat the command that started the run, or start a new run, whose ε adds to "
            "this one's",
        )
    unterminated = rest[-1] != b""
    lines: list[dict[str, Any]] = []
    torn = 0
    for number, raw in enumerate(rest if unterminated else rest[:-1], start=2):
        line = _parse(raw)
        if not line:
            lines.append({"kind": TORN, "round": 0})
            torn += 1
        elif torn and raw + b"\n" == _torn_line(plan, torn):
            torn = 0
        elif (
            torn
            or not _expected(line, plan)
            or raw + b"\n"
            != _line(_entry(plan, line["kind"], line["round"], lines, line.get("draw")))
        ):
            raise _damaged(path, number - torn)
        else:
            lines.append(line)
    return _Content(content, lines, torn, unterminated)


def is_unused(path: Path) -> bool:
    """True if there is no ledger, or one with nothing but its header."""
    return not path.exists() or not _bytes_of(path).rstrip(b"\n").count(b"\n")


def run_of(path: Path) -> tuple[str, str]:
    """The ids of run and budget database in the header of a ledger; "" for one it lacks.

    Raises:
        PrivacyRefusal: the ledger is missing, or its header is damaged.
    """
    header = _parse(_bytes_of(path).partition(b"\n")[0])
    if header.get("schema") != SCHEMA:
        raise _damaged(path, 1)
    return str(header.get("run", "")), str(header.get("budget", ""))


def _expected(line: dict[str, Any], plan: PrivacyPlan) -> bool:
    """True if this plan has such a draw."""
    kind, round, draw = line.get("kind"), line.get("round"), line.get("draw")
    if draw is not None and not (isinstance(draw, str) and re.fullmatch("[0-9a-f]{16}", draw)):
        return False
    if kind == "class-counts":
        return plan.count_scale is not None and round == 0
    return kind == "votes" and type(round) is int and 1 <= round <= plan.rounds


def _missing(path: Path) -> PrivacyRefusal:
    return PrivacyRefusal(
        "the ledger is missing, so what the run spent is not known",
        where=str(path),
        fix="restore it from a backup, or start a new run, whose ε adds to this one's",
    )


def _damaged(path: Path, number: int) -> PrivacyRefusal:
    return PrivacyRefusal(
        f"line {number} of the ledger is damaged, so what was spent is not known",
        where=path.name,
        fix="start a new run, whose ε adds to this one's; do not restore an older copy of the "
        "ledger, which would forget what was spent since",
    )
