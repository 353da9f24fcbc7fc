"""Private files with something wrong, through `pe generate` and `pe inspect`.

Each ends in a run or in one clear error before anything is spent, and nothing shows what is private
in them: names of files and clients, labels, ids and values. `test_hostile_files.py` has what was
once thought of; this is what nobody thought of.
"""

from dataclasses import replace
from typing import Any

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.readers import READERS
from bad_input.tiers import Tally, for_each, tiers


@tiers(few=2, many=12)
@pytest.mark.parametrize("reader", READERS)
def test_a_private_file_is_read_or_one_clear_error(
    bench: Bench, tally: Tally, reader: str, count: int
) -> None:
    kind = KINDS[reader]
    for_each(kind.cases(), count, tally.counted(kind.check, bench))
    tally.check(*kind.refused)


@pytest.mark.slow
def test_the_command_itself_ends_as_it_does_here(pe: Any, bench: Bench) -> None:
    """With its confined processes and the real decoder: the same exit code and the same error."""
    replaced = {"anything": "echo", "odd": "pixels"}
    command, ends = replace(pe, folder=bench.place), set[int]()

    def holds(case: Any) -> None:
        outcomes = []
        words = [replaced.get(word, word) for word in case.line]
        for start in (bench.run, command):
            case.write(bench.fresh())
            done = start(*words, cwd=bench.place) if start is bench.run else start(*words)
            errors = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
            outcomes.append((done.code if start is bench.run else done.returncode, errors))
        assert outcomes[0] == outcomes[1]
        ends.add(outcomes[0][0])

    for reader in ("npz", "folder"):  # a case takes a second
        open_to_all = READERS[reader].filter(lambda case: "closed" not in case.files.values())
        for_each(open_to_all, 2, holds)
    assert {0, 5} <= ends
