"""Parquet files whose content is not trusted, for the readers of each kind of record."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from pe_host.files import open_regular
from pe_host.formats.parquet import INSTALL, MISSING
from pe_host.privacy.readers.opening import opening
from pe_sdk import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH = 1 << 14
BATCH_BYTES = 1 << 24
"""Most rows in a batch that is read, and most bytes of their values, if these have 64 bits."""

_BUFFER = 1 << 20
"""Bytes that are read at once of a column, which can be as large as the file."""

_POINTER = b"version https://git-lfs"

Value = TypeVar("Value")


@contextmanager
def open_table(location: str, inside: Path | None = None) -> Iterator[BinaryIO]:
    """Open a file that pyarrow is to read. It is opened once: nobody can put another in its place.

    Args:
        location: its path.
        inside: the folder that it must lie in after links are followed; None for a file that the
            user named.

    Raises:
        SourceError: pyarrow is missing, or the path leads to no file, or to a pointer to one.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise SourceError(MISSING, where=location, fix=INSTALL) from None
    fix = "pass --data the path of a Parquet or Arrow file, or a folder of them"
    with opening(location, fix):
        content = open_regular(location, inside)
    with content:
        if content.read(len(_POINTER)) == _POINTER:
            raise SourceError(
                "this is a pointer of Git LFS in place of the file",
                where=location,
                fix="fetch the files with `git lfs pull` in the folder of the data set",
            )
        content.seek(0)
        yield content


@contextmanager
def open_parquet(location: str, inside: Path | None = None) -> Iterator["pq.ParquetFile"]:
    """Open a Parquet file; the arguments are those of `open_table`.

    Raises:
        SourceError: see `open_table`; or the file cannot be read as Parquet.
    """
    with open_table(location, inside) as content:
        import pyarrow.parquet as pq

        with guarded(lambda: pq.ParquetFile(content, buffer_size=_BUFFER), location) as file:
            yield file


def guarded(call: Callable[[], Value], location: str) -> Value:
    """The result of a pyarrow call. Its error messages are withheld: they may quote a value."""
    with suppress(Exception):
        return call()
    raise unreadable(location)


def unreadable(location: str) -> SourceError:
    fix = "check the path and its permissions, and that other programs can read the file"
    kind = "Arrow" if location.lower().endswith(".arrow") else "Parquet"
    return SourceError(f"this file cannot be read as {kind}", where=location, fix=fix)


def batches(
    file: "pq.ParquetFile",
    location: str,
    columns: list[str] | None = None,
    *,
    values: int = 1,
    rows: int = 0,
) -> Iterator["pa.RecordBatch"]:
    """Read some columns in batches: a few bytes of a file can stand for any number of rows.

    Args:
        file: the open file.
        location: its path, for errors.
        columns: names of the columns; all by default.
        values: numbers in a row; the more, the smaller the batches.
        rows: most rows in a batch; 0 for `BATCH`.

    Raises:
        SourceError: the file is damaged, or has other rows than it announces.
    """
    most = min(max(1, BATCH_BYTES // (8 * max(1, values))), rows or BATCH)
    left = file.metadata.num_rows
    reading = guarded(lambda: file.iter_batches(most, columns=columns), location)
    while (batch := guarded(lambda: next(reading, None), location)) is not None:
        left -= batch.num_rows
        if left < 0:
            break
        yield batch
    if left:
        raise unreadable(location)


def too_large(location: str) -> SourceError:
    return SourceError(
        "labels and clients take more than half of this machine's memory",
        where=location,
        fix="use fewer records, or a machine with more memory",
    )


def is_number(kind: "pa.DataType") -> bool:
    """Whether values of an Arrow type are numbers, or true and false."""
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def is_list(kind: "pa.DataType") -> bool:
    """Whether values of an Arrow type are lists of numbers."""
    import pyarrow as pa

    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_kind(kind) for is_kind in kinds) and is_number(kind.value_type)


def to_texts(column: Any, name: str, location: str) -> list[str]:
    """A column of labels or ids as texts, "" where one is missing.

    Raises:
        SourceError: the column holds neither numbers nor texts nor times.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = guarded(lambda: column.cast(column.type.value_type), location)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise SourceError(
            f"the column {name!r} holds {kind}, not integers or strings",
            where=location,
            fix="store integers or strings, or name another column",
        )
    # Strings that are not UTF-8 fail here, which the format does not rule out.
    texts: list[str] = guarded(
        lambda: pc.fill_null(pc.cast(column, pa.string()), "").to_pylist(), location
    )
    return texts


def to_floats(column: Any, name: str, location: str) -> NDArray[np.float64]:
    """A column of numbers, NaN where one is missing.

    Raises:
        SourceError: the column holds something else.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_number(column.type):
        raise not_numbers(name, column.type, location)

    def convert() -> NDArray[np.float64]:
        values = column
        if pa.types.is_boolean(values.type):
            values = pc.cast(values, pa.uint8())
        values = pc.fill_null(pc.cast(values, pa.float64(), safe=False), np.nan)
        return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)

    return guarded(convert, location)


def not_numbers(name: str, kind: Any, location: str) -> SourceError:
    """The error for a column of values of another Arrow type."""
    return SourceError(
        f"the column {name!r} holds {kind}, not numbers",
        where=location,
        fix="name the columns that are features with --values A,B,…",
    )
