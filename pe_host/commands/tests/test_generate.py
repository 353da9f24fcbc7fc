"""What `pe generate` undoes where a run fails before it has spent anything."""

import pytest

from pe_host.commands.generate import _undone_on_failure, _withdrawn_on_failure
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.reporting import Silent
from pe_host.run.folder import CONFIG, MANIFEST


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
