"""Pools on disk: what a source is, how a change of it is recognised, and its pictures in order."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_image_pool import npzfile, parquet, webdataset
from pe_sdk import CannotMake
from pe_sdk.pictures import FILE_BYTES, SUFFIXES

FORMATS = ("folder", "parquet", "webdataset", "npz")

Content = bytes | NDArray[np.uint8]
"""An encoded file, or pixels [H, W] or [H, W, C]."""

_READERS: dict[str, Callable[[Path], Iterator[tuple[str, str | None, Content]]]] = {
    "parquet": parquet.rows,
    "webdataset": webdataset.rows,
    "npz": npzfile.rows,
}


@dataclass(frozen=True)
class Picture:
    """One picture of a source.

    Args:
        name: name for messages: file, or file and row.
        label: name of its label, or None.
        read: returns the content; may raise any exception.
    """

    name: str
    label: str | None
    read: Callable[[], Content]


@dataclass(frozen=True)
class Source:
    """A pool on disk.

    Args:
        kind: one of `FORMATS`.
        location: the file or folder.
        files: its files, in order.
    """

    kind: str
    location: Path
    files: tuple[Path, ...]

    def fingerprint(self) -> tuple[object, ...]:
        """Names, sizes and times of all files.

        They change if a file is added, removed, renamed or written.
        """
        facts = []
        for path in self.files:
            stat = path.stat()
            facts.append(
                (str(path.relative_to(self.location.parent)), stat.st_size, stat.st_mtime_ns)
            )
        return (self.kind, *facts)

    def pictures(self) -> Iterator[Picture]:
        """Yield all pictures, in an order that depends only on file names and the rows in files.

        Raises:
            CannotMake: a file of the source is not what its name says.
        """
        if self.kind == "folder":
            yield from _of_folder(self)
            return
        for path in self.files:
            for name, label, content in _READERS[self.kind](path):
                yield Picture(f"{path}: {name}", label, partial(_unchanged, content))


def find(text: str) -> Source:
    """Find the source that an option names: a path, or `format:path` with a format of `FORMATS`.

    Raises:
        CannotMake: there is nothing at the path, or nothing in a known format.
    """
    kind, colon, rest = text.partition(":")
    if not colon or kind not in FORMATS:
        kind, rest = "", text
    # not Path.expanduser, which fails for the home of an unknown user
    location = Path(os.path.expanduser(rest)).absolute()  # noqa: PTH111
    try:
        if not location.exists():
            raise CannotMake(f"there is no pool of pictures at {location}; give --set source=PATH")
        files = (
            [location]
            if location.is_file()
            else sorted(p for p in location.rglob("*") if p.is_file() and _belongs(p, location))
        )
    except OSError as error:
        raise CannotMake(f"the pool at {location} cannot be read: {error}") from None
    of_kind = {
        "parquet": [p for p in files if p.suffix == ".parquet"],
        "webdataset": [p for p in files if p.name.endswith((".tar", ".tar.gz", ".tgz"))],
        "npz": [p for p in files if p.suffix == ".npz"],
        "folder": [p for p in files if p.suffix.lower() in SUFFIXES and location.is_dir()],
    }
    for name, found in of_kind.items():
        if found and kind in ("", name):
            return Source(name, location, tuple(found))
    missing = f"nothing in the format {kind}" if kind else "no pictures, Parquet, tar or npz files"
    raise CannotMake(
        f"there is nothing to draw from at {location}: {missing}; give a folder of pictures or of "
        "class folders, Parquet files, tar shards or an npz file"
    )


def _belongs(path: Path, location: Path) -> bool:
    """Whether a file is part of the pool, and nothing that a system left beside it."""
    parts = path.relative_to(location).parts
    return not any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _unchanged(content: Content) -> Content:
    return content


def _of_folder(source: Source) -> Iterator[Picture]:
    for path in source.files:
        inside = path.relative_to(source.location)
        label = inside.parts[0] if len(inside.parts) > 1 else None
        yield Picture(str(path), label, partial(_content, path))


def _content(path: Path) -> bytes:
    """The bytes of a regular file, one more than are allowed at most.

    A pipe or a device may have taken its place since it was found: neither blocks here.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a file")
        return file.read(FILE_BYTES + 1)
