"""The identity of a data set: where it is, and what it holds.

A data set is the one of an earlier run if either is the same. Neither leaves this room as it is:
the budget database stores keyed digests (HMAC) of them.
"""

import hashlib
import os
import stat
from pathlib import Path


def place_of(reader: str, location: str) -> bytes:
    """The place of a source: the canonical path, or reader and location if it is not a path."""
    if Path(location).exists():
        return b"path\0" + os.fsencode(Path(location).resolve())
    return b"location\0" + f"{reader}:{location}".encode("utf-8", "surrogateescape")


def content_of(location: str) -> bytes | None:
    """SHA-256 of the content of a file, or of all files of a folder; None if neither is there.

    File names do not count, so a renamed or moved copy has the same content. What is not a regular
    file counts for nothing and is never opened: a pipe would block.
    """
    root = Path(location)
    if not root.exists():
        return None
    if not root.is_dir():
        return b"content\0" + (_digest(root) or b"")
    files = sorted(filter(None, (_digest(path) for path in _files(root))))
    return b"content\0" + hashlib.sha256(b"".join(files)).digest()


def _files(root: Path) -> list[Path]:
    return [Path(folder, name) for folder, _, names in os.walk(root) for name in names]


def _digest(path: Path) -> bytes | None:
    """SHA-256 of a regular file; None for anything else, and for what cannot be read.

    What cannot be read is an error of the reader, which comes next and says so.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor has no path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
