"""Records as readers take them from files: small ones in memory, large ones on disk.

Large records that lie uncompressed in the user's file stay there. Others go to a `ScratchArray`.
"""

import os
import zipfile
from math import prod
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.formats.archives import find_values, open_values, read_array, read_header
from pe_host.privacy.records import bounds
from pe_host.privacy.scratch_array import FileArray, ScratchArray, bytes_of
from pe_sdk import Records, SourceError

_LARGE = 1 << 30
_PIECE = 1 << 20


class TooShort(Exception):
    """A stream that ends before the last record."""


class WritableRecords(Records, Protocol):
    """Records whose rows can be set."""

    def __setitem__(self, rows: int | slice, values: NDArray[Any], /) -> None: ...


def most_in_memory() -> int:
    """Bytes of records, or of their vectors, from which on they stay on disk.

    A machine with more memory gains little from a larger share: the system keeps in memory what it
    has read from files as long as nobody else needs the room.
    """
    return min(_LARGE, most_bytes() // 4)


def new_records(count: int, shape: tuple[int, ...], dtype: Any, where: str = "") -> WritableRecords:
    """Make records of zeros [count, *shape], in memory or on disk.

    Args:
        count: number of records.
        shape, dtype: of a record.
        where: the source, for errors.

    Raises:
        SourceError: the disk has no room for them; also when rows are set.
    """
    dtype = np.dtype(dtype)
    if count * prod(shape) * dtype.itemsize <= most_in_memory():
        return np.zeros((count, *shape), dtype)
    return ScratchArray((count, *shape), dtype, where)


def records_in_file(
    file: BinaryIO, offset: int, shape: tuple[int, ...], dtype: Any, where: str
) -> Records:
    """Take records [n, *shape] that lie uncompressed in an open file, from an offset on.

    Small ones are read; large ones stay in the file.

    Raises:
        SourceError: the file is shorter.
    """
    records = FileArray(file.fileno(), offset, shape, np.dtype(dtype), where)
    if prod(shape) * records.dtype.itemsize <= most_in_memory():
        return records[:]
    records[len(records) - 1 :]  # the last row is there
    return records


def records_in_stream(stream: BinaryIO, shape: tuple[int, ...], dtype: Any, where: str) -> Records:
    """Read records [n, *shape] from a stream, such as that of a compressed file.

    The records take memory or room on the disk only as far as they are filled, whatever a header
    announces.

    Raises:
        TooShort: the stream ends before the last record.
        SourceError: the disk has no room for them.
    """
    records = new_records(shape[0], shape[1:], dtype, where)
    for start, stop in bounds(records):
        in_memory = isinstance(records, np.ndarray)
        block = records[start:stop] if in_memory else np.empty((stop - start, *shape[1:]), dtype)
        view = bytes_of(block)
        while view:
            piece = stream.read(len(view))
            if not piece:
                raise TooShort
            view[: len(piece)] = piece
            view = view[len(piece) :]
        if not in_memory:
            records[start:stop] = block
    return records


def records_in_archive(archive: zipfile.ZipFile, name: str, where: str) -> Records:
    """Take an array of an npz archive, whose first axis counts records.

    Large ones stay in the archive if they are stored there uncompressed. An array in Fortran order
    has no rows that lie together, so it must fit into memory.

    Raises:
        ArchiveError: see `pe_host.formats.archives.read_array`.
        SourceError: the disk has no room for them.
    """
    shape, dtype = read_header(archive, name)
    if prod(shape) * dtype.itemsize <= most_in_memory():
        return read_array(archive, name)
    place = find_values(archive, name)
    if place.by_columns:
        return read_array(archive, name)
    with open_values(archive, name) as values:  # as long as announced, or it is unreadable
        if place.offset is None or archive.fp is None:
            return records_in_stream(values, shape, dtype, where)
        records = FileArray(archive.fp.fileno(), place.offset, shape, dtype, where)
        while values.read(_PIECE):  # zipfile compares the checksum at the end
            pass
    records[:1]  # nobody has changed the file meanwhile
    return records


def records_in_npy(file: BinaryIO, where: str) -> Records:
    """Take the array of an open npy file, whose first axis counts records.

    Large ones stay in the file. An array in Fortran order must fit into memory.

    Raises:
        ValueError: this is not an npy file, it is cut, or it holds Python objects, which could run
            code and are not read.
        SourceError: the array must be in memory, and takes too much.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    size = prod(shape) * dtype.itemsize
    if dtype.hasobject or os.fstat(file.fileno()).st_size != file.tell() + size:
        raise ValueError
    if not (by_columns and len(shape) > 1):
        return records_in_file(file, file.tell(), shape, dtype, where)
    if size > most_bytes():
        raise SourceError(
            "the array is in Fortran order, and takes more than half of this machine's memory",
            where=where,
            fix="store it again with numpy.save(path, numpy.ascontiguousarray(array))",
        )
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array
