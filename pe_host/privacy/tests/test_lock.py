import os
import subprocess
import sys
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.files import LOCK
from pe_host.privacy.lock import FolderLock


def test_the_folder_is_held_by_one_process_until_it_ends(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from pe_host.privacy.lock import FolderLock; "
        "FolderLock(pathlib.Path(sys.argv[1])).__enter__(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="another process"), FolderLock(tmp_path):
            pass
        other.kill()
        other.wait()
    with FolderLock(tmp_path) as lock:
        assert lock.held
    assert not lock.held


def test_two_locks_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(DataError), FolderLock(tmp_path):
        pass


def test_a_file_that_is_cleared_while_another_waits_gives_no_second_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when what was locked is not compared with what lies in the folder.

    The first holder clears the folder just after the second has opened the file. The second would
    then hold a file that nobody else finds, and a third would hold the one in the folder.
    """
    first = FolderLock(tmp_path).__enter__()
    real_open, cleared = os.open, []

    def open_then_clear(path: object, *arguments: int) -> int:
        descriptor = real_open(path, *arguments)  # type: ignore[arg-type]  # as os.open takes it
        if not cleared:
            cleared.append(True)
            (tmp_path / LOCK).unlink()
            first.__exit__(None, None, None)
        return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_then_clear)
        second = FolderLock(tmp_path).__enter__()
    with pytest.raises(DataError, match="another process"), FolderLock(tmp_path):
        pass
    second.__exit__(None, None, None)


def test_a_folder_that_is_gone_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be locked"), FolderLock(tmp_path / "gone"):
        pass
