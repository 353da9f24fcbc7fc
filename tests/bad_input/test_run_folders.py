"""Runs that someone has tampered with, finished or killed, and the commands that meet them.

Each ends well or in one clear error. Whatever was done to a run, nothing says that it has spent
less than it has, as far as `docs/budget.md` promises it: by its ledger, its histograms and the
budget database together.

The slow tier notices that `Manifest` does not check the types of what it reads, and that a report
takes arrays of any shape. It has too few cases to notice that `RunFolder.read_json` opens a pipe,
or that `check_paid` or `_refuse_set_back` is left out; these have tests of their own.
"""

import shutil
from pathlib import Path

import pytest

from bad_input.commands import Commands, restore
from bad_input.run_folders import Bases, Tampering, check, tamperings, words_of
from bad_input.tiers import Tally, for_each, tiers


@pytest.fixture(scope="module")
def bases(run: Commands) -> Bases:
    return Bases(run, run.folder / "case", run.folder / "bases")


@tiers(few=8, many=90)
def test_a_run_that_was_tampered_with_ends_well_or_in_one_clear_error(
    run: Commands, bases: Bases, place: Path, tally: Tally, count: int
) -> None:
    def holds(tampering: Tampering) -> None:
        base = bases[tampering.base]
        if place.exists():
            restore(place)
            shutil.rmtree(place)
        base.copy(place)
        tampering.apply(place)
        done = run(*words_of(base, tampering), cwd=place)
        tally[done.code] += 1
        check(base, tampering, done, place)

    for_each(tamperings(), count, holds)
    tally.check(4, 5)
