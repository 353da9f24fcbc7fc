"""Atomic creation: a destination appears whole or not at all, and replaces nothing."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pe_host.durable import PART, sync
from pe_host.errors import DataError

_FIX = "choose another destination, free space, or fix the permissions"
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


def check_free(path: Path, folder: bool) -> None:
    """Check that a file, or a folder, can be created here, before any work is done for it.

    Raises:
        DataError: `path` exists and is not an empty folder to fill, its name is too long, or
            nothing can be written beside it.
    """
    _check_length(path)
    if os.path.lexists(path) and not (folder and _is_empty_folder(path)):
        raise _already_exists(path)
    above = next(one for one in path.absolute().parents if os.path.lexists(one))
    _check_folder(above, path)
    if not os.access(above, os.W_OK | os.X_OK):
        reason = os.strerror(errno.EACCES)
        raise DataError(f"cannot be written: {reason}", where=str(path), fix=_FIX)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` when the block succeeds.

    Raises:
        DataError: `path` exists, or the system refuses.
    """
    with _temporary_beside(path) as temporary:
        yield temporary
        sync(temporary)
        _rename_to_free(temporary, path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill, and rename it to `path` when the block succeeds.

    Raises:
        DataError: `path` exists and is not an empty folder, or the system refuses.
    """
    with _temporary_beside(path) as temporary:
        temporary.mkdir()
        yield temporary
        # One flush of the whole system takes 0.1 s; an fsync for each of 20,000 images a minute.
        os.sync()
        try:
            temporary.rename(path)
        except OSError as error:
            # rename(2) replaces only an absent or empty folder: one filled meanwhile is safe.
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise _already_exists(path) from None
            raise


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    """Yield a hidden path in the same folder, so that renaming is atomic; remove it at the end."""
    if os.path.lexists(path) and not _is_empty_folder(path):
        raise _already_exists(path)
    if blocked := next(
        (folder for folder in path.absolute().parents if os.path.lexists(folder)), None
    ):
        _check_folder(blocked, path)
    # Not named after `path`: a name may be as long as the file system allows.
    temporary = path.absolute().parent / f".new.{secrets.token_hex(4)}{PART}"
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync(temporary.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"cannot be written: {reason}", where=str(path), fix=_FIX) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with suppress(OSError):  # it must not hide the error that is being raised
                temporary.unlink(missing_ok=True)


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Rename without replacing: the system refuses a link to a name that is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _already_exists(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise _already_exists(path) from None
        temporary.rename(path)


def _check_length(path: Path) -> None:
    """Raise DataError if the file system has no room for a path or a name in it."""
    whole = path.absolute()
    above = next(one for one in whole.parents if os.path.lexists(one))
    try:
        longest = os.pathconf(above, "PC_NAME_MAX")
        os.lstat(whole)
        too_long = False
    except FileNotFoundError:
        too_long = any(len(os.fsencode(name)) > longest for name in whole.parts)
    except OSError as error:  # what else is wrong with it is found later
        too_long = error.errno == errno.ENAMETOOLONG
    if too_long:
        raise DataError(
            "cannot be written: this name is too long for the file system",
            where=str(path),
            fix="choose a shorter name",
        )


def _check_folder(folder: Path, path: Path) -> None:
    if not folder.is_dir():
        fix = "choose a destination in a folder"
        raise DataError(
            f"cannot be written: {folder} is a file, not a folder", where=str(path), fix=fix
        )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.iterdir(), None) is None


def _already_exists(path: Path) -> DataError:
    return DataError(
        "already exists and was left unchanged",
        where=str(path),
        fix="choose another destination, or move this one away",
    )
