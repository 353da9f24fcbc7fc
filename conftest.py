"""Tiers of tests, for the whole repository: what is slow, and what a run left out.

`pytest` runs the fast tier in one process, `make test` in two; `make test-all` runs everything but the tests of each
package alone, which are `make test-distribution`. A test belongs to the fast tier unless a marker says otherwise.
"""

import os
import signal
from collections import Counter

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes with several threads each wait for each other most of the time. What must not depend on the number
    # of threads has tests that set it. Set before numpy and torch are imported.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

from pe_sdk.testing import checks

TIERS = {"slow": "make test-all", "distribution": "make test-distribution"}
"""Markers of the tests outside the fast tier, and what runs those. A test with both counts as the last."""

KINDS = ("generator", "embedding", "reader")
LONG_CHECKS = {one.name for kind in KINDS for one in checks(kind, "full")} - {
    one.name for kind in KINDS for one in checks(kind, "basic")
}
"""Conformance checks above level `basic`, which start interpreters. The fast tier runs those of `echo`."""

LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_configure(config):
    config.stash[LEFT_OUT] = Counter()
    # A shell ignores SIGINT in background jobs, and so would all processes that tests start and interrupt.
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
