"""Plugins that answer what no correct plugin answers: descriptions, messages, samples, vectors.

The slow tier notices that `parse` in `pe_host.plugins.answers` lets a RecursionError pass. It did
not notice that `check_loaded` leaves out flags and block; that has a test of its own.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bad_input.answers import Answers, child_answers, odd_answers, worker_answers
from bad_input.commands import SMALL, Commands, check_paid, fresh, judge
from bad_input.npz_files import good, packed
from bad_input.tiers import Tally, for_each, tiers
from bad_input.values import SECRETS


@pytest.fixture(scope="module")
def base(run: Commands) -> Path:
    """Private data, and a run on them."""
    folder = fresh(run.folder / "base")
    (folder / "x.npz").write_bytes(packed(good("images", True, True), True))
    done = run("generate", *SMALL, "--epsilon", "4", "--data", "x.npz", "--out", "run", cwd=folder)
    assert done.code == 0, done
    return folder


KINDS: dict[str, Callable[[], Any]] = {
    "child": child_answers,
    "worker": worker_answers,
    "reader and embedding": odd_answers,
}


@pytest.mark.parametrize("kind", KINDS)
@tiers(few=5, many=40)
def test_an_answer_is_taken_or_one_clear_error(
    run: Commands, base: Path, place: Path, tally: Tally, kind: str, count: int
) -> None:
    def holds(answers: Answers) -> None:
        fresh(place)
        shutil.copy(base / "x.npz", place)
        replayed = answers.words[0] == "replay"
        if replayed:
            shutil.copytree(base / "run", place / "run")
        done = run(*answers.words, cwd=place, mangled=answers.mangled)
        tally[done.code] += 1
        judge(done, SECRETS, place / "run")
        if not replayed:
            check_paid(done, place / "run", begun=True)

    for_each(KINDS[kind](), count, holds)
    tally.check(3)
