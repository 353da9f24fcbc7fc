"""The identity of a data set: where it is, and what it holds.

A data set is the one of an earlier run if either is the same. Neither leaves this room as it is:
the budget database stores keyed digests (HMAC) of them.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pe_host.files import paths_in


def place_of(reader: str, location: str) -> bytes:
    """The place of a source: the canonical path, or reader and location if it is not a path."""
    if paths := paths_in(location):
        return b"path\0" + b"\0".join(os.fsencode(Path(path).resolve()) for path in paths)
    return b"location\0" + f"{reader}:{location}".encode("utf-8", "surrogateescape")


def content_of(location: str) -> bytes | None:
    """A digest of the content of a file, or of all files of a folder; None if there is none.

    The location may be several paths with commas between them.

    File names do not count, so a renamed or moved copy has the same content. What is not a regular
    file counts for nothing and is never opened: a pipe would block.
    """
    roots = [Path(path) for path in paths_in(location)]
    files = sorted(filter(None, (_digest(path) for root in roots for path in _files(root))))
    return b"content\0" + hashlib.sha256(b"".join(files)).digest() if files else None


def _files(root: Path) -> Iterator[str]:
    """Yield the files one at a time: there can be millions."""
    if root.is_dir():
        for folder, _, names in os.walk(root):
            yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118  lighter
    else:
        yield str(root)


def _digest(path: str) -> bytes | None:
    """SHA-256 of a regular file; None for an empty one, anything else, and what cannot be read.

    Otherwise all data sets that cannot be read would be one. What cannot be read is an error of
    the reader, which comes next and says so.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor has no path
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or not found.st_size:
                return None
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
