"""What `pe generate` undoes where a run fails before it has spent anything.

Whole runs are tested in `tests/`.
"""

from pathlib import Path

import pytest

from pe_host.commands.generate import _undone_on_failure, _withdrawn_on_failure
from pe_host.errors import DataError, PluginFailure, PrivacyRefusal
from pe_host.privacy import make_plan
from pe_host.privacy.budget import BudgetDatabase, RunAccount
from pe_host.reporting import Silent
from pe_host.run.folder import CONFIG, MANIFEST
from pe_sdk import OutputSpec


class Listening(Silent):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


class Stuck:
    def withdraw(self):
        raise PrivacyRefusal("the budget database no longer knows this run")


def test_a_run_that_fails_before_it_starts_leaves_nothing(tmp_path):
    run, reporter = tmp_path / "run", Listening()
    run.mkdir()
    with pytest.raises(DataError, match="first"), _undone_on_failure(run, None, reporter):
        (run / MANIFEST).touch()
        raise DataError("first")
    assert not run.exists() and reporter.warnings == []


def test_the_first_error_is_raised_where_undoing_fails(tmp_path):
    """A folder in the place of a file cannot be removed like one, whoever tries."""
    run, reporter = tmp_path / "run", Listening()
    run.mkdir()
    (run / MANIFEST).touch()
    (run / CONFIG).mkdir()
    with pytest.raises(DataError, match="first") as raised, _undone_on_failure(run, None, reporter):
        raise DataError("first")
    assert raised.value.exit_code == 5 and raised.value.__cause__ is None
    (warning,) = reporter.warnings
    assert str(run / CONFIG) in warning and "cannot remove" in warning


def test_the_first_error_is_raised_where_the_reservation_stays():
    reporter = Listening()
    with pytest.raises(DataError, match="first"), _withdrawn_on_failure(Stuck(), reporter):
        raise DataError("first")
    (warning,) = reporter.warnings
    assert "may still reserve" in warning and "no longer knows this run" in warning


def test_a_run_that_was_there_before_is_left_alone(tmp_path):
    (tmp_path / MANIFEST).touch()
    with pytest.raises(DataError), _undone_on_failure(tmp_path, object(), Listening()):
        raise DataError("first")
    assert (tmp_path / MANIFEST).exists()


@pytest.fixture
def account(tmp_path: Path) -> RunAccount:
    plan = make_plan(
        epsilon=2.0,
        rounds=4,
        votes=3,
        class_names=("a",),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=("e",),
    )
    return RunAccount.admit(BudgetDatabase.open(tmp_path), b"path\0/data", plan, tmp_path)[0]


def test_a_failure_before_the_first_draw_frees_the_reservation(account):
    with pytest.raises(PluginFailure), _withdrawn_on_failure(account, Listening()):
        raise PluginFailure("it draws nothing")
    assert account.database.run(account.id) is None
    account.database.close()


def test_a_reservation_that_cannot_be_given_back_hides_no_error(account):
    """Fails when the second error is shown instead of the first, which says what to do."""
    account.database.close()  # as on a full disk, every change fails from now on
    with pytest.raises(DataError):
        account.withdraw()
    with pytest.raises(PluginFailure), _withdrawn_on_failure(account, Listening()):
        raise PluginFailure("it draws nothing")
