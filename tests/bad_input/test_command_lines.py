"""Command lines, variables and configuration files with values that nobody expects.

The slow tier notices that `_from_file` of `pe_host.job.config` lets a ValueError of tomllib pass.
It has too few cases to notice that `number` in `pe_host.job.setting` accepts NaN.
"""

import shutil
from pathlib import Path

import pytest

from bad_input.command_lines import DATA, Line, files, lines
from bad_input.commands import SMALL, Commands, check_paid, fresh, judge, restore
from bad_input.npz_files import good, packed
from bad_input.tiers import Tally, for_each, tiers
from bad_input.values import SECRETS


@pytest.fixture(scope="module")
def base(run: Commands) -> Path:
    """Private data, and a run on them."""
    folder = fresh(run.folder / "base")
    (folder / DATA).write_bytes(packed(good("images", True, True), True))
    done = run("generate", *SMALL, "--epsilon", "4", "--data", DATA, "--out", "run", cwd=folder)
    assert done.code == 0, done
    return folder


def prepared(base: Path, place: Path) -> Path:
    if place.exists():
        restore(place)
        shutil.rmtree(place)
    shutil.copytree(base, place)
    return place


@pytest.mark.parametrize("strategy", [lines, files], ids=["words", "file"])
@tiers(few=6, many=50)
def test_a_value_is_taken_or_one_clear_error(
    run: Commands, base: Path, place: Path, tally: Tally, strategy, count: int
) -> None:
    def holds(line: Line) -> None:
        prepared(base, place)
        if line.config is not None:
            (place / "c.toml").write_bytes(line.config)
        done = run(*line.words, cwd=place, env=line.env)
        tally[done.code] += 1
        judge(done, SECRETS, place / "run")
        for out in {place / "run", *place.glob("runs/*")} - {place / "run"}:
            check_paid(done, out)

    for_each(strategy(), count, holds)
    tally.check(2, 5)


@pytest.mark.parametrize("option", ["--samples", "--candidates"])
def test_more_than_a_machine_holds_is_refused_before_anything_is_spent(
    run: Commands, base: Path, place: Path, option: str
) -> None:
    prepared(base, place)
    for count in ("99999999999999", str(2**63 - 1)):
        words = (*SMALL, "--epsilon", "4", "--data", DATA, "--out", "other", option, count)
        done = run("generate", *words, cwd=place)
        judge(done, SECRETS)
        assert done.code == 2 and "more than half of this machine's memory" in done.stderr, done
        check_paid(done, place / "other")
