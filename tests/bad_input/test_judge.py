"""The judge of these tests: it must notice what they look for."""

from dataclasses import replace
from pathlib import Path

import pytest

import bad_input.commands
from bad_input.commands import Commands, Outcome, check_paid, judge
from bad_input.values import NAME, SECRETS

ERROR = "error: x.npz: it is wrong\n  next: write it again\n"
GOOD = Outcome(("generate",), 5, "", ERROR)


def test_an_error_and_a_success_pass() -> None:
    judge(GOOD, SECRETS)
    judge(Outcome(("generate",), 0, "samples\n", "a note\n"), SECRETS)
    judge(Outcome(("generate",), 2, "", "Usage: pe\n\nError: No such option: -x\n"), SECRETS)


@pytest.mark.parametrize(
    "change",
    [
        {"code": 1},
        {"code": 130},
        {"code": 0},
        {"code": -11},
        {"stderr": ERROR + ERROR},
        {"stderr": "warning\n"},
        {"stderr": "error: x\n"},
        {"stderr": ERROR + "Traceback (most recent call last):\n"},
        {"stderr": ERROR.replace("wrong", f"wrong: {NAME}.png")},
        {"stderr": ERROR.replace("wrong", "wrong: 918273645")},
        {"stderr": ERROR.replace("wrong", "wrong: 9.18274e+08")},
        {"stdout": f"{NAME}\n"},
        {"stderr": ERROR.replace("wrong", "\x1b[2J")},
    ],
)
def test_anything_else_does_not(change: dict) -> None:
    with pytest.raises(AssertionError):
        judge(replace(GOOD, **change), SECRETS)


def test_a_private_name_in_a_file_of_the_run_is_noticed(tmp_path: Path) -> None:
    judge(GOOD, SECRETS, tmp_path)
    (tmp_path / "internal").mkdir()
    (tmp_path / "internal/log.txt").write_text(f"read {NAME}-1.png\n")
    with pytest.raises(AssertionError):
        judge(GOOD, SECRETS, tmp_path)


def test_a_draw_that_no_line_pays_for_is_noticed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    check_paid(GOOD, run)
    run.mkdir()
    (run / "ledger.jsonl").write_text('{"schema": 1}\n{"kind": "votes"}\n')
    check_paid(replace(GOOD, draws=1), run)
    with pytest.raises(AssertionError):
        check_paid(replace(GOOD, draws=2), run)
    (run / "ledger.jsonl").write_text('{"schema": 1}\n')
    with pytest.raises(AssertionError):  # nothing was spent, so nothing may be left
        check_paid(GOOD, run)
    check_paid(GOOD, run, begun=True)


@pytest.mark.parametrize(
    ("program", "says"), [("input(); input()", "no answer within 1 s"), ("input()", "ended with")]
)
def test_a_command_that_hangs_or_ends_its_process_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, says: str
) -> None:
    monkeypatch.setattr(bad_input.commands, "SECONDS", 1.0)
    monkeypatch.setattr(
        bad_input.commands, "SERVER", ("-c", f"print('ready', flush=True); {program}")
    )
    commands = Commands(tmp_path)
    with pytest.raises(AssertionError, match=says):
        commands("generate", cwd=tmp_path)
    commands.close()
