import os
import socket
from pathlib import Path

import pytest

from pe_host.files import NotAFile, check_inside, most_bytes, open_regular


def test_a_file_and_a_link_to_one_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        for inside in (None, tmp_path):
            with open_regular(tmp_path / name, inside) as file:
                assert file.read() == b"content"


def test_what_is_no_file_is_refused_by_its_kind_and_nothing_blocks(tmp_path: Path) -> None:
    """Fails by never ending if a pipe is opened, or if /dev/zero is read."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name, kind in [("pipe", "pipe"), ("folder", "folder"), ("socket", "socket")]:
            for inside in (None, tmp_path):
                with pytest.raises(NotAFile, match=f"^a {kind}, not a file$"):
                    open_regular(tmp_path / name, inside)
    with pytest.raises(NotAFile, match="^a device, not a file$"):
        open_regular("/dev/zero")
    with pytest.raises(NotAFile, match="leads out"):
        open_regular(tmp_path / "zero", tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not a record")
    inside = tmp_path / "data"
    (inside / "class").mkdir(parents=True)
    (inside / "class" / "link").symlink_to("../../secret")
    (inside / "class" / "chain").symlink_to("link")
    (inside / "out").symlink_to("..")
    (inside / "class" / "own").symlink_to("../own")
    (inside / "own").write_bytes(b"a record")
    for name in ("class/link", "class/chain", "out/secret"):
        with pytest.raises(NotAFile, match="leads out"):
            open_regular(inside / name, inside)
        with open_regular(inside / name) as file:  # this is what `inside` keeps out
            assert file.read() == b"not a record"
    with open_regular(inside / "class" / "own", inside) as file:
        assert file.read() == b"a record"
    with pytest.raises(NotAFile):
        check_inside(inside / "out", inside)


def test_a_folder_whose_name_only_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data-of-others").mkdir()
    (tmp_path / "data-of-others" / "file").write_bytes(b"x")
    (tmp_path / "data" / "link").symlink_to("../data-of-others/file")
    with pytest.raises(NotAFile):
        open_regular(tmp_path / "data" / "link", tmp_path / "data")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  as it is counted below
    os.mkfifo(tmp_path / "pipe")
    for _ in range(20):
        with pytest.raises(NotAFile):
            open_regular(tmp_path / "pipe")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_the_limit_is_a_share_of_the_memory_of_this_machine() -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < most_bytes() <= total / 2
