"""Each package by itself, in a clean environment with exactly what it declares.

Its own tests pass, also at the lowest versions. `make test-distribution` runs this; it takes as
long as the tests of all packages, twice. uv keeps one cache of wheels for all environments.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "sdk",
    *sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml")),
    ".",
)
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
FIND_LINKS = os.environ.get("PIP_FIND_LINKS", "").split()
"""Places where pip looks for wheels besides its index; uv must use the same ones."""

BESIDE = {"sdk": ["scipy", "numba"], ".": ["pe-plugin-echo", "pe-plugin-text-render", "pyarrow"]}
"""Requirements of a package's tests that the package itself does not have.

All tests also need pytest, hypothesis and psutil.
"""

PYTEST_INI = (
    "[pytest]\naddopts = --import-mode=importlib -ra\nmarkers = slow: takes tens of seconds\n"
)
"""Settings in which warnings are not errors: old versions warn of newer ones."""

pytestmark = pytest.mark.distribution


def run(*words, cwd=ROOT, seconds=1800, **environment):
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PE_", "PYTHON"))
    }
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheels")
    for folder in FOLDERS:
        run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", place, ROOT / folder)
    return place


def torch():
    """The tested version, as the CPU build where one exists: the others bring gigabytes."""
    version = re.search(
        r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    ).group(1)
    local = any(
        path.name.startswith(f"torch-{version}+cpu")
        for place in FIND_LINKS
        for path in Path(place).glob("*.whl")
    )
    return f"torch=={version}{'+cpu' if local else ''}\n"


@pytest.mark.parametrize("versions", ["newest", "lowest"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_package_passes_its_tests_alone(folder, versions, wheels, tmp_path):
    distribution = re.search(
        r'^name = "(.*)"', (ROOT / folder / "pyproject.toml").read_text(), re.MULTILINE
    ).group(1)
    python, work, needs, pin = (
        tmp_path / name for name in ("venv/bin/python", "work", "needs.txt", "pin.txt")
    )
    pin.write_text(torch())
    links = [word for place in (wheels, *FIND_LINKS) for word in ("--find-links", place)]
    resolution = ["--resolution", "lowest-direct"] if versions == "lowest" else []
    run(UV, "venv", "-q", "--python", sys.executable, tmp_path / "venv")
    run(
        UV,
        "pip",
        "compile",
        "-q",
        *resolution,
        *links,
        "-c",
        pin,
        ROOT / folder / "pyproject.toml",
        "-o",
        needs,
    )
    run(UV, "pip", "install", "-q", "-p", python, *links, "-c", pin, "-r", needs, distribution)
    # imported with nothing but what it declares
    package = (
        "pe_host" if folder == "." else next((ROOT / folder).glob("src/*/__init__.py")).parent.name
    )
    run(python, "-P", "-c", f"import {package}", cwd=tmp_path)
    beside = ["pytest", "hypothesis", "psutil", *BESIDE.get(folder, ())]
    run(
        UV,
        "pip",
        "install",
        "-q",
        "-p",
        python,
        *links,
        "-c",
        pin,
        "-c",
        needs,
        "-r",
        needs,
        distribution,
        *beside,
    )
    copy_tests(folder, work, tmp_path / "venv")
    if any(work.rglob("test_*.py")):
        run(python, "-P", "-m", "pytest", "-q", cwd=work, XDG_CACHE_HOME=str(tmp_path / "cache"))


def copy_tests(folder, work, environment):
    """The tests without the sources beside them, so that what is installed is tested."""
    work.mkdir()
    (work / "pytest.ini").write_text(PYTEST_INI)
    if folder == ".":
        (package,) = environment.glob("lib/python*/site-packages/pe_host")
        shutil.copy(ROOT / "conftest.py", work)
        for tests in (ROOT / "pe_host").rglob("tests"):
            # A folder named pe_host would be taken for the package. One file tests the repository.
            place = tests.relative_to(ROOT / "pe_host")
            ignored = shutil.ignore_patterns("test_distributions.py", "__pycache__")
            shutil.copytree(tests, work / "of_host" / place, ignore=ignored)
            # Some import helpers from others, by the name of the package.
            shutil.copytree(tests, package / place, ignore=ignored)
    else:
        shutil.copytree(
            ROOT / folder,
            work,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("src", "__pycache__"),
        )
