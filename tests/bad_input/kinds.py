"""The kinds of cases, and what each must show."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bad_input.answers import (
    Answers,
    child_answers,
    exporter_answers,
    odd_answers,
    worker_answers,
)
from bad_input.bench import DATA, Bench
from bad_input.cases import Case
from bad_input.command_lines import Line, files, lines
from bad_input.commands import check_paid, judge
from bad_input.readers import READERS
from bad_input.run_folders import Tampering, check, tamperings, words_of
from bad_input.values import SECRETS


@dataclass(frozen=True)
class Kind:
    """A kind of cases.

    Args:
        cases: makes their strategy.
        check: tries a case, and returns the exit code.
        refused: exit codes of cases that are refused.
    """

    cases: Callable[[], st.SearchStrategy[Any]]
    check: Callable[[Bench, Any], int]
    refused: tuple[int, ...]


def check_reading(bench: Bench, case: Case) -> int:
    """A private file is read, or there is one clear error."""
    place = bench.fresh()
    case.write(place)
    done = bench.run(*case.line, cwd=place)
    judge(done, case.secrets, place / "run")
    check_paid(done, place / "run")
    # 3 blames a plugin: a file is to blame here.
    assert done.code != 3, done.stderr
    return done.code


def check_answers(bench: Bench, answers: Answers) -> int:
    """An answer of a plugin is taken, or there is one clear error."""
    run = "run" in answers.words[:3]  # the command is about a run that is there
    place = bench.fresh()
    shutil.copy(bench.base / DATA, place)
    if run:
        shutil.copytree(bench.base / "run", place / "run")
    done = bench.run(*answers.words, cwd=place, mangled=answers.mangled)
    judge(done, SECRETS, place / "run")
    if not run:
        check_paid(done, place / "run", begun=True)
    # A file or folder is written as a whole or not at all.
    left = {path.name for path in place.iterdir()} - {DATA, "run", "budget"}
    assert left <= (set() if done.code else {"out"}), (done, left)
    written = [place / "out", *(place / "out").rglob("*")] if "out" in left else []
    assert not any(path.is_symlink() for path in written), f"a link is taken\n{done}"
    return done.code


def check_line(bench: Bench, line: Line) -> int:
    """A value on a command line or in a file is taken, or there is one clear error."""
    place = bench.copy(bench.base)
    if line.config is not None:
        (place / "c.toml").write_bytes(line.config)
    done = bench.run(*line.words, cwd=place, env=line.env)
    judge(done, SECRETS, place / "run")
    assert done.code or not line.has_nan, f"NaN is taken: {line}"
    for out in {place / "run", *place.glob("runs/*")} - {place / "run"}:
        check_paid(done, out)
    return done.code


def check_tampering(bench: Bench, tampering: Tampering) -> int:
    """A command on a run that was tampered with ends well, or there is one clear error."""
    base = bench.bases[tampering.base]
    place = bench.copy(base.folder)
    tampering.apply(place)
    done = bench.run(*words_of(base, tampering), cwd=place)
    check(base, tampering, done, place)
    return done.code


KINDS: dict[str, Kind] = {
    **{name: Kind(lambda s=s: s, check_reading, (5,)) for name, s in READERS.items()},
    "child": Kind(child_answers, check_answers, (3,)),
    "worker": Kind(worker_answers, check_answers, (3,)),
    "reader and embedding": Kind(odd_answers, check_answers, (3,)),
    "exporter": Kind(exporter_answers, check_answers, (3,)),
    "words": Kind(lines, check_line, (2, 5)),
    "file": Kind(files, check_line, (2, 5)),
    "run": Kind(tamperings, check_tampering, (4, 5)),
}
