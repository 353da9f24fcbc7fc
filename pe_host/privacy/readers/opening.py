"""Errors of files and folders of a source that cannot be opened, in the same words everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pe_host.files import NotAFile
from pe_sdk import SourceError


@contextmanager
def opening(where: str, fix: str, name: str = "") -> Iterator[None]:
    """Turn what keeps a file from being opened into a SourceError.

    Args:
        where: the file, or its folder if the name of the file can be private.
        fix: what to pass instead of something that is not there or is no file.
        name: the name of the file if it can be private.
    """
    try:
        yield
    except FileNotFoundError:
        raise SourceError("there is no such file", where=where, fix=fix, name=name) from None
    except NotAFile as error:
        raise SourceError(f"this is {error}", where=where, fix=fix, name=name) from None
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
        again = "check the path and its permissions"
        raise SourceError(what, where=where, fix=again, name=name) from None


def entries_of(folder: Path) -> list[Path]:
    """Return what is in a folder, in the order of the names.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        fix = "check the path and its permissions"
        raise SourceError(what, where=str(folder), fix=fix) from None
