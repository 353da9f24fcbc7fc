import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.formats import archives
from pe_host.formats.archives import (
    ArchiveError,
    array_names,
    open_archive,
    read_array,
    read_header,
)

VALUES = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    """The header of an array, without the array."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def refusal(file: io.BytesIO, name: str = "images") -> str:
    with pytest.raises(ArchiveError) as caught, open_archive(file) as archive:
        read_array(archive, name)
    assert caught.value.fix
    return caught.value.what


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "x.npz", images=np.asfortranarray(VALUES), labels=np.arange(3))
    with (tmp_path / "x.npz").open("rb") as file, open_archive(file) as archive:
        assert array_names(archive) == {"images", "labels"}
        assert read_header(archive, "images") == ((3, 4, 5), np.uint8)
        assert np.array_equal(read_array(archive, "images"), VALUES)


def test_objects_are_not_read() -> None:
    file = zipped({"images.npy": npy(np.array([{}, {}], dtype=object))})
    assert "holds Python objects" in refusal(file)


def test_a_header_that_is_no_python_is_refused() -> None:
    """Numpy splits it into tokens of Python, and gives up on an open bracket."""
    for text in (b"{'descr': (", b"{'descr': '|u1'", b"  x", b"(" * 900, b"\0"):
        content = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text
        assert "cannot be read" in refusal(zipped({"images.npy": content}))


def test_an_announced_size_beyond_the_memory_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "most_bytes", lambda: 59)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    assert "more than half of this machine's memory" in refusal(zipped({"images.npy": npy(VALUES)}))
    monkeypatch.setattr(archives, "most_bytes", lambda: 60)
    with open_archive(zipped({"images.npy": npy(VALUES)})) as archive:
        assert read_header(archive, "images")[0] == VALUES.shape


def test_an_array_that_announces_more_than_its_member_is_refused() -> None:
    """A terabyte announced in a hundred bytes."""
    assert "announces another size" in refusal(zipped({"images.npy": header((2**40,)) + b"x"}))
    assert "announces another size" in refusal(zipped({"images.npy": header((2**62, 2**62))}))
    assert "announces another size" in refusal(zipped({"images.npy": npy(VALUES) + b"x"}))


def test_a_member_that_inflates_beyond_what_the_directory_announces_is_cut() -> None:
    """The directory is made to announce 10 of its 2**20 bytes."""
    content = zipped({"images.npy": header((10,)) + bytes(2**20)}).getvalue()
    real = struct.pack("<L", len(header((10,))) + 2**20)
    short = struct.pack("<L", len(header((10,))) + 10)
    assert content.count(real) == 2
    assert "cannot be read" in refusal(io.BytesIO(content.replace(real, short)))


def test_a_directory_that_announces_too_much_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(zipped({"images.npy": npy(VALUES)}).getvalue())
    end = content.rfind(b"PK\5\6")
    struct.pack_into("<HHL", content, end + 8, 20_000, 20_000, 1 << 30)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "announces 20,000 members" in refusal(io.BytesIO(content))
    struct.pack_into("<HHL", content, end + 8, 2, 2, 1 << 30)
    assert "directory of the archive is too large" in refusal(io.BytesIO(content))


def test_a_wide_directory_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zip64, where the small fields announce nothing."""
    content = zipped({"images.npy": npy(VALUES)}).getvalue()
    end = content.rfind(b"PK\5\6")
    wide = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 2**40, 2**40, 2**50, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    file = io.BytesIO(content[:end] + wide + locator + content[end:])
    assert f"announces {2**40:,} members" in refusal(file)


def test_more_members_than_announced_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 3)
    content = bytearray(zipped({f"{i}.npy": npy(VALUES) for i in range(5)}).getvalue())
    struct.pack_into("<HH", content, content.rfind(b"PK\5\6") + 8, 1, 1)
    assert "more than 3 members" in refusal(io.BytesIO(content))


@pytest.mark.parametrize("name", ["notes.txt", "a\nb.npy", "x" * 300 + ".npy", "\x1b[2J.npy"])
def test_a_member_with_a_name_that_no_array_has_is_refused(name: str) -> None:
    file = zipped({"images.npy": npy(VALUES), name: b""})
    with pytest.raises(ArchiveError, match="^member 1 of the archive is not an array") as caught:
        open_archive(file)
    assert caught.value.name == name


def test_two_members_of_one_name_are_refused() -> None:
    file = zipped({"images.npy": npy(VALUES)})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("images.npy", npy(VALUES))
    with pytest.raises(ArchiveError, match="has the name of another one"):
        open_archive(file)


def test_other_compression_and_encryption_are_refused() -> None:
    assert "is compressed in a way" in refusal(
        zipped({"images.npy": npy(VALUES)}, zipfile.ZIP_LZMA)
    )
    content = bytearray(zipped({"images.npy": npy(VALUES)}).getvalue())
    content[content.rfind(b"PK\1\2") + 8] |= 1
    assert "is encrypted" in refusal(io.BytesIO(content))


@pytest.mark.parametrize("content", [b"", b"PK\5\6", b"x" * 1000])
def test_what_is_no_archive_is_one_error(content: bytes) -> None:
    assert "not an npz file" in refusal(io.BytesIO(content))
    assert "cannot be read" in refusal(zipped({"images.npy": b"\x93NUMPY\1\0" + content}))


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_with_characters_that_do_not_exist_is_refused(order: str) -> None:
    codes = np.array([0x41, 0x10FFFF], f"{order}u4")
    file = zipped({"names.npy": npy(codes.view(f"{order}U1"))})
    with open_archive(file) as archive:
        assert read_array(archive, "names").tolist() == ["A", "\U0010ffff"]
    content = npy(codes).replace(f"{order}u4".encode(), f"{order}U1".encode())
    content = content.replace(codes[1:].tobytes(), np.array([0x110000], f"{order}u4").tobytes())
    assert "cannot be read" in refusal(zipped({"names.npy": content}), "names")
