"""Plugins of others against the next host: the examples, with an SDK of before.

An author has built and tested a wheel with the last `pe-sdk` that there was. That wheel must go on
to work, as it is, with the host and the SDK of this repository. `make test-downstream` runs this.

The SDK of before is that of the newest tag `v*` that has the example as it is now. Without such a
tag it is that of the commit that last changed the example: the one its author had. No index is
asked for it, since a package of that name there may be another's.
"""

import shutil
import sys
import tarfile

import pytest
from installing import ROOT, UV, build, has_cpu_torch, links, run, torch_version

pytestmark = pytest.mark.distribution

EXAMPLES = {"queue-traces": "values", "mujoco-scene": "pixels"}
"""Names of the examples' generators, and an embedding that needs no training."""


def git(*words):
    return run("git", "-C", ROOT, *words)[0].strip()


def commit_of_before(folder):
    """The commit of the SDK that the author of an example had."""
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone has no SDK of before: fetch the whole history and the tags")
    changed = git("log", "-1", "--format=%H", "--", folder)
    tags = git("tag", "--list", "v*", "--contains", changed, "--sort=-version:refname").split()
    return [*tags, changed][0]


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request, tmp_path_factory):
    """Name of an example's generator, its folder, and its wheel."""
    folder, place = f"examples/pe-plugin-{request.param}", tmp_path_factory.mktemp("built")
    build(place, folder)
    (wheel,) = place.glob("*.whl")
    return request.param, ROOT / folder, wheel


def environment(place, *wanted):
    """An environment with packages; its folder of commands."""
    pin = place.with_suffix(".txt")
    cpu = "+cpu" if has_cpu_torch(sys.executable) else ""
    pin.write_text(f"torch=={torch_version()}{cpu}\n")
    run(UV, "venv", "-q", "--python", sys.executable, place)
    python = place / "bin/python"
    run(UV, "pip", "install", "-q", "-p", python, *links(), "-c", pin, *wanted)
    return place / "bin"


def test_an_example_passes_its_tests_with_the_sdk_of_before(example, tmp_path):
    """What its author saw: its own tests, and the conformance kit of then."""
    _, folder, wheel = example
    archive = tmp_path / "sdk.tar"
    run("git", "-C", ROOT, "archive", "-o", archive, commit_of_before(folder), "sdk")
    with tarfile.open(archive) as stored:
        stored.extractall(tmp_path, filter="data")
    build(tmp_path / "wheels", tmp_path / "sdk")
    (sdk,) = (tmp_path / "wheels").glob("*.whl")
    commands = environment(tmp_path / "author", sdk, wheel, "pytest", "pillow")
    # Without the source, so that the wheel is tested.
    ignored = shutil.ignore_patterns("src", "__pycache__", ".pytest_cache")
    shutil.copytree(folder, tmp_path / "example", ignore=ignored)
    run(commands / "python", "-P", "-m", "pytest", "-q", cwd=tmp_path / "example")


def test_its_wheel_works_with_this_host(wheels, example, tmp_path):
    """What its users see next: this host, this SDK, and the same wheel."""
    name, _, wheel = example
    commands = environment(tmp_path / "user", "--find-links", wheels, "pe-host", wheel)
    variables = {"PE_BUDGET": tmp_path / "budget", "XDG_CACHE_HOME": tmp_path / "cache"}
    pe = [commands / "pe"]
    run(*pe, "check-plugin", name, cwd=tmp_path, **variables)
    settings = ["--epsilon=5", "--candidates=40", "--samples=20", "--iterations=2", "--workers=1"]
    words = ["generate", f"--plugin={name}", f"--embedding={EXAMPLES[name]}", *settings]
    run(*pe, *words, "--out=run", cwd=tmp_path, **variables)
    run(*pe, "replay", "run", cwd=tmp_path, **variables)
    assert (tmp_path / "run/release/samples.npz").exists()
