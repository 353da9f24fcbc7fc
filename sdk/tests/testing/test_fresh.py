"""The fresh process gets the request of the process that asks, and leaves nothing behind."""

import time
from pathlib import Path

from pe_sdk.testing import check_generator

LEAVES_A_CHILD = """
import subprocess
import sys
from pathlib import Path

from bad_plugins.good_series import SPEC

if Path(sys.argv[0]).name == "fresh.py":
    child = subprocess.Popen(["sleep", "600"])  # with the standard error of its parent
    Path(__file__).with_name("child").write_text(str(child.pid))
"""


def test_a_spec_with_features_reaches_the_fresh_process():
    # Fails if the spec changes on its way through JSON.
    only = ["makes", "survives_spawn", "same_in_another_process"]
    report = check_generator("bad_plugins.good_series:SPEC", only=only)
    assert [r.status for r in report.results] == ["passed"] * 3, report.results


def test_a_child_of_the_plugin_is_neither_waited_for_nor_left(tmp_path, monkeypatch):
    """Fails where the fresh process has pipes, or its process group is not ended."""
    (tmp_path / "leaves_a_child.py").write_text(LEAVES_A_CHILD)
    monkeypatch.syspath_prepend(str(tmp_path))
    report = check_generator("leaves_a_child:SPEC", only=["survives_spawn"])
    assert [r.status for r in report.results] == ["passed"], report.results
    child = int((tmp_path / "child").read_text())
    end = time.monotonic() + 30
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _runs(child)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
