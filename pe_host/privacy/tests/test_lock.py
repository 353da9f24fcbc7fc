import subprocess
import sys
from pathlib import Path

import pytest

from pe_host.errors import DataError
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
