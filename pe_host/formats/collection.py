"""Named files that can be read: those of a folder, or the members of an archive."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pe_host.files import NotAFile, open_regular
from pe_host.formats.names import natural_key, passed_over
from pe_host.formats.pictures import read_content
from pe_sdk.pictures import PictureError

TABLE_BYTES = 1 << 30
"""Largest file of labels."""

JSON_BYTES = 1 << 26
"""Largest one of JSON: parsed as a whole, it takes up to fifty times its bytes in memory."""

_JSON = (".json", ".jsonl")


class CollectionError(Exception):
    """A collection, or a name in it, that cannot be used.

    Args:
        what: what is wrong, in one sentence.
        fix: what to do next.
        place: the folder or archive it is about.
        name: name of the file or folder to blame; it can be private.
    """

    def __init__(self, what: str, fix: str, place: str, name: str = "") -> None:
        self.what, self.fix, self.place, self.name = what, fix, place, name
        super().__init__(what)


@dataclass(frozen=True)
class Listing:
    """What there is in a collection, by names only.

    Args:
        names: names of the files in natural order, relative, with `/` between folders.
        folders: names of all folders in natural order, relative; also of the empty ones.
        linked: the folders among them that are links.
        passed_over: rules by which files and folders were left out, in order.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]
    linked: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


class Collection(ABC):
    """Named files that can be read; a context manager that closes what it holds open.

    Args:
        location: the folder or archive.
    """

    def __init__(self, location: str) -> None:
        self.location = location

    def __enter__(self) -> "Collection":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027  only archives hold a file open
        """Close what is open."""

    @abstractmethod
    def listing(self) -> Listing:
        """List the names.

        Raises:
            CollectionError: a folder cannot be read, or a name is not one that is used.
        """

    @abstractmethod
    def place(self, name: str) -> str:
        """The path of a file or folder, for messages."""

    @abstractmethod
    def read_picture(self, name: str) -> bytes:
        """The content of the file of a picture.

        Raises:
            PictureError: it is too large, or cannot be read.
        """

    @abstractmethod
    def read_table(self, name: str) -> bytes:
        """The content of a file of labels.

        Raises:
            CollectionError: it is too large, or cannot be read.
        """


class FolderCollection(Collection):
    """The files below a folder.

    At the two top levels, a folder may be a link to a folder anywhere: people put their class
    folders together so. A file may not be a link that leads out of its folder: nobody meant such a
    file to be a record.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self._root = Path(location)
        self._linked: tuple[str, ...] = ()

    def listing(self) -> Listing:
        if not self._root.is_dir():
            raise CollectionError(
                "there is no such folder",
                "pass --data the folder that holds the images",
                self.location,
            )
        names: list[str] = []
        folders: list[str] = []
        linked: list[str] = []
        rules: dict[str, None] = {}
        waiting = [("", 0)]
        while waiting:
            folder, depth = waiting.pop()
            for entry in self._entries(folder):
                if rule := passed_over(entry.name):
                    rules[rule] = None
                    continue
                name = f"{folder}{entry.name}"
                if not _is_folder(entry):
                    names.append(name)
                    continue
                if entry.is_symlink():
                    if depth > 1:
                        raise CollectionError(
                            "this folder holds a link to a folder",
                            "put a copy of that folder in its place, or remove the link",
                            self.location,
                            name,
                        )
                    linked.append(name)
                folders.append(name)
                waiting.append((f"{name}/", depth + 1))
        self._linked = tuple(linked)
        return Listing(
            tuple(sorted(names, key=natural_key)),
            tuple(sorted(folders, key=natural_key)),
            self._linked,
            tuple(sorted(rules)),
        )

    def place(self, name: str) -> str:
        return str(self._root / name)

    def read_picture(self, name: str) -> bytes:
        try:
            with open_regular(self._root / name, self._inside(name)) as file:
                return read_content(file)
        except NotAFile as error:
            what, fix = f"is {error}", "put a copy of the image in its place, or remove it"
            raise PictureError(what, fix) from None
        except OSError as error:
            what = f"cannot be opened ({error.strerror})"
            raise PictureError(what, "fix its permissions, or remove it") from None

    def read_table(self, name: str) -> bytes:
        try:
            with open_regular(self._root / name, self._inside(name)) as file:
                content = file.read(most_of_table(name) + 1)
        except NotAFile as error:
            raise CollectionError(
                f"this is {error}", "put a copy of the file in its place", self.place(name)
            ) from None
        except OSError as error:
            what = f"the file cannot be opened ({error.strerror})"
            raise CollectionError(what, "fix its permissions", self.place(name)) from None
        check_table(name, len(content), self.place(name))
        return content

    def _entries(self, folder: str) -> "list[os.DirEntry[str]]":
        try:
            with os.scandir(self._root / folder) as found:
                return list(found)
        except OSError as error:
            what = f"the folder cannot be read ({error.strerror})"
            raise CollectionError(what, "fix its permissions", self.place(folder)) from None

    def _inside(self, name: str) -> Path:
        """The folder that a file must lie in: its linked folder, or the whole."""
        outer = [folder for folder in self._linked if name.startswith(f"{folder}/")]
        return self._root / max(outer, key=len) if outer else self._root


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def most_of_table(name: str) -> int:
    """The most bytes of a file of labels of this name."""
    return JSON_BYTES if name.lower().endswith(_JSON) else TABLE_BYTES


def check_table(name: str, size: int, place: str) -> None:
    """Raise CollectionError for a file of labels that is too large."""
    most = most_of_table(name)
    if size > most:
        raise CollectionError(
            f"the file is larger than {most >> 20:,} MiB",
            "keep the columns that are needed"
            + (", or save it as CSV" if most == JSON_BYTES else ""),
            place,
        )


def folders_of(names: Iterable[str]) -> dict[str, None]:
    """Every folder that files of these names lie in."""
    found: dict[str, None] = {}
    for name in names:
        while (name := name.rpartition("/")[0]) and name not in found:
            found[name] = None
    return found
