"""Zip archives as an attacker makes them, and as other programs do."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pe_host.formats import collection, zip_collection
from pe_host.formats.collection import CollectionError
from pe_host.formats.zip_collection import ZipCollection
from pe_sdk.pictures import FILE_BYTES, PictureError


def archive(path: Path, files: dict[str, bytes], **options: int) -> str:
    with zipfile.ZipFile(path, "w", **options) as made:  # type: ignore[arg-type]
        for name, content in files.items():
            made.writestr(name, content)
    return str(path)


def refused(where: str) -> str:
    with pytest.raises(CollectionError) as caught:
        ZipCollection(where)
    assert caught.value.fix and caught.value.place == where
    return caught.value.what


def test_names_and_folders_are_listed_and_contents_read(tmp_path: Path) -> None:
    files = {"b/10.png": b"ten", "b/9.png": b"nine", "a/x/1.png": b"one", "t.csv": b"1,2"}
    files |= dict.fromkeys(("empty/", "__MACOSX/b/._9.png", "b/.DS_Store", "Icon\r"), b"")
    with ZipCollection(archive(tmp_path / "x.zip", files, compression=8)) as opened:
        found = opened.listing()
        assert found.names == ("a/x/1.png", "b/9.png", "b/10.png", "t.csv")
        assert found.folders == ("a", "a/x", "b", "empty")
        assert found.passed_over == (".DS_Store", "Icon", "__MACOSX")
        assert opened.read_picture("b/10.png") == b"ten" and opened.read_table("t.csv") == b"1,2"
        assert opened.place("b") == f"{tmp_path}/x.zip: b"
        assert opened.place("") == f"{tmp_path}/x.zip"


@pytest.mark.parametrize(
    "name",
    ["../x.png", "a/../../x.png", "/etc/x.png", "a//x.png", "./x.png", "C:/x.png", "a\\x.png"],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    where = archive(tmp_path / "x.zip", {"good.png": b"", "evil": b""})
    content = Path(where).read_bytes()
    if len(name) == 4:
        content = content.replace(b"evil", name.encode())
    else:
        where = archive(tmp_path / "x.zip", {"good.png": b"", "e" * len(name): b""})
        content = Path(where).read_bytes().replace(b"e" * len(name), name.encode())
    Path(where).write_bytes(content)
    assert refused(where).startswith("member 1 of the archive has a name that is not a plain")


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    where = archive(tmp_path / "x.zip", {"a.png": b"1", "b.png": b"2"})
    Path(where).write_bytes(Path(where).read_bytes().replace(b"b.png", b"a.png"))
    assert "has the name of another one" in refused(where)


def test_other_methods_and_encryption_are_refused(tmp_path: Path) -> None:
    where = archive(tmp_path / "x.zip", {"a.png": b"1"}, compression=zipfile.ZIP_LZMA)
    assert "another method" in refused(where)
    content = bytearray(Path(archive(tmp_path / "x.zip", {"a.png": b"1"})).read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    Path(where).write_bytes(content)
    assert "is encrypted" in refused(where)


def test_members_that_share_their_content_are_refused(tmp_path: Path) -> None:
    """A zip bomb without nesting: many entries of the directory point to the same bytes."""
    where = archive(tmp_path / "x.zip", {f"{n:04d}.png": bytes(50_000) for n in range(40)})
    content = Path(where).read_bytes()
    first = content.index(b"PK\1\2")
    one = archive(tmp_path / "one.zip", {"0000.png": bytes(50_000)})
    body = Path(one).read_bytes()[: Path(one).read_bytes().index(b"PK\1\2")]
    entries, place = b"", first
    for _ in range(40):
        entry = bytearray(content[place : place + 46 + 8])
        entry[42:46] = struct.pack("<L", 0)
        entries += entry
        place += 54
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 40, 40, len(entries), len(body), 0)
    Path(where).write_bytes(body + entries + end)
    assert "shares its content" in refused(where)


def test_a_picture_and_a_list_that_announce_too_much_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "TABLE_BYTES", 100)
    monkeypatch.setattr(collection, "JSON_BYTES", 50)
    files = {"t.csv": bytes(101), "t.JSON": bytes(51), "t.jsonl": bytes(51), "a.png": b""}
    where = archive(tmp_path / "x.zip", files)
    content = bytearray(Path(where).read_bytes())
    place = content.rindex(b"PK\1\2")
    content[place + 24 : place + 28] = struct.pack("<L", FILE_BYTES + 1)
    Path(where).write_bytes(content)
    with ZipCollection(where) as opened:
        with pytest.raises(PictureError, match="256 MiB"):
            opened.read_picture("a.png")
        for name in ("t.csv", "t.JSON", "t.jsonl"):
            with pytest.raises(CollectionError, match="larger than"):
                opened.read_table(name)


def test_a_member_never_gives_more_than_it_announces(tmp_path: Path) -> None:
    """256 MiB of zeros behind a directory that announces 100 bytes."""
    where = archive(tmp_path / "x.zip", {"a.png": bytes(1 << 28)}, compression=8)
    content = bytearray(Path(where).read_bytes())
    assert len(content) < 1 << 20
    place = content.index(b"PK\1\2")
    content[place + 24 : place + 28] = struct.pack("<L", 100)
    Path(where).write_bytes(content)
    tracemalloc.start()
    try:
        with ZipCollection(where) as opened, pytest.raises(PictureError, match="cannot be read"):
            opened.read_picture("a.png")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24, "nor is more decompressed"
    finally:
        tracemalloc.stop()


def test_a_member_that_holds_less_or_other_content_than_it_announces(tmp_path: Path) -> None:
    where = archive(tmp_path / "x.zip", {"a.png": b"one", "b.png": b"", "c.png": b"three"})
    content = bytearray(Path(where).read_bytes())
    a, b = (content.rindex(name) - 46 for name in (b"a.png", b"b.png"))
    content[a + 24 : a + 28] = struct.pack("<L", 4)
    content[b + 16 : b + 20] = b"wrng"
    content[content.index(b"three")] ^= 1  # its checksum is that of other content
    Path(where).write_bytes(content)
    with ZipCollection(where) as opened:
        for name in ("a.png", "b.png", "c.png"):
            with pytest.raises(PictureError, match="cannot be read"):
                opened.read_picture(name)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    archive(tmp_path / "x.zip", {"a.png": b"1"})
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.zip").symlink_to("../x.zip")
    where = str(tmp_path / "in" / "x.zip")
    ZipCollection(where).close()  # a file that the user named
    with pytest.raises(CollectionError, match="a link that leads out of the folder"):
        ZipCollection(where, tmp_path / "in")


def test_a_directory_that_announces_too_many_members_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("a.png", b"")
    end = bytearray(content.getvalue())
    place = end.index(b"PK\5\6")
    end[place + 12 : place + 16] = struct.pack("<L", zip_collection.DIRECTORY_BYTES + 1)
    (tmp_path / "x.zip").write_bytes(end)
    assert "announces more than" in refused(str(tmp_path / "x.zip"))


@pytest.mark.parametrize("content", [b"", b"PK\3\4" + bytes(50), b"no archive at all" * 100])
def test_what_is_no_archive_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert "not a zip archive" in refused(str(tmp_path / "x.zip"))
    assert "there is no such file" in refused(str(tmp_path / "none.zip"))
    assert "a folder, not a file" in refused(str(tmp_path))


def test_a_truncated_member_is_one_error(tmp_path: Path) -> None:
    where = archive(tmp_path / "x.zip", {"a.png": b"x" * 5_000, "b.png": b"y"})
    content = bytearray(Path(where).read_bytes())
    content[100:200] = bytes(100)
    Path(where).write_bytes(content)
    with ZipCollection(where) as opened:
        with pytest.raises(PictureError, match="cannot be read from the archive"):
            opened.read_picture("a.png")
        assert opened.read_picture("b.png") == b"y"
