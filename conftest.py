"""Tiers of tests for the whole repository, and fixtures that several packages share.

`pytest` runs the fast tier in one process, and `make test` runs it in two. `make test-all` runs all
tests except those that install what is built; `make test-distribution` runs those. A test
belongs to the fast tier unless a marker says otherwise.
"""

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes with several threads each spend most of their time waiting for each other.
    # Results that must not depend on the number of threads have tests that set it. These variables
    # must be set before numpy and torch are imported.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np

from pe_sdk.testing import checks

TIERS = {"slow": "make test-all", "distribution": "make test-distribution"}
"""Markers of the tests outside the fast tier, and the command that runs each.

A test with both markers counts as the last.
"""

KINDS = ("generator", "embedding", "reader")
LONG_CHECKS = {one.name for kind in KINDS for one in checks(kind, "full")} - {
    one.name for kind in KINDS for one in checks(kind, "basic")
}
"""Conformance checks above level `basic`, which start interpreters.

The fast tier runs those of `echo`.
"""

LEFT_OUT = pytest.StashKey[Counter[str]]()


BUDGET = pytest.StashKey[str]()


def pytest_configure(config):
    # Runs of tests never count in the budgets of the user's own data.
    config.stash[BUDGET] = os.environ["PE_BUDGET"] = tempfile.mkdtemp(prefix="pe-budget-")
    config.stash[LEFT_OUT] = Counter()
    # What numba compiles is kept for all processes of these tests and of the next ones. Those that
    # are confined have caches of their own: see `bring_compiled` in tests/conftest.py.
    if cache := getattr(config, "cache", None):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache.mkdir("numba")))
    # A shell ignores SIGINT in background jobs. Processes that tests start and interrupt inherit
    # this.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest selects by markers
def pytest_collection_modifyitems(items):
    for item in items:
        if item.name.startswith("test_keeps_the_contract["):
            plugin, _, check = item.callspec.id.rpartition("-")
            if check in LONG_CHECKS and plugin != "echo":
                item.add_marker("slow")


def pytest_deselected(items):
    for item in items:
        tiers = [name for name in TIERS if item.get_closest_marker(name)]
        item.config.stash[LEFT_OUT].update(tiers[-1:])


def pytest_unconfigure(config):
    shutil.rmtree(config.stash[BUDGET], ignore_errors=True)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist
        session.config.workeroutput["left_out"] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    # Every process collects all tests, so any of them knows.
    node.config.stash[LEFT_OUT] |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter, config):
    left_out = config.stash[LEFT_OUT]
    parts = [
        f"{left_out[tier]:,} {tier} test{'s' if left_out[tier] > 1 else ''} ({command})"
        for tier, command in TIERS.items()
        if left_out[tier]
    ]
    if parts:
        terminalreporter.write_line(f"left out: {', '.join(parts)}")


GENERATOR = """
from pe_sdk import GeneratorSpec, hookimpl

@hookimpl
def pe_generators():
    return [GeneratorSpec(name={name!r}, summary="made up", factory=None)]
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Returns a function that installs made-up distributions.

    A distribution is a folder for `sys.path`, with dist-info and modules.
    """

    def make(
        distribution: str,
        entries: Mapping[str, str] | str,
        *,
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
        requires: tuple[str, ...] = ("pe-sdk>=1,<2",),
        summary: str = "a summary",
        group: str = "pe.plugins",
        place: str = "site",
    ) -> Path:
        """Write a distribution into the folder `place`, and return that folder."""
        root = tmp_path / place
        info = root / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        head = (
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\nSummary: {summary}\n"
        )
        (info / "METADATA").write_text(head + needs)
        lines = (
            entries
            if isinstance(entries, str)
            else "".join(f"{name} = {to}\n" for name, to in entries.items())
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
        for name, source in (modules or {}).items():
            (root / f"{name}.py").write_text(source)
        return root

    return make


@pytest.fixture
def light_torch() -> Callable[[Path], Path]:
    """Writes a torch that passes the check of `pe doctor` into a folder for PYTHONPATH.

    The real one takes seconds to import, which tests of other findings can do without.
    """

    def write(folder: Path) -> Path:
        (folder / "torch.py").write_text(TORCH)
        return folder

    return write


TORCH = """
import numpy as np
from types import SimpleNamespace as Namespace

__version__ = "0.light"
ones = lambda *shape: np.ones(shape)
nn = Namespace(functional=Namespace(conv2d=lambda images, kernels: np.full(4, kernels.sum())))
cuda = Namespace(device_count=lambda: 0)
"""


@pytest.fixture(scope="session")
def write_digits() -> Callable[[Path], Path]:
    """Writes 400 pictures of 8 x 8 in two classes, the second brighter: `echo` can learn them."""

    def write(path: Path) -> Path:
        rng = np.random.default_rng(11)
        labels = np.arange(400) % 2
        images = np.clip(rng.normal(60 + 120 * labels[:, None, None], 8, (400, 8, 8)), 0, 255)
        names = np.array(["dark", "light"])
        np.savez(path, images=images.astype(np.uint8), labels=labels, label_names=names)
        return path

    return write


@pytest.fixture
def digits(write_digits: Callable[[Path], Path], tmp_path: Path) -> Path:
    """The file of `write_digits`."""
    return write_digits(tmp_path / "private.npz")
