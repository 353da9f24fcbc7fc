"""A run that goes on finds its account again, also one that gave its reservation back."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pe_host.cache import budget_folder
from pe_host.errors import PrivacyRefusal
from pe_host.privacy import make_plan
from pe_host.privacy.budget import BudgetDatabase, RunAccount
from pe_host.privacy.ledger import Ledger
from pe_host.reporting import Silent
from pe_host.run.folder import LEDGER, MANIFEST, RunFolder
from pe_host.session.budget import counted
from pe_sdk import OutputSpec


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `counted` reads of a job, on private data with a budget of the test's own."""
    monkeypatch.setenv("PE_BUDGET", str(tmp_path / "budget"))
    plan = make_plan(
        epsilon=2.0,
        rounds=4,
        votes=3,
        class_names=("a",),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=("e",),
    )
    source = SimpleNamespace(
        info=SimpleNamespace(public=False), ref=SimpleNamespace(name="r"), location="/data"
    )
    return SimpleNamespace(plan=plan, earlier=None, source=source)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def begin(run: RunFolder, job: Any, account: RunAccount) -> None:
    Ledger.create(run.path(LEDGER), job.plan, account.id, account.database.id)
    run.path(MANIFEST).touch()


def resumed(run: RunFolder, job: Any) -> Any:
    """The run as the database knows it once it goes on: its releases that count, and its draws."""
    with counted(run, job, False, Silent()) as account:
        assert account is not None
        Ledger.open(run.path(LEDGER), job.plan, account)
        known = account.database.run(account.id)
        assert known is not None
        return known.counted, known.draws, account.id


def test_a_run_that_gave_its_reservation_back_reserves_again(run: RunFolder, job: Any) -> None:
    with counted(run, job, False, Silent()) as account:
        assert account is not None
        begin(run, job, account)
        account.withdraw()  # something failed before the first draw
    assert resumed(run, job) == (Counter(job.plan.releases), 0, account.id)


def test_a_line_that_the_database_missed_before_the_run_withdrew_counts_later(
    run: RunFolder, job: Any
) -> None:
    """Fails when a run that the database has forgotten, with a line in its ledger, is refused.

    The disk of the database was full when the line was to be counted, and free again when the run
    gave up.
    """
    with counted(run, job, False, Silent()) as account:
        assert account is not None
        begin(run, job, account)
        Ledger.open(run.path(LEDGER), job.plan).spend("class-counts", 0)
        account.withdraw()
        assert account.database.run(account.id) is None
    assert resumed(run, job) == (Counter([job.plan.count_release]), 1, account.id)


def test_a_run_of_another_database_is_refused(run: RunFolder, job: Any, tmp_path: Path) -> None:
    other = BudgetDatabase.open(tmp_path / "other")
    begin(run, job, RunAccount.admit(other, b"path\0/data", job.plan, run.root)[0])
    other.close()
    with pytest.raises(PrivacyRefusal, match="counted in another budget database"):
        resumed(run, job)
    database = BudgetDatabase.open(budget_folder())
    assert database.data_sets() == []
    database.close()
