from pathlib import Path

import pytest

from pe_host.compute.pool import Workers
from pe_host.isolation.allowed import Allowed
from pe_host.plugins.ref import PluginRef
from pe_sdk import OutputSpec

OUTPUT = OutputSpec.image(4, 5)
LABELS = ("a", "b", "c")


def ref(name, kind="generator"):
    """The reference of a plugin of `bad_plugins`."""
    return PluginRef(
        kind, name.replace("_", "-"), "bad_plugins", "dev", "dev", f"bad_plugins:{name}"
    )


@pytest.fixture
def reference():
    return ref


@pytest.fixture
def start(monkeypatch, tmp_path):
    """start(name, count) -> Workers with a plugin of `bad_plugins` loaded."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("PE_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("PE_PASS_ENV", "PE_TEST_MARK")
    running = []

    def begin(name=None, count=1, options=None, seconds=30.0):
        workers = Workers.start(count, seconds, Allowed(write=(str(tmp_path),)))
        running.append(workers)
        if name is not None:
            workers.load(ref(name), options or {}, OUTPUT, LABELS)
        return workers

    yield begin
    for workers in running:
        workers.close(kill=True)
