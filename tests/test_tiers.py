"""The tiers of the tests: a run reports what it leaves out, with any number of processes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import signal
import pytest

def test_quick():
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

@pytest.mark.slow
def test_slow():
    pass

@pytest.mark.slow
@pytest.mark.parametrize("i", range(1200))
def test_others(i):
    pass

@pytest.mark.distribution
def test_alone():
    pass
"""
SLOW = "1,201 slow tests (make test-all)"
ALONE = "1 distribution test (make test-distribution)"


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (["-n", "2", "--dist", "worksteal"], f"left out: {SLOW}, {ALONE}"),
        (["-m", "not distribution"], f"left out: {ALONE}"),
        (["-m", ""], None),
    ],
)
def test_a_run_ends_with_what_it_left_out(tmp_path, words, last):
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "test_it.py").write_text(TESTS)
    # A shell starts a background job like this.
    plugins = "-p no:cacheprovider -p no:hypothesispytest"
    script = f"trap '' INT; exec {sys.executable} -m pytest -q {plugins} \"$@\""
    command = ["sh", "-c", script, "sh", *words, "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("left out")]
    assert said == ([last] if last else [])
