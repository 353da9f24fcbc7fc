"""Each package by itself, in a clean environment with exactly what it declares.

Its own tests pass, also at the lowest versions. `make test-distribution` runs this; it takes as
long as the tests of all packages, twice. uv keeps one cache of wheels for all environments.
"""

import shutil

import pytest
from installing import FOLDERS, PYTHONS, ROOT, UV, has_cpu_torch, links, project, run, torch_version

BESIDE = {
    "sdk": ["scipy", "numba", "pillow", "pydicom", "pillow-heif"],
    ".": ["pe-plugin-echo", "pe-plugin-text-render", "pyarrow"],
}
"""Requirements of a package's tests that the package itself does not have.

All tests also need pytest, hypothesis and psutil.
"""

PYTEST_INI = (
    "[pytest]\naddopts = --import-mode=importlib -ra\nmarkers = slow: takes tens of seconds\n"
)
"""Settings in which warnings are not errors: old versions warn of newer ones."""

pytestmark = pytest.mark.distribution


CASES = [
    *((PYTHONS[0], folder, "lowest") for folder in FOLDERS),  # newer Pythons lack old wheels
    *((python, folder, "newest") for python in PYTHONS for folder in FOLDERS),
]


@pytest.mark.parametrize(("python", "folder", "versions"), CASES)
def test_a_package_passes_its_tests_alone(python, folder, versions, wheels, tmp_path):
    distribution = project(folder)["name"]
    environment, work, needs, pin = (
        tmp_path / name for name in ("venv", "work", "needs.txt", "pin.txt")
    )
    torch = has_cpu_torch(python)
    pin.write_text(f"torch=={torch_version()}{'+cpu' if torch else ''}\n")
    found, resolution = links(wheels), ["--resolution", "lowest-direct"]
    resolution = resolution if versions == "lowest" else []
    pyproject = ROOT / folder / "pyproject.toml"
    compiled = ["compile", "-q", *resolution, *found, "-c", pin, pyproject, "-o", needs]
    run(UV, "pip", *compiled, "--python", python)
    if not torch and "torch==" in needs.read_text():
        pytest.skip(f"no CPU build of torch for {python}")
    run(UV, "venv", "-q", "--python", python, environment)
    python = environment / "bin/python"
    install = [UV, "pip", "install", "-q", "-p", python, *found, "-c", pin]
    run(*install, "-r", needs, distribution)
    # imported with nothing but what it declares
    package = (
        "pe_host" if folder == "." else next((ROOT / folder).glob("src/*/__init__.py")).parent.name
    )
    run(python, "-P", "-c", f"import {package}", cwd=tmp_path)
    beside = ["pytest", "hypothesis", "psutil", *BESIDE.get(folder, ())]
    run(*install, "-c", needs, "-r", needs, distribution, *beside)
    copy_tests(folder, work, environment)
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
