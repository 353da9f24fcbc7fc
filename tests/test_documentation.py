"""Statements of the documents hold: examples run, and the tests they name exist."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_tests_that_the_privacy_page_names_exist():
    named = set(re.findall(r"`(test_\w+\*?)`", (ROOT / "docs/privacy.md").read_text()))
    there = {
        name
        for folder in ("tests", "pe_host", "sdk", "plugins")
        for path in (ROOT / folder).rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 20
    assert not {name for name in named if not fnmatch.filter(there, name)}


def test_all_faults_are_on_the_privacy_page():
    rows = re.findall(r"^\| (\d+) ", (ROOT / "docs/privacy.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == list(range(1, 19))


@pytest.mark.slow
def test_the_plugin_of_contributing_runs(pe, digits):
    text = (ROOT / "CONTRIBUTING.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    source = pe.folder / "src" / "my_stripes"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text(code)
    environment = {
        **pe.environment,
        "PE_DEV_PLUGIN": "stripes=my_stripes:pe_generators",
        "PYTHONPATH": "src",
    }
    settings = [
        "--data",
        str(digits),
        "--epsilon",
        "4",
        "--embedding",
        "pixels",
        "--iterations",
        "2",
    ]
    for words in (
        ["describe", "stripes"],
        [
            "generate",
            "--plugin",
            "stripes",
            *settings,
            "--candidates",
            "60",
            "--samples",
            "20",
            "--out",
            "run",
        ],
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pe_host", *words],
            cwd=pe.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    with np.load(pe.folder / "run/release/samples.npz") as stored:
        assert stored["images"].std() > 50


@pytest.mark.slow
def test_commands_in_the_readme_exist(pe):
    text = (ROOT / "README.md").read_text()
    commands = set(re.findall(r"`pe ([a-z-]+)", text)) | set(
        re.findall(r"^pe ([a-z-]+)", text, re.MULTILINE)
    )
    assert commands >= {
        "generate",
        "list-plugins",
        "describe",
        "account",
        "report",
        "export",
        "replay",
    }
    known = ""
    for command in commands:
        done = pe(command, "--help")
        assert done.returncode == 0
        known += done.stdout
    options = set(re.findall(r"(?<!-)--[a-z][a-z-]+", text))
    assert not {option for option in options if option not in known}
