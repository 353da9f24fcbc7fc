"""Writing so that a crash, a power cut or a full disk leaves either the old file or the new one, whole."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from pe_host.errors import DataError

PART = ".part"
"""Marks what is being written; a file of such a name belongs to nobody once its process is gone."""


def is_part(name: str) -> bool:
    """True for a name that `atomic_path`, or a writer of `pe_host.export`, gives to what it is writing."""
    return re.fullmatch(rf"\..+\.[0-9a-f]{{8}}{re.escape(PART)}(\.[^.]+)?", name) is not None


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name to write to; flushed to the disk and renamed to `path` when the block ends well, else removed.

    Folders on the way are made, durably as well.

    Raises:
        DataError: the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}{path.suffix}")
    try:
        make_folder(path.parent)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise DataError(
            f"cannot write: {error.strerror or type(error).__name__}",
            where=str(path),
            fix="free space or mend the permissions; then run the same command with --resume",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """`atomic_path` for content that is at hand."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def check_room(path: Path, size: int) -> None:
    """Raise DataError unless a file of this many bytes can be written here now."""
    with contextlib.suppress(_OnlyTrying), atomic_path(path) as temporary:
        with temporary.open("wb") as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
        raise _OnlyTrying


class _OnlyTrying(Exception):
    """Leaves `atomic_path` without the file taking its place."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and flush their entries to the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder: without the latter a new name may be lost though its content is safe."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
