"""Environments as a stranger makes them: from wheels, by pip, uv or pipx, for several Pythons.

The tests of tier `distribution` share this module. PYTHONS names the interpreters, as commands or
paths separated by spaces; without it, the tests use the one that runs them.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = tuple(
    sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml"))
)
FOLDERS = ("sdk", *PLUGINS, ".")
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
FIND_LINKS = os.environ.get("PIP_FIND_LINKS", "").split()
"""Places where pip looks for wheels besides its index; uv must use the same ones."""
PYTHONS = tuple(os.environ.get("PYTHONS", "").split()) or (sys.executable,)


def run(*words, cwd=ROOT, seconds=1800, code=0, **environment):
    """Run a command without `PE_*` and `PYTHON*` of the environment; its stdout and stderr."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PE_", "PYTHON"))
    }
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**kept, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    said = f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    assert done.returncode == code, f"exit code {done.returncode} instead of {code}: {said}"
    return done.stdout, done.stderr


def project(folder):
    """Table `project` of a package of this repository."""
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]


def build(place, *folders):
    """Build wheels of packages into a folder."""
    for folder in folders:
        run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", place, ROOT / folder)


def links(*places):
    """Options of pip and uv that add folders of wheels."""
    return [word for place in (*places, *FIND_LINKS) for word in ("--find-links", place)]


@cache
def torch_version():
    """The version of torch in `constraints.txt`."""
    constraints = (ROOT / "constraints.txt").read_text()
    return re.search(r"^torch==(\S+)$", constraints, re.MULTILINE).group(1)


@cache
def has_cpu_torch(python):
    """Whether the CPU build of torch for this Python is in FIND_LINKS or an index.

    Builds for GPUs bring gigabytes of libraries that no test uses.
    """
    wanted = f"torch=={torch_version()}+cpu"
    done = subprocess.run(
        [UV, "pip", "compile", "-q", "--no-deps", "--python", python, *links(), "-"],
        input=wanted,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode == 0 and wanted in done.stdout


def torch_stand_in(place):
    """Write an empty wheel in the place of torch, so that resolvers find one for this Python."""
    stem = f"torch-{torch_version()}+cpu"
    info = f"{stem}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {torch_version()}+cpu\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(place / f"{stem}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
        wheel.writestr(f"{info}/RECORD", record)
