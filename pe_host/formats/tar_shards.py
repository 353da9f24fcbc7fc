"""Members of tar files whose content is not trusted, read as a stream: nothing goes to the disk."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from pe_host.files import NotAFile, open_regular
from pe_host.formats.collection import CollectionError
from pe_host.formats.names import passed_over
from pe_host.formats.zip_collection import MEMBERS, wrong_name
from pe_sdk.pictures import FILE_BYTES

_BROKEN = (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, RecursionError)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Member:
    """A file in a tar file.

    Args:
        number: of all members, from 0.
        name: relative, with `/` between folders.
        read: its content; only before the next member is asked for.
    """

    number: int
    name: str
    read: Callable[[], bytes]


def members(location: str, inside: Path | None = None) -> Iterator[Member]:
    """Yield the files in a tar file, plain or gzipped, in order.

    Args:
        location: its path.
        inside: the folder that it must lie in after links are followed; None for a file that the
            user named.

    Raises:
        CollectionError: it is none, is damaged or truncated, has more than `MEMBERS` members, or
            has one that is not a file, is larger than `FILE_BYTES`, or has a name that leads out of
            the archive or occurs twice.
    """
    fix = "pass --data the path of a tar file"
    try:
        with open_regular(location, inside) as file:
            yield from _members(file, location)
    except FileNotFoundError:
        raise CollectionError("there is no such file", fix, location) from None
    except NotAFile as error:
        raise CollectionError(f"this is {error}", fix, location) from None
    except _BROKEN:
        raise _damaged(location) from None


def _members(file: BinaryIO, location: str) -> Iterator[Member]:
    zipped = file.read(2) == _GZIP
    file.seek(0)
    content = _Bounded(gzip.GzipFile(fileobj=file) if zipped else file)
    archive: Any = tarfile.TarFile(fileobj=cast(BinaryIO, content), mode="r")
    seen: set[str] = set()
    number, end_of_last = -1, 0
    while (info := archive.next()) is not None:
        archive.members.clear()  # it would keep a record of every member
        if info.size < 0 or archive.offset <= end_of_last:  # a negative size leads back for ever
            raise tarfile.ReadError
        end_of_last = archive.offset
        number += 1
        if number >= MEMBERS:
            raise CollectionError(
                f"the tar file has more than {MEMBERS:,} members", "split it", location
            )
        name = info.name.removeprefix("./").rstrip("/")
        if info.isdir() and name in ("", "."):
            continue
        wrong = wrong_name(name)
        if not wrong and any(map(passed_over, name.split("/"))):
            continue
        if not wrong and info.isdir():
            continue
        if not wrong and (not info.isreg() or info.sparse is not None):
            wrong = "is a link or another thing that is not a file"
        if not wrong and info.size > FILE_BYTES:
            wrong = f"is larger than {FILE_BYTES >> 20} MiB"
        if not wrong and name in seen:
            wrong = "has the name of another one"
        if wrong:
            raise CollectionError(
                f"member {number} of this tar file {wrong}",
                "write the file again with plain files under relative names",
                location,
                name,
            )
        seen.add(name)
        yield Member(number, name, partial(_content, archive, info, location))
    # tarfile takes a damaged header for the end.
    content.seek(archive.offset)
    if any(end := content.read(tarfile.BLOCKSIZE)) or 0 < len(end) < tarfile.BLOCKSIZE:
        raise tarfile.ReadError


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo, location: str) -> bytes:
    try:
        file = archive.extractfile(info)
        assert file is not None, "it is a plain file"
        with file:
            return file.read()
    except _BROKEN:
        raise _damaged(location) from None


def _damaged(location: str) -> CollectionError:
    what = "this is not a tar file, or it is damaged"
    return CollectionError(what, "copy or download the file again", location)


class _Bounded:
    """A file that is never read in large pieces, whatever a header announces.

    Args:
        file: what is read.
    """

    def __init__(self, file: io.BufferedIOBase | BinaryIO | gzip.GzipFile) -> None:
        self._file = file
        self.name = ""

    def read(self, size: int) -> bytes:
        if not 0 <= size <= FILE_BYTES + tarfile.RECORDSIZE:
            raise tarfile.ReadError
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()
