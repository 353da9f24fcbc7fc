"""The database behind the budget: which runs asked which data set, and what each has spent.

SQLite in the user's state folder (`$PE_BUDGET`, else `$XDG_STATE_HOME/pe/budget`, else
`~/.local/state/pe/budget`), which only the user can read. Data sets are known by HMACs under a
secret that lies beside it in a file of its own, so a copy of the database without the secret says
nothing about them. Every change is one transaction that holds the write lock from its first
statement, so two processes never decide on the same state.
"""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pe_host.durable import write_atomic
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.files import NotAFile, read_regular
from pe_host.privacy.accountant import NoisyRelease

SCHEMA = 1
OPEN, FINISHED, CLOSED = "open", "finished", "closed"
"""States of a run: it may go on; it has ended; the user has ended it."""

_DATABASE, _SECRET, _LOCK = "budget.sqlite3", "secret", ".lock"
_WAIT = 120
"""Seconds to wait for another process. It may be composing the cost of many runs."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE data_sets (
    id INTEGER PRIMARY KEY, cap_epsilon REAL, cap_delta REAL, cap_unit TEXT,
    caps INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE identities (
    mac BLOB PRIMARY KEY, data_set INTEGER NOT NULL REFERENCES data_sets (id)
) STRICT;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, data_set INTEGER NOT NULL REFERENCES data_sets (id),
    started TEXT NOT NULL, folder TEXT NOT NULL, unit TEXT NOT NULL, private INTEGER NOT NULL,
    epsilon REAL, delta REAL NOT NULL, planned TEXT NOT NULL, spent TEXT NOT NULL,
    size INTEGER NOT NULL, head BLOB NOT NULL, state TEXT NOT NULL, caps INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Cap:
    """The most that all runs on a data set may spend together.

    Args:
        epsilon, delta: the bound on the composition of everything.
        unit: what is added or removed, "record" or "client".
    """

    epsilon: float
    delta: float
    unit: str


@dataclass(frozen=True)
class Head:
    """The state of a ledger file: its size in bytes, and the SHA-256 of all of them."""

    size: int
    digest: bytes


@dataclass(frozen=True)
class CountedRun:
    """A run as the database knows it.

    Args:
        id: 32 hexadecimal digits, made when the run began.
        started: UTC, ISO 8601.
        folder: where the run was when it was last seen.
        unit: unit of privacy, "record" or "client".
        private: False for ε = inf.
        epsilon, delta: of its plan.
        planned: releases of its plan, without lost draws.
        spent: releases paid for, lost ones included.
        draws: number of lines of its ledger.
        head: its ledger as last seen.
        state: OPEN, FINISHED or CLOSED.
        caps: how often the cap had changed when the run was admitted.
    """

    id: str
    started: str
    folder: str
    unit: str
    private: bool
    epsilon: float
    delta: float
    planned: tuple[NoisyRelease, ...]
    spent: tuple[NoisyRelease, ...]
    draws: int
    head: Head
    state: str
    caps: int

    @property
    def counted(self) -> Counter[NoisyRelease]:
        """The releases that count against a cap: of an open run also those still to come."""
        spent = Counter(self.spent)
        return spent | Counter(self.planned) if self.state == OPEN else spent


class BudgetDatabase:
    """The open database. Made by `open`; `changing` gives a transaction."""

    def __init__(self, connection: sqlite3.Connection, secret: bytes, path: Path) -> None:
        self._connection, self._secret, self._path = connection, secret, path

    @classmethod
    def open(cls, folder: Path) -> "BudgetDatabase":
        """Open the database in the folder, or make one.

        Raises:
            DataError: it cannot be made, read or written, or has another schema.
            PrivacyRefusal: the database or its secret is missing, or the secret is another's.
        """
        path, secret = folder / _DATABASE, folder / _SECRET
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _making(folder):
                if not path.exists() and not secret.exists():
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
                if not path.exists():
                    raise _lost(path, "the budget database is missing, but its secret is there")
                if not secret.exists():
                    if path.stat().st_size:
                        raise _lost(secret, "the secret that names data sets is missing")
                    # An empty database: it was just made, or a crash came next.
                    write_atomic(secret, secrets.token_bytes(32), private=True)
            connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            database = cls(connection, read_regular(secret), path)
        except OSError as error:
            raise _unusable(path, error.strerror or type(error).__name__) from None
        except (sqlite3.Error, NotAFile) as error:
            raise _unusable(path, str(error)) from None
        try:
            with database.changing():
                database._check_schema()
        except BaseException:
            connection.close()
            raise
        return database

    @staticmethod
    def is_in(folder: Path) -> bool:
        """True if there is a database in the folder."""
        return (folder / _DATABASE).is_file()

    @property
    def id(self) -> str:
        """Random, made with the database; runs remember it."""
        return str(self._one("SELECT value FROM meta WHERE name = 'id'")[0])

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """A transaction: all changes of the block happen, or none.

        Raises:
            DataError: the database cannot be written.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # on a full disk SQLite has ended it already
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _unusable(self._path, str(error)) from None

    def data_set(self, identities: list[bytes], make: bool) -> int | None:
        """The number of the data set with one of these identities, which it has from now on.

        If they belong to several, these become one, under the strictest of their caps.

        Args:
            identities: from `pe_host.privacy.budget.identity`.
            make: whether an unknown data set is entered.
        """
        macs = [hmac.digest(self._secret, identity, "sha256") for identity in identities]
        marks = ",".join("?" * len(macs))
        query = f"SELECT DISTINCT data_set FROM identities WHERE mac IN ({marks}) ORDER BY 1"
        found = [int(row[0]) for row in self._rows(query, *macs)]
        if not (found or make):
            return None
        first = found[0] if found else self._insert("INSERT INTO data_sets DEFAULT VALUES")
        first = self.merge(first, *found[1:])
        for mac in macs:
            self._do("INSERT OR IGNORE INTO identities VALUES (?, ?)", mac, first)
        return first

    def data_sets(self) -> list[int]:
        return [int(row[0]) for row in self._rows("SELECT id FROM data_sets ORDER BY id")]

    def cap(self, data_set: int) -> Cap | None:
        query = "SELECT cap_epsilon, cap_delta, cap_unit FROM data_sets WHERE id = ?;"
        epsilon, delta, unit = self._one(query, data_set)
        return None if epsilon is None else Cap(epsilon, delta, unit)

    def caps(self, data_set: int) -> int:
        """How often the cap has changed."""
        return int(self._one("SELECT caps FROM data_sets WHERE id = ?;", data_set)[0])

    def set_cap(self, data_set: int, cap: Cap | None) -> None:
        values = (None, None, None) if cap is None else (cap.epsilon, cap.delta, cap.unit)
        self._do(
            "UPDATE data_sets SET cap_epsilon = ?, cap_delta = ?, cap_unit = ?, caps = caps + 1 "
            "WHERE id = ?;",
            *values,
            data_set,
        )

    def ask_again(self, data_set: int) -> None:
        """Have the cap asked at each draw of the runs that were admitted so far.

        More counts than when they were.
        """
        self._do("UPDATE data_sets SET caps = caps + 1 WHERE id = ?;", data_set)

    def runs(self, data_set: int) -> list[CountedRun]:
        """The runs on a data set, oldest first."""
        rows = self._rows("SELECT * FROM runs WHERE data_set = ? ORDER BY started, rowid", data_set)
        return [_run(row) for row in rows]

    def run(self, id: str) -> CountedRun | None:
        rows = self._rows("SELECT * FROM runs WHERE id = ?;", id)
        return _run(rows[0]) if rows else None

    def data_set_of(self, id: str) -> int:
        return int(self._one("SELECT data_set FROM runs WHERE id = ?;", id)[0])

    def put(self, run: CountedRun, data_set: int) -> None:
        """Enter a run, or replace what is known of it."""
        self._do(
            f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * 14)})",
            run.id,
            data_set,
            run.started,
            run.folder,
            run.unit,
            int(run.private),
            run.epsilon if run.private else None,
            run.delta,
            _text(run.planned),
            json.dumps({"draws": run.draws, "releases": json.loads(_text(run.spent))}),
            run.head.size,
            run.head.digest,
            run.state,
            run.caps,
        )

    def remove(self, id: str) -> None:
        """Forget a run that has spent nothing."""
        self._do("DELETE FROM runs WHERE id = ?;", id)

    def merge(self, *data_sets: int) -> int:
        """Make one data set of several, under the least ε and δ of their caps; return it."""
        first, *others = sorted(set(data_sets))
        caps = max(map(self.caps, {first, *others}))
        for other in others:
            if (cap := strictest((self.cap(first), self.cap(other)))) is not None:
                self.set_cap(first, cap)
            self._do("UPDATE identities SET data_set = ? WHERE data_set = ?;", first, other)
            self._do("UPDATE runs SET data_set = ? WHERE data_set = ?;", first, other)
            self._do("DELETE FROM data_sets WHERE id = ?;", other)
            self._do("UPDATE data_sets SET caps = ? WHERE id = ?;", caps, first)
            self.ask_again(first)
        return first

    def _check_schema(self) -> None:
        if not self._rows("SELECT name FROM sqlite_master WHERE name = 'meta'"):
            for statement in _TABLES.split(";"):
                self._do(statement)
            check = hmac.digest(self._secret, b"check", "sha256").hex()
            for name, value in (
                ("schema", str(SCHEMA)),
                ("id", secrets.token_hex(16)),
                ("check", check),
            ):
                self._do("INSERT INTO meta VALUES (?, ?)", name, value)
        meta = dict(self._rows("SELECT name, value FROM meta"))
        if meta.get("schema") != str(SCHEMA):
            raise _unusable(self._path, f"it has schema {meta.get('schema')}, not {SCHEMA}")
        check = hmac.digest(self._secret, b"check", "sha256").hex()
        if not hmac.compare_digest(str(meta.get("check")), check):
            raise _lost(
                self._path.with_name(_SECRET), "the secret is not that of this budget database"
            )

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return self._connection.execute(query, values).fetchall()

    def _one(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _do(self, statement: str, *values: Any) -> None:
        self._connection.execute(statement, values)

    def _insert(self, statement: str) -> int:
        return int(self._connection.execute(statement).lastrowid or 0)


def strictest(caps: Iterable[Cap | None]) -> Cap | None:
    """Return the cap that data sets have once they are one: the least ε and δ of theirs."""
    found = [cap for cap in caps if cap is not None]
    if not found:
        return None
    tightest = min(found, key=lambda cap: cap.epsilon)
    return replace(tightest, delta=min(cap.delta for cap in found))


@contextlib.contextmanager
def _making(folder: Path) -> Iterator[None]:
    """Keep other processes from making the database at the same time."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lost(path: Path, what: str) -> PrivacyRefusal:
    return PrivacyRefusal(
        f"{what}, so what was spent on which data is not known",
        where=str(path),
        fix="restore it from a backup, or move the folder away to begin with an empty budget",
    )


def _unusable(path: Path, why: str) -> DataError:
    return DataError(
        f"the budget database cannot be used: {why}",
        where=str(path),
        fix="free space, fix the permissions, or set PE_BUDGET to another folder",
    )


def _text(releases: tuple[NoisyRelease, ...]) -> str:
    groups = Counter(releases)
    return json.dumps([[r.coordinates, r.scale.hex(), n] for r, n in groups.items()])


def _releases(groups: list[list[Any]]) -> tuple[NoisyRelease, ...]:
    return tuple(
        release
        for coordinates, scale, count in groups
        for release in [NoisyRelease(coordinates, float.fromhex(scale))] * count
    )


def _run(row: tuple[Any, ...]) -> CountedRun:
    id, _, started, folder, unit, private, epsilon, delta, planned, spent, size, head, *rest = row
    known = json.loads(spent)
    return CountedRun(
        id=id,
        started=started,
        folder=folder,
        unit=unit,
        private=bool(private),
        epsilon=float("inf") if epsilon is None else epsilon,
        delta=delta,
        planned=_releases(json.loads(planned)),
        spent=_releases(known["releases"]),
        draws=known["draws"],
        head=Head(size, head),
        state=rest[0],
        caps=rest[1],
    )
