"""Plugins of others against the next host: the examples, which the released SDK served.

An author has built and tested a wheel against the last released `pe-sdk`. That wheel must go on to
work, as it is, with the host and the SDK of this repository. `make test-downstream` runs this.

The released SDK is built from the newest tag `v*`; without a tag, from the commit that wrote the
last release into CHANGELOG.md. No index is asked for it: a package there may be another's.
"""

import re
import shutil
import sys
import tarfile

import pytest
from installing import ROOT, UV, build, has_cpu_torch, links, run, tested_torch

pytestmark = pytest.mark.distribution

EXAMPLES = ("queue-traces", "mujoco-scene")
"""Names of the examples' generators."""


def git(*words):
    return run("git", "-C", ROOT, *words)[0].strip()


def last_release():
    """The commit of the last release; the test is skipped where the history lacks it."""
    if tags := git("tag", "--list", "v*", "--sort=-version:refname").split():
        return tags[0]
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone has no released SDK: fetch the tags, or the whole history")
    latest = re.search(r"^## \d+\.\d+\.\d+.*$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    return git("log", "--format=%H", f"-S{latest.group()}", "--", "CHANGELOG.md").split()[-1]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Folder with the wheel of the released SDK, and the commit that it comes from."""
    place, commit = tmp_path_factory.mktemp("released"), last_release()
    archive = place / "sdk.tar"
    run("git", "-C", ROOT, "archive", "-o", archive, commit, "sdk")
    with tarfile.open(archive) as stored:
        stored.extractall(place, filter="data")
    build(place / "wheels", place / "sdk")
    return place / "wheels"


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request, tmp_path_factory):
    """Name of an example's generator, its folder, and its wheel."""
    folder, place = ROOT / f"examples/pe-plugin-{request.param}", tmp_path_factory.mktemp("built")
    build(place, folder)
    (wheel,) = place.glob("*.whl")
    return request.param, folder, wheel


def environment(place, *wanted):
    """An environment with packages; its folder of commands."""
    pin = place.with_suffix(".txt")
    cpu = "+cpu" if has_cpu_torch(sys.executable) else ""
    pin.write_text(f"torch=={tested_torch()}{cpu}\n")
    run(UV, "venv", "-q", "--python", sys.executable, place)
    python = place / "bin/python"
    run(UV, "pip", "install", "-q", "-p", python, *links(), "-c", pin, *wanted)
    return place / "bin"


def test_an_example_passes_its_tests_with_the_released_sdk(released, example, tmp_path):
    """What its author saw before the release: its own tests, and the conformance kit of then."""
    _, folder, wheel = example
    (sdk,) = released.glob("*.whl")
    commands = environment(tmp_path / "author", sdk, wheel, "pytest", "pillow")
    shutil.copytree(folder / "tests", tmp_path / "tests")
    run(commands / "python", "-P", "-m", "pytest", "-q", "tests", cwd=tmp_path)


def test_its_wheel_works_with_this_host(wheels, example, tmp_path):
    """What its users see after the release: this host, this SDK, and the same wheel."""
    name, _, wheel = example
    commands = environment(tmp_path / "user", "--find-links", wheels, "pe-host", wheel)
    variables = {"PE_BUDGET": tmp_path / "budget", "XDG_CACHE_HOME": tmp_path / "cache"}
    pe = [commands / "pe"]
    run(*pe, "check-plugin", name, cwd=tmp_path, **variables)
    settings = ["--epsilon=5", "--candidates=40", "--samples=20", "--iterations=2", "--workers=1"]
    words = ["generate", f"--plugin={name}", *settings, "--out=run"]
    run(*pe, *words, cwd=tmp_path, **variables)
    run(*pe, "replay", "run", cwd=tmp_path, **variables)
    assert (tmp_path / "run/release/samples.npz").exists()
