import copy
import errno
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy import scratch_array
from pe_host.privacy.scratch_array import FileArray, ScratchArray
from pe_sdk import SourceError

VALUES = np.random.default_rng(1).integers(0, 2**32, (100, 7, 3), np.uint32)
HEAD = b"some header"


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))


def _in_file(path: Path) -> FileArray:
    path.write_bytes(HEAD + VALUES.tobytes() + b"something else")
    with path.open("rb") as file:
        return FileArray(file.fileno(), len(HEAD), VALUES.shape, VALUES.dtype, str(path))


def _scratched() -> ScratchArray:
    records = ScratchArray(VALUES.shape, VALUES.dtype, "x")
    for start in range(0, 100, 30):
        records[start : start + 30] = VALUES[start : start + 30]
    return records


@pytest.mark.parametrize(
    "rows", [slice(None), slice(3, 4), slice(97, 200), slice(5, 5), slice(9, 2)]
)
def test_rows_are_those_of_the_array(tmp_path: Path, rows: slice) -> None:
    for records in (_in_file(tmp_path / "x"), _scratched()):
        assert len(records) == 100 and records.shape == VALUES.shape
        assert records.dtype == VALUES.dtype == records[rows].dtype
        assert np.array_equal(records[rows], VALUES[rows])


def test_single_rows_can_be_set_and_others_are_zero() -> None:
    records = ScratchArray((4, 2), np.dtype(np.int16), "x")
    records[2] = np.array([5, -6])
    assert records[:].tolist() == [[0, 0], [0, 0], [5, -6], [0, 0]]
    with pytest.raises(ValueError, match="consecutive"):
        records[::2]


def test_a_file_that_is_cut_or_changed_while_it_is_in_use_is_an_error(tmp_path: Path) -> None:
    """With a map of the file, the kernel would end the process."""
    path = tmp_path / "x"
    records = _in_file(path)
    with path.open("r+b") as file:
        file.truncate(len(HEAD) + 50)
    with pytest.raises(SourceError, match="is shorter than it was") as caught:
        records[50:60]
    assert caught.value.where == str(path) and "start again" in caught.value.fix
    records = _in_file(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(SourceError, match="has changed since it was opened"):
        records[:1]


def test_a_file_that_is_replaced_stays_the_one_that_was_opened(tmp_path: Path) -> None:
    records = _in_file(tmp_path / "x")
    (tmp_path / "y").write_bytes(b"other records")
    (tmp_path / "y").replace(tmp_path / "x")
    assert np.array_equal(records[:], VALUES)


def test_the_scratch_file_has_no_name_and_is_for_its_owner_only(tmp_path: Path) -> None:
    records = _scratched()
    assert not list((tmp_path / "scratch").iterdir())
    found = os.fstat(records._descriptor)
    assert found.st_nlink == 0 and found.st_mode & 0o777 == 0o600
    assert not os.get_inheritable(records._descriptor)


def test_systems_without_unnamed_files_take_the_name_away_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not supported")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    records = _scratched()
    assert not list((tmp_path / "scratch").iterdir())
    assert os.fstat(records._descriptor).st_nlink == 0
    assert os.fstat(records._descriptor).st_mode & 0o777 == 0o600
    assert np.array_equal(records[:], VALUES)


WRITER = """
import sys, tempfile, time
import numpy as np
from pe_host.privacy.scratch_array import ScratchArray
tempfile.tempdir = sys.argv[1]
records = ScratchArray((1000, 100), np.dtype(np.uint8), "x")
records[:] = np.full((1000, 100), 77, np.uint8)
print("written", flush=True)
time.sleep(60)
"""


def test_nothing_is_left_when_the_process_is_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path / "scratch")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        assert not list((tmp_path / "scratch").iterdir())
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not list((tmp_path / "scratch").iterdir())


def test_the_descriptor_is_closed_with_the_array() -> None:
    records = _scratched()
    descriptor = records._descriptor
    os.fstat(descriptor)
    del records
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_too_little_room_is_one_error_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scratch_array, "room_in", lambda _: (2 << 30) + scratch_array._KEPT_FREE)
    monkeypatch.setattr(os, "open", None)
    with pytest.raises(SourceError, match="has 2.0 GiB to spare, .* take 3.0 GiB") as caught:
        ScratchArray((3, 1 << 30), np.dtype(np.uint8), "x.npz")
    assert caught.value.where == "x.npz" and "TMPDIR" in caught.value.fix


def test_a_disk_that_fills_up_later_is_the_same_kind_of_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    records = ScratchArray((3, 10), np.dtype(np.uint8), "x.npz")
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(SourceError, match="the disk for temporary files is full") as caught:
        records[0] = np.zeros(10, np.uint8)
    assert "TMPDIR" in caught.value.fix


def test_records_are_not_shown_pickled_or_copied(tmp_path: Path) -> None:
    for records in (_in_file(tmp_path / "x"), _scratched()):
        assert "withheld" in repr(records)
        for copying in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="never pickled"):
                copying(records)
