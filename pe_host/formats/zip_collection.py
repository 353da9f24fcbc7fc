"""The files of a zip archive whose content is not trusted: nothing is unpacked to the disk."""

import zipfile
from pathlib import Path

from pe_host.files import NotAFile, open_regular
from pe_host.formats.archives import BROKEN, announced
from pe_host.formats.collection import (
    Collection,
    CollectionError,
    Listing,
    check_table,
    folders_of,
)
from pe_host.formats.names import natural_key, passed_over
from pe_sdk.pictures import FILE_BYTES, PictureError, too_long

MEMBERS = 5_000_000
"""Most members of an archive."""

DIRECTORY_BYTES = 1 << 30
"""Largest directory of an archive, which zipfile reads as a whole."""

_PIECE = 1 << 20

LONGEST_NAME = 1_000

_AGAIN = "write the archive again, with a program that stores plain relative names"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""A header of LZMA can ask for gigabytes of memory."""


class ZipCollection(Collection):
    """The members of a zip archive.

    Raises:
        CollectionError: it is none, announces too much, or has a member that cannot be a file:
            one with a name that leads out of the archive, twice the same name, encryption, or a
            content that others share.

    Args:
        location: its path.
        inside: the folder that it must lie in after links are followed; None for a file that the
            user named.
    """

    def __init__(self, location: str, inside: Path | None = None) -> None:
        super().__init__(location)
        fix = "pass --data the path of a zip archive"
        try:
            file = open_regular(location, inside)
        except FileNotFoundError:
            raise CollectionError("there is no such file", fix, location) from None
        except NotAFile as error:
            raise CollectionError(f"this is {error}", fix, location) from None
        except OSError as error:
            what = f"cannot be opened ({error.strerror})"
            raise CollectionError(what, "fix its permissions", location) from None
        try:
            members, size = announced(file)
            if members > MEMBERS or size > DIRECTORY_BYTES:
                raise CollectionError(
                    f"the archive announces more than {MEMBERS:,} files", "split it", location
                )
            whole = file.seek(0, 2)
            file.seek(0)
            self._archive = zipfile.ZipFile(file)
        except BROKEN:
            file.close()
            raise CollectionError(
                "this is not a zip archive, or it is truncated",
                "copy or download it again",
                location,
            ) from None
        except CollectionError:
            file.close()
            raise
        self._file = file
        try:
            self._infos = self._checked(whole)
        except CollectionError:
            self.close()
            raise

    def close(self) -> None:
        self._archive.close()
        self._file.close()

    def listing(self) -> Listing:
        names: list[str] = []
        folders: dict[str, None] = {}
        rules: dict[str, None] = {}
        for info in self._archive.infolist():
            name = info.filename.rstrip("/")
            if rule := next(filter(None, map(passed_over, name.split("/"))), ""):
                rules[rule] = None
            elif info.is_dir():
                folders |= {name: None} | folders_of([name])
            else:
                names.append(name)
        folders |= folders_of(names)
        return Listing(
            tuple(sorted(names, key=natural_key)),
            tuple(sorted(folders, key=natural_key)),
            passed_over=tuple(sorted(rules)),
        )

    def place(self, name: str) -> str:
        return f"{self.location}: {name}".rstrip(": ")

    def read_picture(self, name: str) -> bytes:
        info = self._infos[name]
        if info.file_size > FILE_BYTES:
            raise too_long()
        try:
            return self._content(info)
        except BROKEN:
            what = "cannot be read from the archive"
            raise PictureError(what, "write the archive again, or remove it") from None

    def read_table(self, name: str) -> bytes:
        info = self._infos[name]
        check_table(name, info.file_size, self.place(name))
        try:
            return self._content(info)
        except BROKEN:
            what = "the file cannot be read from the archive"
            raise CollectionError(what, "write the archive again", self.place(name)) from None

    def _content(self, info: zipfile.ZipInfo) -> bytes:
        """The content of a member, of which no more is decompressed than its header announces.

        Raises:
            zipfile.BadZipFile: it has another length. Or what else is in `BROKEN`.
        """
        with self._archive.open(info) as file:
            pieces: list[bytes] = []
            left = info.file_size
            while left > 0 and (piece := file.read(min(left, _PIECE))):
                pieces.append(piece)
                left -= len(piece)
            if left or file.read(1):
                raise zipfile.BadZipFile
        return b"".join(pieces)

    def _checked(self, whole: int) -> dict[str, zipfile.ZipInfo]:
        """The members that are files, by name."""
        found: dict[str, zipfile.ZipInfo] = {}
        folders: set[str] = set()
        stored = 0
        for number, info in enumerate(self._archive.infolist()):
            stored += info.compress_size
            name = info.filename.rstrip("/")
            wrong = wrong_name(name)
            if not wrong and any(map(passed_over, name.split("/"))):
                continue
            if not wrong and (name in found or (name in folders and not info.is_dir())):
                wrong = "has the name of another one"
            if not wrong and info.flag_bits & 1:
                wrong = "is encrypted"
            if not wrong and info.compress_type not in _METHODS:
                wrong = "is compressed by another method than Deflate"
            if not wrong and stored > whole:
                wrong = "shares its content with another one"
            if wrong:
                raise CollectionError(
                    f"member {number} of the archive {wrong}", _AGAIN, self.location, name
                )
            if info.is_dir():
                folders.add(name)
            else:
                found[name] = info
        return found


def wrong_name(name: str) -> str:
    """What is wrong with the name of a member of an archive, "" if nothing is."""
    parts = name.split("/")
    if not name or len(name) > LONGEST_NAME:
        return "has no name, or one that is too long"
    if ".." in parts or "." in parts or "" in parts or "\\" in name or parts[0].endswith(":"):
        return "has a name that is not a plain relative path"
    return ""
