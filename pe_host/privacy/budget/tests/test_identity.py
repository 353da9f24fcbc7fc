import os
from pathlib import Path

import pytest

from pe_host.privacy.budget.identity import content_of, place_of


def _folder(root: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = root / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_a_place_is_the_same_by_every_way_to_it(tmp_path: Path) -> None:
    data = _folder(tmp_path / "data", a=b"1")
    (tmp_path / "link").symlink_to(data)
    assert place_of("folder", str(tmp_path / "link")) == place_of("folder", str(data))
    assert place_of("folder", str(data)) != place_of("folder", str(tmp_path))
    assert place_of("hub", "name") == place_of("hub", "name") != place_of("other", "name")


def test_a_location_of_two_files_is_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when it is taken as a text: each way to write it would be another data set."""
    _folder(tmp_path, a=b"1", b=b"2")
    monkeypatch.chdir(tmp_path)
    assert place_of("idx", "a,b") == place_of("idx", f"./a,{tmp_path}/b") != place_of("idx", "b")
    assert content_of("a,b") == content_of(f"{tmp_path}/b,a") not in (None, content_of("a"))


def test_a_renamed_or_moved_copy_has_the_same_content(tmp_path: Path) -> None:
    first = content_of(str(_folder(tmp_path / "a", x_1=b"one", y_2=b"two")))
    assert first == content_of(str(_folder(tmp_path / "b", other_9=b"two", other_3=b"one")))
    assert first != content_of(str(_folder(tmp_path / "c", x_1=b"one", y_2=b"twO")))
    assert first != content_of(str(_folder(tmp_path / "d", x_1=b"one")))


def test_a_file_has_its_content_and_what_is_not_there_has_none(tmp_path: Path) -> None:
    _folder(tmp_path, a=b"1", b=b"1", c=b"2")
    assert content_of(str(tmp_path / "a")) == content_of(str(tmp_path / "b"))
    assert content_of(str(tmp_path / "a")) != content_of(str(tmp_path / "c"))
    assert content_of(str(tmp_path / "none")) is None


def test_what_holds_nothing_has_no_content(tmp_path: Path) -> None:
    """Fails when it has one: all data sets that cannot be read would share a budget."""
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("empty", "folder", "pipe"):
        assert content_of(str(tmp_path / name)) is None


def test_a_pipe_or_an_unreadable_file_does_not_block(tmp_path: Path) -> None:
    """Fails (hangs) when the file is opened to be read without O_NONBLOCK."""
    folder = _folder(tmp_path / "data", a=b"1")
    before = content_of(str(folder))
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    assert content_of(str(folder)) == before
