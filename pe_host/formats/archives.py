"""npz archives whose content is not trusted: what they announce is checked before it is read.

A zip file of a kilobyte may announce any number of members of any size, and an array any shape. An
array of Python objects runs code when it is read, so there is none.
"""

import math
import struct
import tokenize
import zipfile
import zlib
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes

MEMBERS = 10_000
"""Most arrays of an archive."""

DIRECTORY_BYTES = 1 << 24
"""Largest directory of an archive, which zipfile reads as a whole."""

LONGEST_NAME = 200
_SUFFIX = ".npy"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What numpy writes. A header of LZMA can ask for gigabytes of memory."""

_LAST_CHARACTER = 0x10FFFF

_END, _END_64, _LOCATOR_64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_END_BYTES, _LOCATOR_BYTES = 22, 20

BROKEN = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    MemoryError,
    RuntimeError,
    OverflowError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile and numpy raise for archives that are damaged, encrypted or inconsistent.

NotImplementedError is a RuntimeError. Numpy splits the header of an array into tokens of Python.
"""


class ArchiveError(Exception):
    """An archive, or one of its arrays, that cannot be used. The message quotes no value.

    Args:
        what: what is wrong, in one sentence.
        fix: what to do next.
        name: name of a member that is not an array; it can be private.
    """

    def __init__(self, what: str, fix: str, name: str = "") -> None:
        self.what, self.fix, self.name = what, fix, name
        super().__init__(what)


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """Open an npz archive, and check its directory.

    Raises:
        ArchiveError: it is none, or has too many members, or one that cannot be an array.
    """
    fix = "write it with numpy.savez(path, images=…, labels=…), or series=…"
    try:
        members, size = _announced(file)
        if members > MEMBERS or size > DIRECTORY_BYTES:
            raise ArchiveError(
                f"the archive announces {members:,} members, more than {MEMBERS:,}"
                if members > MEMBERS
                else "the directory of the archive is too large",
                fix,
            )
        file.seek(0)
        archive = zipfile.ZipFile(file)
    except BROKEN:
        raise ArchiveError("this is not an npz file, or it is truncated", fix) from None
    try:
        _check_members(archive)
    except ArchiveError:
        archive.close()
        raise
    return archive


def array_names(archive: zipfile.ZipFile) -> frozenset[str]:
    """The names of the arrays."""
    return frozenset(info.filename.removesuffix(_SUFFIX) for info in archive.infolist())


def read_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of an array, with its size checked against the directory.

    Raises:
        ArchiveError: the array cannot be read, holds Python objects, or is too large.
    """
    try:
        with archive.open(name + _SUFFIX) as member:
            return _header(archive, name, cast(BinaryIO, member))
    except BROKEN:
        raise _unreadable(name) from None


def read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Read an array.

    Raises:
        ArchiveError: see `read_header`.
    """
    read_header(archive, name)
    try:
        with archive.open(name + _SUFFIX) as member:
            # numpy reads the announced size in blocks, and zipfile no more than it announced.
            array = np.lib.format.read_array(cast(BinaryIO, member), allow_pickle=False)
    except BROKEN:
        raise _unreadable(name) from None
    if array.dtype.kind == "U":
        codes = np.frombuffer(array.tobytes(), np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if codes.max(initial=0) > _LAST_CHARACTER:  # CPython fails on such text anywhere
            raise _unreadable(name)
    return array


def _announced(file: BinaryIO) -> tuple[int, int]:
    """Number of members, and bytes of the directory, as the end of the file announces them.

    It looks where zipfile does, so that both see the same.
    """
    end = file.seek(0, 2)
    file.seek(max(0, end - _END_BYTES - (1 << 16)))
    tail = file.read()
    at = len(tail) - _END_BYTES
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile
    members, size = struct.unpack_from("<HL", tail, at + 10)
    locator = tail[max(0, at - _LOCATOR_BYTES) : at]
    if locator[:4] == _LOCATOR_64:
        file.seek(struct.unpack_from("<Q", locator, 8)[0])
        wide = file.read(56)
        if wide[:4] != _END_64:
            raise zipfile.BadZipFile
        members, size = struct.unpack_from("<QQ", wide, 32)
    return members, size


def _check_members(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MEMBERS:
        raise ArchiveError(f"the archive has more than {MEMBERS:,} members", "store fewer arrays")
    seen: set[str] = set()
    for number, info in enumerate(infos):
        if wrong := _wrong(info, seen):
            raise ArchiveError(
                f"member {number} of the archive {wrong}",
                "write the file again with numpy.savez(path, images=…, labels=…), or series=…",
                info.filename,
            )
        seen.add(info.filename)


def _wrong(info: zipfile.ZipInfo, seen: set[str]) -> str:
    name = info.filename
    if not name.endswith(_SUFFIX) or len(name) > LONGEST_NAME or not name.isprintable():
        return "is not an array: its name is not one visible line that ends in .npy"
    if name in seen:
        return "has the name of another one"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return "is compressed in a way that numpy does not use"
    return ""


def _header(
    archive: zipfile.ZipFile, name: str, member: BinaryIO
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    if dtype.hasobject:
        raise ArchiveError(
            f"the array {name!r} holds Python objects, which are not read: they can run code",
            "store plain numbers, and names as an array of strings",
        )
    if any(length < 0 for length in shape):
        raise _unreadable(name)
    size = math.prod(shape) * dtype.itemsize
    if size != archive.getinfo(name + _SUFFIX).file_size - member.tell():
        raise ArchiveError(
            f"the array {name!r} announces another size than the archive does",
            "write the file again; it is damaged",
        )
    if size > most_bytes():
        raise ArchiveError(
            f"the array {name!r} takes {size / 2**30:.1f} GiB, more than half of this machine's "
            "memory",
            "use fewer or smaller records, or a machine with more memory",
        )
    return shape, dtype


def _unreadable(name: str) -> ArchiveError:
    return ArchiveError(
        f"the array {name!r} cannot be read",
        "it is truncated or damaged; store plain numbers, and names as an array of strings",
    )
