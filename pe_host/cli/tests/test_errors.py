import errno
import subprocess
import sys

import pytest

from pe_host.cli._errors import guarded
from pe_host.errors import DataError, PeError, PluginFailure, PrivacyRefusal, UsageError


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("kind", "code"),
    [(PeError, 1), (UsageError, 2), (PluginFailure, 3), (PrivacyRefusal, 4), (DataError, 5)],
)
def test_each_kind_of_failure_has_its_code_and_says_what_where_and_what_next(kind, code, capsys):
    assert guarded(raising(kind("it broke", where="--here", fix="do that"))) == code
    assert capsys.readouterr() == ("", "error: --here: it broke\n  next: do that\n")


def test_too_little_memory_is_the_machines(capsys):
    assert guarded(raising(MemoryError("SECRET"))) == 5
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: this machine has not enough memory\n  next: ")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(130)])
def test_an_interruption_ends_with_130(error, capsys):
    assert guarded(raising(error)) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(("end", "code"), [(None, 0), (0, 0), (2, 2), ("text", 1)])
def test_the_codes_of_typer_are_kept(end, code):
    assert guarded(raising(SystemExit(end))) == code
    assert guarded(lambda: None) == 0


def test_a_bug_shows_types_and_places_and_nothing_that_could_be_private(capsys):
    def command():
        record = "SECRET IN A LOCAL"
        try:
            raise KeyError("SECRET IN A CAUSE")
        except KeyError as error:
            raise ValueError(f"SECRET IN A MESSAGE {record}") from error

    assert guarded(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "SECRET" not in err
    assert "ValueError" in err and "KeyError" in err
    assert "test_errors.py:" in err and " in command" in err
    assert "report it" in err


def test_a_module_that_is_missing_is_named(capsys):
    assert guarded(lambda: __import__("module_that_is_nowhere")) == 1
    assert "ModuleNotFoundError of module_that_is_nowhere" in capsys.readouterr().err


def test_the_machine_being_full_is_not_a_bug_but_a_file_the_program_expected_is(capsys):
    assert guarded(raising(OSError(errno.ENOSPC, "No space left on device", "runs/x"))) == 5
    assert capsys.readouterr().err == (
        "error: runs/x: No space left on device\n  next: free space there, or choose another disk\n"
    )
    for number in (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ETXTBSY):
        assert guarded(raising(OSError(number, "a reason", "runs/x"))) == 5
        assert "error: runs/x: a reason\n  next: choose another path" in capsys.readouterr().err
    assert guarded(raising(FileNotFoundError(errno.ENOENT, "No such file", "patient-7.png"))) == 1
    assert "patient-7" not in capsys.readouterr().err


def test_a_bug_inside_a_real_command_is_shown_the_same_way():
    code = """
import sys, types
import pe_host.cli
module = types.ModuleType("pe_host.commands.replay")
def replay(run):
    record = "SECRET"
    raise ValueError(record)
module.replay = replay
sys.modules["pe_host.commands.replay"] = module
sys.argv = ["pe", "replay", "x"]
sys.exit(pe_host.cli.main())
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "ValueError: this is a bug" in done.stderr
    assert "SECRET" not in done.stderr and "Traceback" not in done.stderr
