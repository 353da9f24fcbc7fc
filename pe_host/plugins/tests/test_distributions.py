"""Contents and metadata of the distributions here, and what `make demo-digits` removes."""

import fnmatch
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = (
    ".",
    "sdk",
    *(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml")),
)


def project(folder):
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_tests_are_shipped(folder):
    targets = project(folder)["tool"]["hatch"]["build"]["targets"]
    assert "**/tests/**" in targets["wheel"]["exclude"]
    assert set(targets["sdist"]["only-include"]) <= {
        "pe_host",
        "template",
        "src",
        "tools",
        "README.md",
        "LICENSE",
        "PROVENANCE.md",
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_licence_is_there_and_covers_everything(folder):
    about = project(folder)["project"]
    text = (ROOT / folder / "LICENSE").read_text()
    assert text == (ROOT / "LICENSE").read_text() or about["license"] != "MIT"
    texts = [path.relative_to(ROOT / folder) for path in (ROOT / folder).glob("src/*/LICENSES/*")]
    patterns = about["license-files"]
    assert all(
        any(fnmatch.fnmatch(str(path), p) for p in patterns) for path in [Path("LICENSE"), *texts]
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_authors_and_types_are_declared(folder):
    about = project(folder)["project"]
    assert about["authors"] == [{"name": "the pe authors"}]
    typed = any((ROOT / folder).glob("src/*/py.typed")) or (
        folder == "." and (ROOT / "pe_host/py.typed").exists()
    )
    assert ("Typing :: Typed" in about["classifiers"]) == typed


@pytest.mark.parametrize("of_a_run", [True, False])
def test_the_demo_of_digits_starts_again_and_removes_nothing_but_a_run(tmp_path, of_a_run):
    run, stamp, pe = tmp_path / "demo", tmp_path / "stamp", tmp_path / "pe"
    run.mkdir()
    (run / ("manifest.json" if of_a_run else "mine.txt")).write_text("{}")
    stamp.touch()  # nothing is installed
    os.utime(stamp, (2**32, 2**32))
    pe.write_text('#!/bin/sh\necho "$@"\n')
    pe.chmod(0o755)
    words = ["make", "-s", "demo-digits", f"RUN={run}", f"STAMP={stamp}", f"BIN={tmp_path}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert run.exists() != of_a_run
    assert f"--out {run}" in done.stdout and "--resume" not in done.stdout
