"""Opening files whose content is not trusted: regular files only, none outside its folder.

A pipe would block, a device could do anything, and a link out of a folder leads to a file that
nobody meant to be a record.
"""

import contextlib
import ctypes
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

SHARE_OF_MEMORY = 0.5
"""Most of the machine's memory that one array or file may take where it must be in memory."""

_TMPFS = 0x01021994  # statfs(2)
_CGROUP = Path("/sys/fs/cgroup/memory.max")

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class NotAFile(ValueError):
    """What stands at the path is not opened; the message says what it is, and names nothing."""


def open_regular(path: str | os.PathLike[str], inside: Path | None = None) -> BinaryIO:
    """Open a regular file to read it.

    Args:
        path: the file. A link to a file is followed.
        inside: the folder that the file must lie in after its links are followed; None for a file
            that the user named.

    Raises:
        NotAFile: it is something else, or lies outside `inside`.
        OSError: it cannot be opened.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    if inside is not None:
        path = _real_path(path, inside)
        flags |= os.O_NOFOLLOW  # no link may take the place of what was checked
    _check_kind(os.stat(path))  # noqa: PTH116  a device is not even opened
    descriptor = os.open(path, flags)
    try:
        _check_kind(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a regular file. Raises as `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def exists(path: str | os.PathLike[str]) -> bool:
    """Return whether there is something; False for a path that is too long to be one."""
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises then


def check_inside(path: str | os.PathLike[str], folder: Path) -> None:
    """Raise NotAFile unless the path lies in the folder after links are followed, else OSError."""
    _real_path(path, folder)


def _real_path(path: str | os.PathLike[str], folder: Path) -> str:
    real, root = (os.path.realpath(place, strict=True) for place in (path, folder))
    if os.path.commonpath((real, root)) != root:
        raise NotAFile("a link that leads out of the folder")
    return real


def _check_kind(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise NotAFile(f"{kind}, not a file")


def most_bytes() -> int:
    """The most bytes that may be in memory of one array or file: a share of the machine's."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no such group, or "max"
        total = min(total, int(_CGROUP.read_text()))
    return int(total * SHARE_OF_MEMORY)


def room_in(folder: str) -> int:
    """Bytes that can be written below a folder; below one in memory (tmpfs), at most a share of it.

    Raises:
        OSError: the system does not say.
    """
    found = os.statvfs(folder)
    room = found.f_bavail * found.f_frsize
    return min(room, most_bytes()) if _in_memory(folder) else room


def _in_memory(folder: str) -> bool:
    """Tell whether a folder lies in memory (Linux only)."""
    if sys.platform != "linux":
        return False
    answer = ctypes.create_string_buffer(512)  # struct statfs; its first word is the type
    if ctypes.CDLL(None).statfs(os.fsencode(folder), answer):
        return False
    return ctypes.c_long.from_buffer(answer).value == _TMPFS


def paths_in(text: str) -> tuple[str, ...]:
    """Return the paths in the value of an option, as far as there is something at them.

    The value is a path or several, with commas between; each with or without `scheme:` before it.
    """
    found: dict[str, None] = {}
    for part in (text, *text.split(",")):
        for candidate in (part.strip(), part.partition(":")[2].strip()):
            # not Path.expanduser, which fails for the home of an unknown user
            path = os.path.abspath(os.path.expanduser(candidate))  # noqa: PTH100, PTH111
            if candidate and os.path.exists(path):  # noqa: PTH110
                found[path] = None
                break
    return tuple(found)
