import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy.budget import BudgetDatabase, Cap


def test_only_the_user_can_read_it(database: BudgetDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "budget"
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("budget.sqlite3", "secret"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_it_does_not_hold_what_names_the_data(database: BudgetDatabase, tmp_path: Path) -> None:
    """Fails when an identity, or its plain digest, is stored."""
    import hashlib

    place = b"path\0/clinic/patients"
    with database.changing():
        database.data_set([place], make=True)
    stored = (tmp_path / "budget/budget.sqlite3").read_bytes()
    assert place not in stored and b"patients" not in stored
    assert hashlib.sha256(place).digest() not in stored


def test_a_data_set_is_known_by_each_of_its_identities(database: BudgetDatabase) -> None:
    with database.changing():
        first = database.data_set([b"place", b"content"], make=True)
        assert database.data_set([b"place"], make=False) == first
        assert database.data_set([b"elsewhere", b"content"], make=True) == first
        assert database.data_set([b"elsewhere"], make=False) == first
        assert database.data_set([b"other"], make=False) is None


def test_two_data_sets_that_turn_out_to_be_one_keep_the_stricter_cap(
    database: BudgetDatabase,
) -> None:
    with database.changing():
        one = database.data_set([b"a"], make=True)
        two = database.data_set([b"b"], make=True)
        assert one is not None and two is not None and one != two
        database.set_cap(one, Cap(8.0, 1e-6, "record"))
        database.set_cap(two, Cap(3.0, 1e-6, "record"))
        assert database.data_set([b"a", b"b"], make=True) == one
        assert database.cap(one) == Cap(3.0, 1e-6, "record")
        assert database.data_sets() == [one]


def test_another_or_no_secret_is_refused(database: BudgetDatabase, tmp_path: Path) -> None:
    secret = tmp_path / "budget/secret"
    secret.write_bytes(b"x" * 32)
    with pytest.raises(PrivacyRefusal, match="is not that of this budget database"):
        BudgetDatabase.open(tmp_path / "budget")
    secret.unlink()
    with pytest.raises(PrivacyRefusal, match="is missing"):
        BudgetDatabase.open(tmp_path / "budget")


def test_a_deleted_database_beside_its_secret_is_refused(tmp_path: Path) -> None:
    """Fails when an empty one is made: everything spent and every cap would be forgotten."""
    BudgetDatabase.open(tmp_path).close()
    (tmp_path / "budget.sqlite3").unlink()
    with pytest.raises(PrivacyRefusal, match="the budget database is missing"):
        BudgetDatabase.open(tmp_path)
    (tmp_path / "secret").unlink()
    BudgetDatabase.open(tmp_path).close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"\0" * 5000])
def test_a_damaged_database_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    BudgetDatabase.open(tmp_path).close()
    (tmp_path / "budget.sqlite3").write_bytes(content)
    with pytest.raises(DataError, match="cannot be used"):
        BudgetDatabase.open(tmp_path)


def test_another_schema_is_one_clear_error(tmp_path: Path) -> None:
    BudgetDatabase.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "budget.sqlite3") as connection:
        connection.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
    connection.close()
    with pytest.raises(DataError, match="schema 2"):
        BudgetDatabase.open(tmp_path)


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "budget").write_text("")
    with pytest.raises(DataError, match="cannot be used"):
        BudgetDatabase.open(tmp_path / "budget")


def test_a_change_that_fails_changes_nothing(database: BudgetDatabase) -> None:
    with pytest.raises(RuntimeError), database.changing():
        database.data_set([b"a"], make=True)
        raise RuntimeError
    with database.changing():
        assert database.data_set([b"a"], make=False) is None


def test_a_full_disk_is_said_and_the_next_change_works(database: BudgetDatabase) -> None:
    """Fails when the error of the transaction that SQLite has ended hides the first one."""
    ((pages,),) = database._rows("PRAGMA page_count")
    database._rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DataError, match="disk is full"), database.changing():
        for number in range(10_000):
            database.data_set([b"%d" % number], make=True)
    database._rows("PRAGMA max_page_count = 100000")
    with database.changing():
        assert database.data_set([b"0"], make=False) is None
        assert database.data_set([b"0"], make=True) is not None


def test_a_crash_while_it_is_made_is_no_loss(tmp_path: Path) -> None:
    """Fails when a folder that was never used is taken for one that lost its secret."""
    (tmp_path / "budget.sqlite3").touch()
    BudgetDatabase.open(tmp_path).close()
    assert len((tmp_path / "secret").read_bytes()) == 32


def test_processes_that_open_it_at_once_make_one(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pe_host.privacy.budget import BudgetDatabase\n"
        "sys.stdin.read(); print(BudgetDatabase.open(Path(sys.argv[1])).id)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "budget")]
    processes = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:  # none begins before all wait
        assert process.stdin
        process.stdin.flush()
    ids = {process.communicate()[0] for process in processes}
    assert {process.returncode for process in processes} == {0} and len(ids) == 1


def test_a_pipe_in_place_of_the_secret_does_not_block(
    database: BudgetDatabase, tmp_path: Path
) -> None:
    secret = tmp_path / "budget/secret"
    secret.unlink()
    os.mkfifo(secret)
    with pytest.raises(DataError, match="cannot be used: a pipe, not a file"):
        BudgetDatabase.open(tmp_path / "budget")
