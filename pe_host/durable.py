"""Durable writes: a crash, a power cut or a full disk leaves the old file or the new one, whole."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from pe_host.errors import DataError

PART = ".part"
"""Marks a file that is being written. Once its process is gone, such a file belongs to nobody."""


def is_part(name: str) -> bool:
    """True for a temporary name of `atomic_path` or of a writer in `pe_host.export`."""
    return re.fullmatch(rf"\..+\.[0-9a-f]{{8}}{re.escape(PART)}(\.[^.]+)?", name) is not None


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Give what is created in the block to its owner only, whatever the umask of the process is."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def restrict(path: Path) -> None:
    """Take a file, or a folder and all that is in it, from everybody but its owner.

    Modes are 0600 and 0700. Links are not followed. What has no modes, such as a file system of
    another system, stays as it is, and so does what cannot be listed or is gone meanwhile.
    """
    if path.is_symlink():
        return
    is_folder = path.is_dir()
    entries: list[Path] = []
    with contextlib.suppress(OSError):
        _set_mode(path, 0o700 if is_folder else 0o600)
    with contextlib.suppress(OSError):
        entries += path.iterdir() if is_folder else ()
    for entry in entries:
        restrict(entry)


def _set_mode(path: Path, mode: int) -> None:
    """Set the mode by descriptor: a confined process may not do it by path."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def atomic_path(path: Path, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` when the block succeeds.

    The file is flushed to the disk before the rename, and removed if the block fails. Missing
    parent folders are created durably too.

    Args:
        path: the file.
        private: create it, and the folder that it is in, for the owner only.

    Raises:
        DataError: the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}{path.suffix}")
    try:
        if private:
            make_private_folder(path.parent)
            temporary.touch(0o600, exist_ok=False)
        else:
            make_folder(path.parent)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise DataError(
            f"cannot write: {error.strerror or type(error).__name__}",
            where=str(path),
            fix="free space or fix the permissions, then run the same command with --resume",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes, private: bool = False) -> None:
    """Write a whole file through `atomic_path`."""
    with atomic_path(path, private) as temporary:
        temporary.write_bytes(content)


def check_room(path: Path, size: int) -> None:
    """Raise DataError unless a file of this many bytes can be written here now."""
    with contextlib.suppress(_DryRun), atomic_path(path) as temporary:
        with temporary.open("wb") as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
        raise _DryRun


class _DryRun(Exception):
    """Ends an `atomic_path` block without renaming the file."""


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, and flush their entries to the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def make_private_folder(folder: Path) -> None:
    """Make a folder and its parents, and give it to its owner only, also if it is there already."""
    with owner_only():
        make_folder(folder)
    with contextlib.suppress(OSError):  # as in `restrict`
        _set_mode(folder, 0o700)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder.

    Unless the folder is flushed too, a new name may be lost even though its content is safe.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
