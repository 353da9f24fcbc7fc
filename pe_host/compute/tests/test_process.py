"""Worker processes: none outlives its host, and memory does not grow with the lookahead."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from pe_host.compute.blocks import blocks
from pe_host.compute.worker import Server
from pe_host.errors import PluginFailure
from pe_host.plugins.ref import PluginRef
from pe_sdk import random

DESCRIPTORS = Path("/proc/self/fd")
COLUMN = np.zeros(16, np.int64)
FATAL_SEEDS = np.full(16, 777, np.uint64)

HOST = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np, psutil
from conftest import LABELS, OUTPUT, ref
from pe_host.compute.pool import Workers
with Workers.start(2) as workers:
    workers.load(ref("hanging"), {}, OUTPUT, LABELS)
    print(*[child.pid for child in psutil.Process().children(recursive=True)], flush=True)
    workers.data(workers.random(np.zeros(16, np.int64), np.full(16, 777, np.uint64)))
"""


def gone(pids, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(
            psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
            for pid in pids
        ):
            return True
        time.sleep(0.02)
    return False


def children():
    return psutil.Process().children(recursive=True)


def test_closing_leaves_no_process(start):
    before = set(children())
    workers = start("good", 3)
    assert len(set(children()) - before) == 2 * 3  # each with its warden
    workers.close()
    assert set(children()) == before
    workers.close()


def test_an_error_ends_the_processes_at_once(start):
    before = set(children())
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="elsewhere"), start("good", 2):
        raise RuntimeError("elsewhere")
    assert set(children()) == before and time.monotonic() - began < 5


def test_what_a_plugin_started_is_ended_with_its_worker(start):
    workers = start("with_child")
    (child,) = map(int, workers.warnings)
    assert psutil.pid_exists(child)
    workers.close()
    assert gone([child])


def test_lost_processes_leave_nothing_behind(start):
    before, descriptors = set(children()), len(list(DESCRIPTORS.iterdir()))
    workers = start("dying", 2)
    for _ in range(3):
        with pytest.raises(PluginFailure):
            workers.data(workers.random(COLUMN, FATAL_SEEDS))
    workers.close()
    assert set(children()) == before
    assert len(list(DESCRIPTORS.iterdir())) == descriptors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_do_not_outlive_a_host_that_is_interrupted_or_killed(number, monkeypatch):
    """Fails where the wardens of hanging workers do not watch the host."""
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", here)
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, here],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with host:
        pids = [int(pid) for pid in host.stdout.readline().split()]
        assert len(pids) == 2 * 2
        time.sleep(0.3)  # until they hang
        host.send_signal(number)
        host.wait(timeout=10)
        ended = gone(pids)
        for pid in [] if ended else pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert ended


def test_memory_does_not_grow_with_the_lookahead():
    """Fails if all variations are held at once: 32 blocks of 256 images are 25 MB."""
    server = Server()
    echo = PluginRef("generator", "echo", "pe_echo", "pe-plugin-echo", "1.0.0")
    output = {"kind": "image", "shape": [56, 56, 1], "dtype": "uint8"}
    server.answer(
        {"op": "load", "plugin": echo.to_json(), "options": {}, "output": output, "labels": ["0"]},
        {},
    )
    pixels = PluginRef("embedding", "pixels", "pe_host.embeddings.pixels", "pe-host", "1.0.0")
    server.answer(
        {"op": "set_embedding", "plugin": pixels.to_json(), "options": {}, "weights": False}, {}
    )
    labels, seeds = np.zeros(256, np.int64), random.derive(1, "memory", 256)
    _, made = server.answer({"op": "random"}, {"labels": labels, "seeds": seeds})
    peaks = []
    for lookahead in (2, 34):
        tracemalloc.start()
        server.answer(
            {"op": "embed", "lookahead": lookahead, "degree": 0.1}, {**made, "seeds": seeds}
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1e6


def test_blocks_cover_all_rows_once_and_are_padded_by_the_last_row():
    column = np.arange(10)
    cut = list(blocks(10, 4))
    assert [list(b.cut(column)) for b in cut] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 9, 9]]
    assert list(np.concatenate([b.trim(b.cut(column)) for b in cut])) == list(column)
    assert list(blocks(0, 4)) == []
    assert str(cut[2]) == "block 2 (rows 8 to 9)"
