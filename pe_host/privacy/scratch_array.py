"""Arrays of private records that stay on disk: in the user's own file, or in one without a name.

Rows are read with `pread`, not mapped. So a file that is cut while it is in use is an error and not
the end of the process, and the rows in memory are those in use and no others. A file that was made
here has no name from the start: no process can open it, and when this one ends, however that
happens, the system frees it.
"""

import errno
import os
import tempfile
import weakref
from contextlib import suppress
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pe_host.files import room_in
from pe_sdk import SourceError

GIB = 2**30

_KEPT_FREE = 256 << 20
"""Bytes of a disk that are left to others, such as the run folder."""


class FileArray:
    """Rows that lie one behind the other in an open file: its part from an offset on.

    Args:
        descriptor: of the file; it is duplicated.
        offset: where the first row begins.
        shape: [n, *shape].
        dtype: of the values.
        where: the file, for errors.

    Reading rows raises SourceError if the file has changed since, or cannot be read any more.
    """

    __slots__ = (
        "__weakref__",
        "_descriptor",
        "_offset",
        "_row_bytes",
        "_stamp",
        "_where",
        "dtype",
        "shape",
    )

    def __init__(
        self,
        descriptor: int,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        where: str,
    ) -> None:
        self._descriptor, self._offset, self._where = os.dup(descriptor), offset, where
        weakref.finalize(self, os.close, self._descriptor)
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._row_bytes = prod(shape[1:]) * self.dtype.itemsize
        self._stamp = self._stamped()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        start, stop = _bounds(rows, len(self))
        block = np.empty((stop - start, *self.shape[1:]), self.dtype)
        view = bytes_of(block)
        place, failure = self._offset + start * self._row_bytes, ""
        try:
            while view:
                count = os.preadv(self._descriptor, [view], place)
                if not count:
                    failure = "is shorter than it was when it was opened"
                    break
                view, place = view[count:], place + count
        except OSError as error:
            failure = f"cannot be read any more ({error.strerror})"
        if not failure and self._stamped() != self._stamp:
            failure = "has changed since it was opened"
        if failure:
            fix = "leave the file as it is while a run reads it, then use --resume, or start again"
            raise SourceError(f"the file {failure}", where=self._where, fix=fix)
        return block

    def __repr__(self) -> str:
        return f"{type(self).__name__}(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("private records are never pickled or copied")

    def _stamped(self) -> tuple[int, int]:
        """What changes when somebody else writes to the file."""
        found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns


class ScratchArray(FileArray):
    """Zeros on disk, in a file without a name that only this process has; rows can be set.

    Args:
        shape: [n, *shape].
        dtype: of the values.
        where: the source of the records, for errors.

    Raises:
        SourceError: the disk has no room for it; then and when rows are set.
    """

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], where: str) -> None:
        size = prod(shape) * np.dtype(dtype).itemsize
        check_room(size, where)
        try:
            descriptor = _unnamed_file(tempfile.gettempdir())
        except OSError as error:
            raise _no_disk(f"cannot be used ({error.strerror})", where) from None
        try:
            os.ftruncate(descriptor, size)  # takes no room yet
            super().__init__(descriptor, 0, shape, dtype, where)
        except OSError as error:
            raise _no_disk(f"cannot hold such a file ({error.strerror})", where) from None
        finally:
            os.close(descriptor)

    def __setitem__(self, rows: int | slice, values: NDArray[Any], /) -> None:
        """Set one row, or consecutive ones."""
        chosen = slice(rows, rows + 1) if isinstance(rows, int) else rows
        start, stop = _bounds(chosen, len(self))
        shape = (stop - start, *self.shape[1:])
        block = np.ascontiguousarray(np.broadcast_to(values, shape), self.dtype)
        view = bytes_of(block)
        place = start * self._row_bytes
        try:
            while view:
                count = os.pwrite(self._descriptor, view, place)
                view, place = view[count:], place + count
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _no_disk("is full", self._where) from None
            raise _no_disk(f"cannot be written ({error.strerror})", self._where) from None

    def _stamped(self) -> tuple[int, int]:
        return 0, 0  # nobody else can write to it


def bytes_of(block: NDArray[Any]) -> memoryview:
    """The bytes of a contiguous array, which can be written to where it can."""
    return block.reshape(-1).view(np.uint8).data


def check_room(size: int, where: str) -> None:
    """Raise SourceError unless the disk has room for so many bytes of private records."""
    folder = tempfile.gettempdir()
    with suppress(OSError):  # unknown: writing will show it
        room = max(room_in(folder) - _KEPT_FREE, 0)
        if size > room:
            what = f"has {room / GIB:.1f} GiB to spare, and the records take {size / GIB:.1f} GiB"
            raise _no_disk(what, where)


def _bounds(rows: slice, count: int) -> tuple[int, int]:
    start, stop, step = rows.indices(count)
    if step != 1:
        raise ValueError("only consecutive rows can be read or written")
    return start, max(start, stop)


def _unnamed_file(folder: str) -> int:
    """Open a new file without a name in a folder, for its owner only.

    Raises:
        OSError: the folder takes no file.
    """
    with suppress(OSError, AttributeError):  # neither every system nor every disk has them
        # O_EXCL: it can never be given a name.
        return os.open(folder, os.O_TMPFILE | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    descriptor, path = tempfile.mkstemp(prefix="pe-", dir=folder)
    os.unlink(path)  # noqa: PTH108  before the first byte is in it
    return descriptor


def _no_disk(what: str, where: str) -> SourceError:
    fix = "set TMPDIR to a folder on a disk with more room, or use fewer or smaller records"
    return SourceError(f"the disk for temporary files {what}", where=where, fix=fix)
