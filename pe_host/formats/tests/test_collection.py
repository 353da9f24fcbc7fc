"""Files of a folder: what is listed, what is passed over, and what is never opened."""

import os
from pathlib import Path

import pytest

from pe_host.formats import collection
from pe_host.formats.collection import CollectionError, FolderCollection
from pe_host.formats.names import natural_key, passed_over, suffix
from pe_sdk.pictures import PictureError


def test_numbers_in_names_sort_by_value() -> None:
    names = ["b1", "a10", "a9", "a09", "A1", "10", "9", "a"]
    assert sorted(names, key=natural_key) == ["9", "10", "A1", "a", "a09", "a9", "a10", "b1"]
    long = "9" * 30
    assert sorted([long, "1"], key=natural_key) == ["1", long]


def test_files_of_systems_are_known_in_any_case() -> None:
    for name in ("Thumbs.db", "THUMBS.DB", "desktop.ini", "__MACOSX", "Icon\r", "@eaDir"):
        assert passed_over(name)
    assert passed_over(".x") == passed_over("._a.png") == "names that start with a dot"
    assert not any(map(passed_over, ("thumbs.png", "a.db", "macosx", "1")))


def test_endings() -> None:
    assert [suffix(name) for name in ("a.PNG", "b.x/a", ".hidden", "a.tar.gz", "a.")] == [
        ".png",
        "",
        "",
        ".gz",
        ".",
    ]


def test_a_folder_is_listed_by_name(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a/x/1.png", "c.csv", "b/.DS_Store", "Thumbs.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "empty").mkdir()
    opened = FolderCollection(str(tmp_path))
    found = opened.listing()
    assert found.names == ("a/x/1.png", "b/2.png", "b/10.png", "c.csv")
    assert found.folders == ("a", "a/x", "b", "empty") and found.linked == ()
    assert found.passed_over == (".DS_Store", "Thumbs.db")
    assert opened.read_picture("b/2.png") == b"b/2.png" and opened.read_table("c.csv") == b"c.csv"


def test_a_list_is_read_within_the_folder_and_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.csv").write_text("x")
    (tmp_path / "data" / "labels.csv").symlink_to(tmp_path / "secret.csv")
    opened = FolderCollection(str(tmp_path / "data"))
    with pytest.raises(CollectionError, match="leads out of the folder"):
        opened.read_table("labels.csv")
    (tmp_path / "data" / "labels.csv").unlink()
    os.mkfifo(tmp_path / "data" / "labels.csv")
    with pytest.raises(CollectionError, match="a pipe, not a file"):
        opened.read_table("labels.csv")
    with pytest.raises(CollectionError, match="cannot be opened"):
        opened.read_table("none.csv")
    monkeypatch.setattr(collection, "TABLE_BYTES", 3)
    (tmp_path / "data" / "large.csv").write_text("four")
    with pytest.raises(CollectionError, match="larger than"):
        opened.read_table("large.csv")


def test_a_link_in_a_circle_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    opened = FolderCollection(str(tmp_path))
    assert opened.listing().names == ("a",)
    with pytest.raises(PictureError, match="cannot be opened"):
        opened.read_picture("a")


def test_a_folder_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(CollectionError, match="cannot be read \\(Permission denied\\)"):
        FolderCollection(str(tmp_path)).listing()
