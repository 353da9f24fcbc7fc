"""A run counts before it draws, once, wherever its folder goes."""

import math
import multiprocessing
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.accountant import delta_of
from pe_host.privacy.budget import BudgetDatabase, Cap, FinishedRun, RunAccount, totals
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.plan import PrivacyPlan
from pe_host.privacy.shortage import BudgetExhausted, Shortage

MakePlan = Callable[..., PrivacyPlan]
PLACE = b"path\0/data"


class RunOf:
    """A run on the data set, in a folder of its own."""

    def __init__(self, database: BudgetDatabase, plan: PrivacyPlan, folder: Path) -> None:
        self.database, self.plan, self.folder = database, plan, folder
        folder.mkdir()
        self.account, _ = RunAccount.admit(database, PLACE, plan, folder)
        Ledger.create(folder / "l", plan, self.account.id, database.id)

    def opened(self, folder: Path | None = None) -> Ledger:
        """The ledger of the run, or of a copy of it, as a new process opens it."""
        folder = folder or self.folder
        account = RunAccount.resume(self.database, self.account.id, PLACE, self.plan, folder)
        assert account is not None
        return Ledger.open(folder / "l", self.plan, account)

    def complete(self) -> None:
        ledger = self.opened()
        ledger.spend("class-counts", 0)
        for t in range(1, self.plan.rounds + 1):
            ledger.spend("votes", t)
        self.account.finish()


@pytest.fixture
def begin(database: BudgetDatabase, make: MakePlan, tmp_path: Path) -> Callable[..., RunOf]:
    count = iter(range(100))

    def begin(**changes: Any) -> RunOf:
        return RunOf(database, make(**changes), tmp_path / f"run-{next(count)}")

    return begin


def _cap(database: BudgetDatabase, epsilon: float, unit: str = "record") -> None:
    with database.changing():
        data_set = database.data_set([PLACE], make=True)
        assert data_set is not None
        database.set_cap(data_set, Cap(epsilon, 1e-6, unit))


def _runs(database: BudgetDatabase) -> Any:
    with database.changing():
        data_set = database.data_set([PLACE], make=False)
        return [] if data_set is None else database.runs(data_set)


def test_every_draw_is_counted_before_it_is_drawn(begin: Any, database: BudgetDatabase) -> None:
    run = begin()
    run.complete()
    (known,) = _runs(database)
    assert Counter(known.spent) == Counter(run.plan.releases)
    assert (known.draws, known.state) == (5, "finished")


def test_runs_are_composed_and_not_summed(begin: Any, database: BudgetDatabase) -> None:
    for _ in range(4):
        begin().complete()
    (total,) = totals(_runs(database), None)
    assert 2.0 < total.spent == total.reserved < 0.8 * 4 * 2.0


def test_a_run_over_the_cap_is_refused_and_leaves_nothing(
    begin: Any, database: BudgetDatabase
) -> None:
    _cap(database, 2.5)
    begin().complete()
    with pytest.raises(PrivacyRefusal, match="its cap is ε = 2.5") as caught:
        begin()
    assert "one other run counts for ε = 2 (0 unfinished)" in caught.value.what
    assert len(_runs(database)) == 1
    begin(epsilon=0.5).complete()  # this fits


def test_what_an_open_run_may_still_spend_is_reserved(begin: Any, database: BudgetDatabase) -> None:
    """Fails when two runs may begin that together exceed the cap."""
    _cap(database, 2.5)
    first = begin()
    with pytest.raises(PrivacyRefusal, match="1 unfinished"):
        begin()
    first.opened().spend("class-counts", 0)
    first.account.finish()
    begin(epsilon=1.5)  # the rest of the first is free


def test_a_run_that_spent_nothing_can_withdraw(begin: Any, database: BudgetDatabase) -> None:
    run = begin()
    run.account.withdraw()
    assert _runs(database) == []
    run = begin()
    run.opened().spend("class-counts", 0)
    run.account.withdraw()
    assert len(_runs(database)) == 1


def test_a_run_that_never_drew_gives_way_to_the_next_in_its_folder(
    begin: Any, database: BudgetDatabase
) -> None:
    run = begin()
    RunAccount.admit(database, PLACE, run.plan, run.folder)
    assert len(_runs(database)) == 1
    assert RunAccount.resume(database, run.account.id, PLACE, run.plan, run.folder) is None


def test_of_copies_only_the_one_that_went_furthest_goes_on(begin: Any, tmp_path: Path) -> None:
    """Fails when the account is not compared: three copies would draw three times."""
    run = begin()
    run.opened().spend("class-counts", 0)
    copies = [shutil.copytree(run.folder, tmp_path / name) for name in "abc"]
    run.opened(copies[0]).spend("votes", 1)
    for other in (run.folder, *copies[1:]):
        with pytest.raises(PrivacyRefusal, match="the run was copied and went on elsewhere"):
            run.opened(other)
    run.opened(copies[0]).spend("votes", 2)


def test_copies_that_are_open_at_once_draw_once(begin: Any, tmp_path: Path) -> None:
    run = begin()
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    here, there = run.opened(), run.opened(copy)
    here.spend("class-counts", 0)
    before = (copy / "l").read_bytes()
    with pytest.raises(PrivacyRefusal, match="has gone on since"):
        there.spend("class-counts", 0)
    assert (copy / "l").read_bytes() == before, "nothing is spent by the one that is refused"


def test_a_copy_that_passes_the_first_look_is_still_refused_before_the_draw(
    begin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the account moves from any state rather than from the one that was seen."""
    run = begin()
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    here, there = run.opened(), run.opened(copy)
    here.spend("class-counts", 0)
    monkeypatch.setattr(RunAccount, "allows", lambda account, releases: True)
    with pytest.raises(PrivacyRefusal, match="another process draws noise"):
        there.spend("class-counts", 0)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_ledger_that_was_set_back_is_refused(begin: Any, cut: int) -> None:
    run = begin()
    ledger = run.opened()
    ledger.spend("class-counts", 0)
    ledger.spend("votes", 1)
    lines = (run.folder / "l").read_bytes().splitlines(keepends=True)
    (run.folder / "l").write_bytes(b"".join(lines[:-cut]))
    with pytest.raises(PrivacyRefusal, match="set back"):
        run.opened()


def test_a_line_that_a_crash_kept_from_the_account_is_counted_later(
    begin: Any, database: BudgetDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin()
    ledger = run.opened()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunAccount, "spend", crash)
        with pytest.raises(KeyboardInterrupt):
            ledger.spend("class-counts", 0)
    assert _runs(database)[0].draws == 0
    run.opened()
    assert _runs(database)[0].spent == (run.plan.count_release,)


def test_a_torn_line_is_counted_as_the_dearest(begin: Any, database: BudgetDatabase) -> None:
    run = begin()
    run.opened().spend("votes", 1)
    with (run.folder / "l").open("ab") as file:
        file.write(b'{"kind": "vo')
    run.opened().spend("votes", 2)
    assert Counter(_runs(database)[0].spent) == {run.plan.vote_release: 3}


def test_lost_draws_do_not_take_a_run_over_the_cap(begin: Any, database: BudgetDatabase) -> None:
    """Fails when the cap is not asked again once a run draws other things than it planned."""
    _cap(database, 2.0)
    run = begin()
    ledger = run.opened()
    ledger.spend("class-counts", 0)
    ledger.spend("class-counts", 0)  # the first was lost
    with pytest.raises(BudgetExhausted, match="interruptions lost noise"):
        for t in range(1, 5):
            ledger.spend("votes", t)
    assert delta_of(_runs(database)[0].spent, 2.0) <= 1e-6


def test_a_cap_that_is_lowered_stops_a_run_that_was_admitted(
    begin: Any, database: BudgetDatabase
) -> None:
    run = begin()
    ledger = run.opened()
    ledger.spend("class-counts", 0)
    _cap(database, 1.2)
    ledger.spend("votes", 1)
    before = (run.folder / "l").read_bytes()
    with pytest.raises(BudgetExhausted, match="the cap of the data set") as caught:
        ledger.spend("votes", 2)
    assert caught.value.shortage is Shortage.CAPPED
    assert (run.folder / "l").read_bytes() == before


def test_copies_that_both_drew_have_different_ledgers(begin: Any, tmp_path: Path) -> None:
    """Fails when a line says nothing of its draw: each copy would pass for the other."""
    run = begin()
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    for folder in (run.folder, copy):  # on two machines, say
        Ledger.open(folder / "l", run.plan).spend("class-counts", 0)
    assert (run.folder / "l").read_bytes() != (copy / "l").read_bytes()
    run.opened()
    with pytest.raises(PrivacyRefusal, match="copied and went on elsewhere"):
        run.opened(copy)


def test_what_a_crash_left_uncounted_is_counted_even_over_the_cap(
    begin: Any, database: BudgetDatabase
) -> None:
    run = begin()
    Ledger.open(run.folder / "l", run.plan).spend("class-counts", 0)  # the account saw nothing
    _cap(database, 0.01)
    ledger = run.opened()
    assert _runs(database)[0].draws == 1
    assert not ledger.affords("votes")


def test_other_runs_that_drew_nothing_and_never_will_do_not_count(
    begin: Any, database: BudgetDatabase
) -> None:
    bare = begin(epsilon=math.inf)
    bare.account.finish()
    _cap(database, 2.5)
    begin().complete()
    assert len(_runs(database)) == 2


def test_a_run_that_goes_on_under_a_lowered_cap_keeps_what_it_has(
    begin: Any, database: BudgetDatabase
) -> None:
    """Fails when known content asks the cap again: the run could not even end."""
    run = begin()
    run.account.identify(b"content\0same")
    run.opened().spend("class-counts", 0)
    _cap(database, 0.01)
    ledger = run.opened()
    run.account.identify(b"content\0same")
    assert not ledger.affords("votes")


def test_a_closed_run_frees_the_rest_and_does_not_go_on(
    begin: Any, database: BudgetDatabase
) -> None:
    run = begin()
    run.opened().spend("class-counts", 0)
    (known,) = _runs(database)
    with database.changing():
        database.put(replace(known, state="closed"), database.data_set_of(known.id))
    assert _runs(database)[0].counted == Counter([run.plan.count_release])
    with pytest.raises(PrivacyRefusal, match="was closed"):
        run.opened()


def test_a_run_that_is_closed_while_it_is_open_draws_no_more(
    begin: Any, database: BudgetDatabase
) -> None:
    run = begin()
    ledger = run.opened()
    (known,) = _runs(database)
    with database.changing():
        database.put(replace(known, state="closed"), database.data_set_of(known.id))
    with pytest.raises(PrivacyRefusal, match="was closed"):
        ledger.spend("class-counts", 0)


def test_a_finished_run_that_goes_on_has_no_reservation(
    begin: Any, database: BudgetDatabase
) -> None:
    """Fails when a finished run may draw what its plan has left, which others have taken."""
    _cap(database, 2.2)
    run = begin()
    ledger = run.opened()
    ledger.spend("class-counts", 0)
    run.account.finish()
    begin(epsilon=2.0).complete()
    with pytest.raises(BudgetExhausted):
        ledger.spend("votes", 1)


def test_other_units_and_runs_without_noise_have_no_place_under_a_cap(
    begin: Any, database: BudgetDatabase
) -> None:
    _cap(database, 50.0)
    with pytest.raises(PrivacyRefusal, match="protects one client"):
        begin(unit="client")
    with pytest.raises(PrivacyRefusal, match="this run is NOT PRIVATE"):
        begin(epsilon=math.inf)
    assert _runs(database) == []


def test_a_run_without_noise_makes_the_total_infinite_once_it_has_drawn(
    begin: Any, database: BudgetDatabase
) -> None:
    begin().complete()
    bare = begin(epsilon=math.inf)
    (total,) = totals(_runs(database), None)
    assert (total.spent, total.reserved, total.not_private) == (pytest.approx(2, 0.01), math.inf, 1)
    bare.opened().spend("class-counts", 0)
    (total,) = totals(_runs(database), None)
    assert total.spent == math.inf


def test_the_same_content_elsewhere_is_the_same_data_set(
    begin: Any, database: BudgetDatabase, make: MakePlan, tmp_path: Path
) -> None:
    """Fails when a data set is known by its path only."""
    _cap(database, 2.5)
    first = begin()
    first.account.identify(b"content\0same")
    first.complete()
    other, _ = RunAccount.admit(database, b"path\0/copy", make(), tmp_path / "other")
    with pytest.raises(PrivacyRefusal, match="its cap is ε = 2.5"):
        other.identify(b"content\0same")
    other.withdraw()
    assert len(_runs(database)) == 1


def test_an_adopted_run_counts_what_its_ledger_says(
    begin: Any, make: MakePlan, tmp_path: Path
) -> None:
    run = begin()
    run.opened().spend("class-counts", 0)
    new = BudgetDatabase.open(tmp_path / "new")
    assert RunAccount.resume(new, run.account.id, PLACE, run.plan, run.folder) is None
    account = RunAccount.adopt(new, run.account.id, PLACE, run.plan, run.folder)
    Ledger.open(run.folder / "l", run.plan, account).spend("votes", 1)
    (known,) = _runs(new)
    assert known.id == run.account.id
    assert Counter(known.spent) == Counter([run.plan.count_release, run.plan.vote_release])
    new.close()


def _finished(run: RunOf) -> FinishedRun:
    ledger = Ledger.open(run.folder / "l", run.plan)
    content = (run.folder / "l").read_bytes()
    return FinishedRun(run.account.id, run.plan, run.folder, content, tuple(ledger.releases))


@pytest.mark.parametrize("state", ["open", "closed", "finished"])
def test_what_a_known_run_spent_elsewhere_counts_once_another_starts_from_it(
    begin: Any, database: BudgetDatabase, state: str
) -> None:
    """Fails if a run that the database knows by its id is taken for counted in full."""
    run = begin()
    run.opened().spend("class-counts", 0)
    (known,) = _runs(database)
    with database.changing():
        database.put(replace(known, state=state), database.data_set_of(known.id))
    ledger = Ledger.open(run.folder / "l", run.plan)  # under another database
    for t in range(1, 5):
        ledger.spend("votes", t)
    _cap(database, 2.5)
    with pytest.raises(PrivacyRefusal, match="one other run counts for ε = 2 "):
        check = RunAccount.check_admission
        check(database, [PLACE], run.plan, run.folder.with_name("new"), _finished(run))
    assert _runs(database)[0].draws == 1, "a check enters nothing"
    start = partial(RunAccount.admit, database, PLACE, run.plan, run.folder.with_name("new"))
    with pytest.raises(PrivacyRefusal, match="one other run counts for ε = 2 "):
        start(earlier=_finished(run))
    assert _runs(database)[0].draws == 1, "a refusal enters nothing"
    _cap(database, 5)
    assert start(earlier=_finished(run))[1]
    known = next(each for each in _runs(database) if each.id == known.id)
    assert Counter(known.spent) == Counter(run.plan.releases)
    assert (known.draws, known.state) == (5, "finished")
    assert not start(earlier=_finished(run))[1]


def test_a_run_whose_ledger_is_another_is_none_to_start_from(
    begin: Any, database: BudgetDatabase, tmp_path: Path
) -> None:
    run = begin()
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    run.complete()
    ledger = Ledger.open(copy / "l", run.plan)
    ledger.spend("class-counts", 0)
    for t in range(1, 5):
        ledger.spend("votes", t)
    other = replace(_finished(run), ledger=(copy / "l").read_bytes(), folder=copy)
    for step in (
        lambda: RunAccount.admit(database, PLACE, run.plan, tmp_path, earlier=other),
        lambda: RunAccount.check_admission(database, [PLACE], run.plan, copy, other),
    ):
        with pytest.raises(PrivacyRefusal, match="not the one that the budget database has seen"):
            step()


def test_a_run_that_goes_on_with_other_data_makes_both_one_data_set(
    begin: Any, database: BudgetDatabase
) -> None:
    """Fails if what the first run spent counts for its own data only: the release rests on both."""
    _cap(database, 2.5)
    run = begin()
    run.complete()
    new, other = run.folder.with_name("new"), b"path\0/other"
    RunAccount.check_admission(database, [other], run.plan, new)
    with pytest.raises(PrivacyRefusal, match="one other run counts for ε = 2 "):
        RunAccount.check_admission(database, [other], run.plan, new, _finished(run))
    with database.changing():
        assert database.data_set([other], make=False) is None, "a check enters nothing"
    with pytest.raises(PrivacyRefusal, match="one other run counts for ε = 2 "):
        RunAccount.admit(database, other, run.plan, new, earlier=_finished(run))
    with database.changing():
        assert database.data_set([other], make=False) is None, "a refusal makes nothing one"
    _cap(database, 5)
    RunAccount.admit(database, other, run.plan, new, earlier=_finished(run))
    with database.changing():
        assert database.data_set([other], make=False) == database.data_set([PLACE], make=False)


@pytest.mark.parametrize("way", ["merge", "adopt"])
def test_what_is_counted_later_holds_an_open_run_to_the_cap_at_each_draw(
    begin: Any, database: BudgetDatabase, make: MakePlan, tmp_path: Path, way: str
) -> None:
    """Fails if a run that was admitted draws all it reserved, whatever came to the data set."""
    with database.changing():  # one that was never given a cap, and is numbered first
        database.data_set([b"path\0/other"], make=True)
    elsewhere, _ = RunAccount.admit(database, b"path\0/other", make(), tmp_path / "elsewhere")
    elsewhere._move(b"x", make().releases, 5, enforce=False)
    elsewhere.finish()
    _cap(database, 2.5)
    run = begin().opened()
    if way == "merge":
        with database.changing():
            both = [database.data_set([place], make=False) for place in (PLACE, b"path\0/other")]
            database.merge(*filter(None, both))
    else:
        adopted = RunAccount.adopt(database, "a" * 32, PLACE, make(), tmp_path / "adopted")
        adopted._move(b"x", make().releases, 5, enforce=False)
    with pytest.raises(PrivacyRefusal, match="the cap of the data set"):
        for kind, t in [("class-counts", 0), *(("votes", t) for t in range(1, 5))]:
            run.spend(kind, t)


def test_a_check_forgets_what_was_reserved_for_the_same_folder(
    begin: Any, database: BudgetDatabase
) -> None:
    _cap(database, 2.5)
    run = begin()
    RunAccount.check_admission(database, [PLACE], run.plan, run.folder)
    with pytest.raises(PrivacyRefusal, match="its cap is ε = 2.5"):
        RunAccount.check_admission(database, [PLACE], run.plan, run.folder.with_name("new"))


def test_a_check_takes_all_identities_of_the_data_together(
    begin: Any, database: BudgetDatabase, make: MakePlan, tmp_path: Path
) -> None:
    """Fails if each data set is held to its cap by itself: the run would make them one."""
    begin().complete()
    content = b"content\0same"
    with database.changing():
        data_set = database.data_set([content], make=True)
        assert data_set is not None
        database.set_cap(data_set, Cap(2.5, 1e-6, "record"))
    folder = tmp_path / "new"
    for identity in (PLACE, content):
        RunAccount.check_admission(database, [identity], make(), folder)
    with pytest.raises(PrivacyRefusal, match="its cap is ε = 2.5"):
        RunAccount.check_admission(database, [PLACE, content], make(), folder)
    with database.changing():
        assert len(database.data_sets()) == 2, "a check enters nothing"
    account, _ = RunAccount.admit(database, PLACE, make(), folder)
    with pytest.raises(PrivacyRefusal, match="its cap is ε = 2.5"):
        account.identify(content)


def _race(folder: str, plan: dict[str, Any], barrier: Any, tries: int, answers: Any) -> None:
    database = BudgetDatabase.open(Path(folder))
    admitted = []
    for number in range(tries):
        barrier.wait()
        place = f"path\0{number}".encode()
        try:
            RunAccount.admit(
                database, place, PrivacyPlan.from_json(plan), Path(folder) / str(id(0))
            )
            admitted.append(True)
        except PrivacyRefusal:
            admitted.append(False)
    answers.put(admitted)
    database.close()


@pytest.mark.slow
def test_of_two_runs_that_begin_at_once_one_is_refused(
    database: BudgetDatabase, make: MakePlan, tmp_path: Path
) -> None:
    """Fails when the cap is looked at before the transaction that enters the run begins."""
    tries = 100
    with database.changing():
        for number in range(tries):
            data_set = database.data_set([f"path\0{number}".encode()], make=True)
            assert data_set is not None
            database.set_cap(data_set, Cap(2.0, 1e-6, "record"))
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(2), spawn.Queue()
    folders = str(tmp_path / "budget")
    arguments = (folders, make().to_json(), barrier, tries, answers)
    processes = [spawn.Process(target=_race, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    one, two = answers.get(timeout=300), answers.get(timeout=300)
    for process in processes:
        process.join()
    assert [a + b for a, b in zip(one, two, strict=True)] == [1] * tries
    assert 0 < sum(one) < tries, "both were first at times, or nothing raced"
