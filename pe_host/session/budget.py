"""The account of a run in the budget of its data set, opened before anything is read."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pe_host.cache import budget_folder
from pe_host.errors import PrivacyRefusal
from pe_host.job.earlier import EarlierRun
from pe_host.job.job import Job
from pe_host.privacy.budget import BudgetDatabase, FinishedRun, RunAccount, content_of, place_of
from pe_host.privacy.ledger import is_unused, run_of
from pe_host.reporting import Reporter
from pe_host.run.folder import LEDGER, MANIFEST, RunFolder


@contextmanager
def counted(
    run: RunFolder, job: Job, adopt: bool, reporter: Reporter
) -> Iterator[RunAccount | None]:
    """Open the account of the run in this folder, or admit a new run.

    Yields None where the reader declares the data public: nobody counts those.

    Args:
        run: its folder, locked.
        job: what runs.
        adopt: whether a run that another database counted may be counted here by its ledger.
        reporter: shows what was spent before.

    Raises:
        PrivacyRefusal: the cap of the data set does not allow the run, or the database cannot
            vouch for it.
        DataError: the database cannot be used.
    """
    if job.source.info.public is True:
        yield None
        return
    database = BudgetDatabase.open(budget_folder())
    try:
        yield _account(database, run, job, adopt, reporter)
    finally:
        database.close()


def _account(
    database: BudgetDatabase, run: RunFolder, job: Job, adopt: bool, reporter: Reporter
) -> RunAccount:
    place = place_of(job.source.ref.name, job.source.location)
    if not run.path(MANIFEST).exists():
        earlier = None if job.earlier is None else _finished(job.earlier)
        account, counted = RunAccount.admit(database, place, job.plan, run.root, earlier=earlier)
        if earlier is not None and counted:
            reporter.warn(
                f"from now on the budget of this data set counts {earlier.folder}, by its ledger; "
                "what else was spent where it was counted before is not known here"
            )
        _note_earlier(account, job, reporter)
        return account
    id, budget = _id_of(run)
    account_or_none = RunAccount.resume(database, id, place, job.plan, run.root)
    if account_or_none is not None:
        return account_or_none
    # A run that failed before the database saw a draw has given its reservation back.
    given_back = budget == database.id
    if given_back and is_unused(run.path(LEDGER)):
        return RunAccount.admit(database, place, job.plan, run.root, id)[0]
    if budget and not (given_back or adopt):
        raise PrivacyRefusal(
            "this run was counted in another budget database: another machine's or user's, or one "
            "that is gone, so what else was spent on these data is not known here",
            where=str(run.root),
            fix="continue the run there, or add --adopt to count it here by what its ledger says",
        )
    reporter.warn("from now on the budget of this data set counts this run, by its ledger")
    return RunAccount.adopt(database, id, place, job.plan, run.root)


def check_cap(job: Job, folder: Path) -> None:
    """Refuse what `counted` would refuse to a new run in this folder, and count nothing.

    Raises:
        PrivacyRefusal: the cap of the data set does not allow the run.
        DataError: the database cannot be used.
    """
    if job.source.info.public is True or not BudgetDatabase.is_in(budget_folder()):
        return
    content = content_of(job.source.location)
    identities = [place_of(job.source.ref.name, job.source.location)]
    identities += [content] if content else []
    with closing(BudgetDatabase.open(budget_folder())) as database:
        earlier = None if job.earlier is None else _finished(job.earlier)
        RunAccount.check_admission(database, identities, job.plan, folder, earlier)


def _finished(earlier: EarlierRun) -> FinishedRun:
    run = RunFolder(earlier.root)
    ledger = run.path(LEDGER).read_bytes()
    return FinishedRun(_id_of(run)[0], earlier.plan, run.root, ledger, earlier.paid)


def _id_of(run: RunFolder) -> tuple[str, str]:
    """The id of a run, and of the database that counted it when it began."""
    id, budget = run_of(run.path(LEDGER))
    if not id:  # a run of a version that gave none
        header = run.path(LEDGER).read_bytes().partition(b"\n")[0]
        id = hashlib.sha256(header + str(run.root.resolve()).encode()).hexdigest()[:32]
    return id, budget


def _note_earlier(account: RunAccount, job: Job, reporter: Reporter) -> None:
    if others := account.others():
        runs = "1 earlier run" if others == 1 else f"{others} earlier runs"
        reporter.note(
            f"the budget of this data set knows {runs}, to which this one adds; "
            f"`pe budget show {job.source}` composes them"
        )
