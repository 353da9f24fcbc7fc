"""Private records that need not fit into memory: going through them in blocks.

Readers return `pe_sdk.Records`: arrays, or what keeps its rows on disk. What happens to the latter
happens block by block, whenever rows are read.
"""

import mmap
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_sdk import Records, SourceError

BLOCK_BYTES = 4 << 20
"""Bytes of records that are in memory at once."""


def converted(
    records: Records,
    convert: Callable[[NDArray[Any]], NDArray[Any]],
    shape: tuple[int, ...],
    dtype: Any,
) -> Records:
    """Convert records; those on disk block by block, whenever rows of them are read.

    Args:
        records: [n, …].
        convert: makes [m, *shape] of the dtype from any m rows, each a function of its row only.
        shape, dtype: of a converted record.
    """
    if isinstance(records, np.ndarray):
        return convert(records)
    return _Converted(records, convert, shape, np.dtype(dtype))


def bounds(records: Records, most: int = BLOCK_BYTES) -> Iterator[tuple[int, int]]:
    """Yield first and last + 1 row of each block of at most so many bytes, or of one row."""
    count, *shape = records.shape
    step = max(1, most // max(1, prod(shape) * records.dtype.itemsize))
    for start in range(0, count, step):
        yield start, min(count, start + step)


def blocks(records: Records, most: int = BLOCK_BYTES) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the first row of each block of at most so many bytes, and the block."""
    for start, stop in bounds(records, most):
        yield start, records[start:stop]


class _Converted:
    __slots__ = ("_convert", "_records", "dtype", "shape")

    def __init__(
        self,
        records: Records,
        convert: Callable[[NDArray[Any]], NDArray[Any]],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._records, self._convert = records, convert
        self.shape, self.dtype = (records.shape[0], *shape), dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        return self._convert(self._records[rows])

    def __repr__(self) -> str:
        return "Records(withheld)"


class PrivateRecords:
    """The records of a data set that are used, wherever a reader has left them.

    Rows are read by slices of step 1 or by row numbers.

    Args:
        records: what the reader returned.
        kept: increasing numbers of the rows that are used; None for all.
        where: the source, for errors.
    """

    __slots__ = ("_kept", "_records", "_where", "dtype", "shape")

    def __init__(self, records: Records, kept: NDArray[np.int64] | None, where: str) -> None:
        self._records, self._kept, self._where = records, kept, where
        count = records.shape[0] if kept is None else len(kept)
        self.shape, self.dtype = (count, *records.shape[1:]), records.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[np.int64], /) -> NDArray[Any]:
        """The rows, in the order asked for.

        Raises:
            DataError: the source gives other rows than it announced, or none any more. The message
                of an unexpected error is withheld: it may quote a record.
        """
        if self._kept is not None:
            rows = self._kept[rows]
        elif not isinstance(rows, slice):
            rows = np.asarray(rows)
        block: Any = None
        failure, refusal = "", None
        try:
            block = self._read(rows) if isinstance(rows, slice) else self._take(rows)
        except SourceError as error:
            refusal = DataError(error.what, where=error.where or self._where, fix=error.fix)
        except Exception as error:
            failure = f"failed with {type(error).__name__}"
        # Raised outside the handler: the frames of the error hold records.
        if refusal is not None:
            raise refusal
        if block is None or block.dtype != self.dtype or block.shape[1:] != self.shape[1:]:
            raise DataError(
                f"reading records {failure or 'returned others than announced'}",
                where=self._where,
                fix="check the source; if it is intact, report this to the reader's authors",
            )
        rows_found: NDArray[Any] = block
        return rows_found

    def _take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Rows by number, read in runs that lie close together."""
        order = np.argsort(rows, kind="stable")
        wanted = rows[order]
        block = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(wanted) > _GAP) + 1):
            if len(run):
                first, last = int(wanted[run[0]]), int(wanted[run[-1]])
                block[order[run]] = self._read(slice(first, last + 1))[wanted[run] - first]
        return block

    def _read(self, rows: slice) -> NDArray[Any]:
        start, stop, _ = rows.indices(self._records.shape[0])
        block = np.asarray(self._records[start:stop])
        if len(block) != max(0, stop - start):
            raise ValueError
        if isinstance(self._records, np.memmap) and self._records.mode != "c":
            block = np.array(block)
            _forget(self._records)
        return block

    def __repr__(self) -> str:
        return "PrivateRecords(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("private records are never pickled or copied")


_GAP = 8
"""Rows that are read although nobody asked for them: fewer cost less than another call."""


def _forget(mapped: NDArray[Any]) -> None:
    """Take the pages of a map of a file from the memory of this process; the file keeps them."""
    base: Any = mapped
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
