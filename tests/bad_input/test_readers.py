"""Private files with something wrong, through `pe generate`.

Each ends in a run or in one clear error before anything is spent, and nothing shows what is private
in them: names of files and clients, labels, ids and values. `test_hostile_files.py` has what was
once thought of; this is what nobody thought of.

The slow tier notices that the reader `folder` quotes the name of a picture, and that a draw has no
line in the ledger. It has too few cases to notice that a label is quoted, or that a TokenError of
numpy is not caught: that takes some hundred more.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bad_input.cases import Case
from bad_input.commands import SMALL, Commands, check_paid, fresh, judge
from bad_input.readers import READERS
from bad_input.tiers import Tally, for_each, tiers
from bad_input.values import BOUNDS, SECRETS

LINE = ("generate", *SMALL, "--epsilon", "4", "--out", "run", "--data")


@tiers(few=4, many=45)
@pytest.mark.parametrize("reader", READERS)
def test_a_private_file_is_read_or_one_clear_error(
    run: Commands, place: Path, tally: Tally, reader: str, count: int
) -> None:
    def holds(case: Case) -> None:
        case.write(fresh(place))
        done = run(*LINE, case.source, *case.words, cwd=place)
        tally[done.code] += 1
        bounds = () if "--public-ranges" in case.words else BOUNDS
        judge(done, (*SECRETS, *bounds), place / "run")
        check_paid(done, place / "run")
        # 3 blames a plugin: a file is to blame here.
        assert done.code != 3, done

    for_each(READERS[reader], count, holds)
    tally.check(5)


@pytest.mark.slow
def test_the_command_itself_ends_as_it_does_here(pe: Any, run: Commands, place: Path) -> None:
    """With its confined processes and the real decoder: the same exit code and the same error."""
    replaced = {"anything": "echo", "odd": "pixels"}
    line = [replaced.get(word, word) for word in LINE]
    command, ends = replace(pe, folder=place), set[int]()

    def holds(case: Case) -> None:
        outcomes = []
        for start in (run, command):
            case.write(fresh(place))
            words = (*line, case.source, *case.words)
            done = start(*words, cwd=place) if start is run else start(*words)
            errors = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
            outcomes.append((done.code if start is run else done.returncode, errors))
        assert outcomes[0] == outcomes[1]
        ends.add(outcomes[0][0])

    for reader in ("npz", "folder"):
        open_to_all = READERS[reader].filter(lambda case: "closed" not in case.files.values())
        for_each(open_to_all, 3, holds)
    assert {0, 5} <= ends
