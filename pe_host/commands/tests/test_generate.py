"""What `generate` leaves when it fails; whole runs are tested in `tests/`."""

from pathlib import Path

import pytest

from pe_host.commands.generate import _withdrawn_on_failure
from pe_host.errors import DataError, PluginFailure
from pe_host.privacy import make_plan
from pe_host.privacy.budget import BudgetDatabase, RunAccount
from pe_sdk import OutputSpec


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
    return RunAccount.admit(BudgetDatabase.open(tmp_path), b"path\0/data", plan, tmp_path)


def test_a_failure_before_the_first_draw_frees_the_reservation(account):
    with pytest.raises(PluginFailure), _withdrawn_on_failure(account):
        raise PluginFailure("it draws nothing")
    assert account.database.run(account.id) is None
    account.database.close()


def test_a_reservation_that_cannot_be_given_back_hides_no_error(account):
    """Fails when the second error is shown instead of the first, which says what to do."""
    account.database.close()  # as on a full disk, every change fails from now on
    with pytest.raises(DataError):
        account.withdraw()
    with pytest.raises(PluginFailure), _withdrawn_on_failure(account):
        raise PluginFailure("it draws nothing")
