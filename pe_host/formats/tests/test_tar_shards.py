"""Tar files as an attacker makes them, and as other programs do."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pe_host.formats import tar_shards
from pe_host.formats.collection import CollectionError
from pe_host.formats.tar_shards import members
from pe_sdk.pictures import FILE_BYTES


def tar(path: Path, *files: tuple[str, bytes], odd: Any = None, zipped: bool = False) -> str:
    """A tar file; `odd` is a header, added without content."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as made:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
        if odd is not None:
            made.addfile(odd)
    path.write_bytes(gzip.compress(content.getvalue()) if zipped else content.getvalue())
    return str(path)


def read(where: str) -> list[tuple[str, bytes]]:
    return [(member.name, member.read()) for member in members(where)]


def refused(where: str) -> str:
    with pytest.raises(CollectionError) as caught:
        read(where)
    assert caught.value.fix and caught.value.place == where
    return caught.value.what


GOOD = (("a/1.png", b"one" * 500), ("./a/1.cls", b"0"), ("b.json", b"{}"))


@pytest.mark.parametrize("zipped", [False, True])
def test_files_are_read_in_order(tmp_path: Path, zipped: bool) -> None:
    root = tarfile.TarInfo("./")
    root.type = tarfile.DIRTYPE
    where = tar(tmp_path / "x.tar", *GOOD, (".DS_Store", b""), odd=root, zipped=zipped)
    assert read(where) == [("a/1.png", b"one" * 500), ("a/1.cls", b"0"), ("b.json", b"{}")]
    assert [member.number for member in members(where)] == [0, 1, 2], "also if none is read"


def odd(name: str, kind: bytes = tarfile.REGTYPE, **values: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in values.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (odd("x.png", tarfile.SYMTYPE, linkname="/etc/hostname"), "is a link"),
        (odd("x.png", tarfile.LNKTYPE, linkname="a/1.png"), "is a link"),
        (odd("x.png", tarfile.CHRTYPE, devmajor=1, devminor=5), "is a link or another thing"),
        (odd("x.png", tarfile.FIFOTYPE), "is a link or another thing"),
        (odd("../x.png"), "not a plain relative path"),
        (odd("/etc/x.png"), "not a plain relative path"),
        (odd("a/../../x.png"), "not a plain relative path"),
        (odd("a/1.png"), "has the name of another one"),
        (odd("./a/1.png"), "has the name of another one"),
        (odd("x.png", size=FILE_BYTES + 1), "is larger than 256 MiB"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_member_that_is_no_plain_file_is_refused(
    tmp_path: Path, header: tarfile.TarInfo, says: str, zipped: bool
) -> None:
    where = tar(tmp_path / "x.tar", *GOOD, odd=header, zipped=zipped)
    what = refused(where)
    assert what.startswith("member 3 of this tar file") and says in what


def test_a_header_that_announces_much_metadata_is_not_read(tmp_path: Path) -> None:
    """A gzip of some kilobytes could hold gigabytes of it, which tarfile reads as a whole."""
    size = 4 << 30
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        info = odd("x", kind, size=size)
        content = info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)
        (tmp_path / "x.tar.gz").write_bytes(gzip.compress(content))
        assert "damaged" in refused(str(tmp_path / "x.tar.gz"))


@pytest.mark.parametrize("name", ["x.png", ".hidden"])
@pytest.mark.parametrize("size", [-512, -1024, -(1 << 40)])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_negative_size_does_not_lead_back(
    tmp_path: Path, name: str, size: int, zipped: bool
) -> None:
    """tarfile would go back to the same header again and again."""
    header = bytearray(odd(name).tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 4 + size.to_bytes(8, "big", signed=True)
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    content = odd("a.txt").tobuf(tarfile.GNU_FORMAT) + bytes(header) + bytes(10240)
    pax = odd("a.txt").tobuf(tarfile.GNU_FORMAT) + odd(name, size=size).tobuf(tarfile.PAX_FORMAT)
    for made in (content, pax + bytes(10240)):
        (tmp_path / "x.tar").write_bytes(gzip.compress(made) if zipped else made)
        assert "damaged" in refused(str(tmp_path / "x.tar"))


def test_members_that_are_passed_over_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_shards, "MEMBERS", 3)
    where = tar(tmp_path / "x.tar", *GOOD)
    assert len(read(where)) == 3
    where = tar(tmp_path / "x.tar", *GOOD, (".DS_Store", b""))
    assert "more than 3 members" in refused(where)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    tar(tmp_path / "x.tar", *GOOD)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.tar").symlink_to("../x.tar")
    where = str(tmp_path / "in" / "x.tar")
    assert len(list(members(where))) == 3, "a file that the user named"
    with pytest.raises(CollectionError, match="a link that leads out of the folder"):
        list(members(where, tmp_path / "in"))


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    header = odd("x.png")
    header.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "x.png",
        "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": f"0,1,{(1 << 40) - 1},1",
    }  # fmt: skip
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(header)
    (tmp_path / "x.tar").write_bytes(content.getvalue())
    assert "member 0" in refused(str(tmp_path / "x.tar"))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_truncated_file_is_an_error_and_not_an_end(tmp_path: Path, zipped: bool) -> None:
    """tarfile takes a damaged header for the end: records would be missing without a word."""
    whole = Path(tar(tmp_path / "x.tar", *GOOD)).read_bytes()
    for broken in (
        whole[:700],
        whole[: 512 * 5 - 100],
        whole[: 512 * 4] + b"x" * 512 + whole[512 * 5 :],
        b"",
        b"no tar at all" * 100,
    ):
        (tmp_path / "x.tar").write_bytes(gzip.compress(broken) if zipped else broken)
        if broken:
            assert "damaged" in refused(str(tmp_path / "x.tar"))
    assert "there is no such file" in refused(str(tmp_path / "none.tar"))
    assert "a folder, not a file" in refused(str(tmp_path))
    cut = gzip.compress(whole)[:-20]
    (tmp_path / "x.tar").write_bytes(cut)
    assert "damaged" in refused(str(tmp_path / "x.tar"))
