"""Wheels and source distributions: each holds its part of the repository and nothing else."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    ".",
    "sdk",
    *sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml")),
)

pytestmark = pytest.mark.slow


def run(*words):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")
        }


@pytest.fixture(scope="module", params=FOLDERS)
def built(request, tmp_path_factory):
    """Folder of a package, its sdist, the wheel built from that, and the repository's wheel."""
    place = tmp_path_factory.mktemp("built")
    folder = ROOT / request.param
    run(
        sys.executable, "-m", "build", "--no-isolation", "-o", place / "first", folder
    )  # the wheel from the sdist
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", place / "second", folder)
    (sdist,), (wheel,) = (place / "first").glob("*.tar.gz"), (place / "first").glob("*.whl")
    (direct,) = (place / "second").glob("*.whl")
    return folder, sdist, wheel, direct


def tracked(folder, *parts):
    """Paths in a folder of the repository that git knows, without tests.

    Tests of the template are part of the template and stay.
    """
    listed = run(
        "git", "-C", folder, "ls-files", "--cached", "--others", "--exclude-standard", "-z", *parts
    ).split("\0")
    ours = {path for path in listed if path and not path.startswith("template/")}
    return {path for path in ours if "tests" not in PurePosixPath(path).parts} | {
        path for path in listed if path.startswith("template/")
    }


def test_the_wheel_is_the_same_from_the_source_distribution(built):
    _, _, wheel, direct = built
    assert files(wheel) == files(direct)


def test_the_wheel_holds_the_package_whole_and_nothing_else(built):
    folder, _, wheel, _ = built
    names = {name for name in files(wheel) if ".dist-info/" not in name}
    if folder == ROOT:
        expected = tracked(folder, "pe_host") | {
            f"pe_host/{path}" for path in tracked(folder, "template")
        }
    else:
        expected = {path.removeprefix("src/") for path in tracked(folder, "src")}
    assert names == expected
    assert any(name.endswith("/py.typed") for name in names)


def test_the_source_distribution_holds_what_git_knows_and_no_tests(built):
    folder, sdist, _, _ = built
    with tarfile.open(sdist) as archive:
        names = {
            name.partition("/")[2]
            for name in archive.getnames()
            if not archive.getmember(name).isdir()
        }
    assert {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= names
    # hatchling takes .gitignore along, that of the repository too
    assert names - {"PKG-INFO", ".gitignore"} <= tracked(folder)


def test_the_metadata_is_whole(built):
    folder, _, wheel, _ = built
    content = files(wheel)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = next(name for name in content if name.endswith(".dist-info/METADATA"))
    meta = Parser().parsestr(content[info].decode())
    assert (meta["Name"], meta["Version"], meta["Summary"]) == (
        project["name"],
        project["version"],
        project["description"],
    )
    assert (meta["Description-Content-Type"], meta["License-Expression"]) == (
        "text/markdown",
        project["license"],
    )
    assert meta.get_payload().strip() == (folder / "README.md").read_text().strip()
    licences = meta.get_all("License-File")
    assert "LICENSE" in licences
    assert all(
        content[f"{info.rpartition('/')[0]}/licenses/{name}"] == (folder / name).read_bytes()
        for name in licences
    )


def test_plugins_depend_on_the_sdk_and_never_on_the_host(built):
    folder, _, _, _ = built
    needs = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {need.split(">")[0].strip() for need in needs}
    if folder.name != "sdk":
        assert "pe-sdk>=1,<2" in needs
    assert "pe-host" not in names
