"""What `pe` shows and imports before it does any work."""

import io
import json
import os
import subprocess
import sys

import pytest

from pe_host.cli._output import write_json, write_table

COMMANDS = [
    "generate",
    "continue",
    "inspect",
    "list-plugins",
    "describe",
    "check-plugin",
    "report",
    "export",
    "samples",
    "replay",
    "account",
    "doctor",
    "new-plugin",
    "budget",
]

HEAVY = (
    "numpy",
    "torch",
    "faiss",
    "opendp",
    "sklearn",
    "scipy",
    "PIL",
    "pe_sdk",
    "pluggy",
    "rich",
    "dp_accounting",
)

START = """
import json, sys
from pe_host.cli import main
code = main()
heavy = [m for m in {heavy!r} if m in sys.modules]
print("HEAVY", json.dumps(heavy), file=sys.stderr)
sys.exit(code)
"""


def run_pe(*arguments):
    command = [sys.executable, "-P", "-c", START.format(heavy=HEAVY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list-plugins"], ["list-plugins", "--json"], ["generate", "--help"]]
)
def test_nothing_heavy_is_imported_for_help_and_for_the_list(arguments):
    done = run_pe(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "HEAVY []\n"


@pytest.mark.slow
def test_doctor_imports_nothing_of_what_it_looks_at(monkeypatch, tmp_path, light_torch):
    path = filter(None, (str(light_torch(tmp_path)), os.environ.get("PYTHONPATH")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.setenv("PE_PLUGINS", "none")
    done = run_pe("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "HEAVY []\n"


BUDGET = ("show", "cap", "history", "close")
HELP = [
    "--help",
    "--version",
    *(f"{name} --help" for name in COMMANDS if name != "budget"),
    *(f"budget {name} --help" for name in BUDGET),
]
MEANINGLESS = [
    "",
    "list-plugin",
    "generate --bogus",
    "list-plugins --timeout 0",
    "doctor --timeout nan",
    "generate",
]

ONE_AFTER_ANOTHER = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from pe_host.cli import main
found = {}
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line.split()
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main()
    found[line] = code, out.getvalue(), err.getvalue()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def said():
    """Command line -> exit code, stdout and stderr, of one process for all that do no work."""
    command = [sys.executable, "-P", "-c", ONE_AFTER_ANOTHER, json.dumps([*HELP, *MEANINGLESS])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_help_names_every_command_and_version_says_which(said):
    code, out, _ = said["--help"]
    listed = out.partition("Commands:\n")[2]
    assert code == 0 and [line.split()[0] for line in listed.splitlines()] == COMMANDS
    assert "..." not in listed  # each line of help is short enough to be shown whole
    assert said["--version"][1].startswith("pe 1.")


@pytest.mark.parametrize("line", HELP[2:])
def test_every_command_has_help(said, line):
    code, out, _ = said[line]
    assert (code, f"Usage: pe {line.removesuffix(' --help')}" in out) == (0, True)
    assert "--json" in out


@pytest.mark.parametrize("line", MEANINGLESS)
def test_a_command_line_that_means_nothing_ends_with_2_and_prints_no_result(said, line):
    code, out, err = said[line]
    assert code == 2
    assert "Traceback" not in err
    if line:
        assert out == ""


def test_the_list_is_a_plain_table_elsewhere_than_on_a_terminal():
    lines = run_pe("list-plugins").stdout.splitlines()
    assert lines[0].split() == ["KIND", "NAME", "STATE", "FROM", "WHAT"]
    assert any(line.split()[:3] == ["reader", "npz", "found"] for line in lines)
    assert "\x1b" not in "".join(lines)


def test_a_reader_that_goes_away_is_no_error():
    listing = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-c",
            "from pe_host.cli import main; raise SystemExit(main())",
            "list-plugins",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    listing.stdout.close()
    assert (listing.stderr.read(), listing.wait(60)) == (b"", 0)
    listing.stderr.close()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_stream_that_is_closed_is_no_error(closed):
    command = f'"{sys.executable}" -P -m pe_host list-plugins {closed}'
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_on_a_narrow_terminal_the_last_column_alone_is_folded(monkeypatch, width):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    cells = ("generator", "text-render-of-a-long-name", "found", "pe-plugin-text-render 1.0.0")
    summary = "Written text as a 2D procedural simulator of " + "x" * 40
    write_table(("KIND", "NAME", "STATE", "FROM", "WHAT"), [(*cells, summary)])
    text = terminal.getvalue()
    assert all(cell in text for cell in cells) and "…" not in text
    assert text.count("x") == 40 + 3
    assert max(map(len, text.splitlines())) <= max(width, 9 + 26 + 5 + 27 + 4 + 24)


def test_json_holds_no_nan(capsys):
    write_json({"ε": 1.5})
    assert json.loads(capsys.readouterr().out) == {"ε": 1.5}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json({"x": float("nan")})
