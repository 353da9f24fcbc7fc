"""Reader `parquet`: one row per record. Needs pyarrow.

A file is either as `pe_host.formats.parquet` describes it, which is what `pe export --to parquet`
writes, or comes from another program. In that case it has a column `label` and optionally `client`,
both of strings or integers. All other columns are lists of numbers of one length: the features of a
series, in order.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import NotAFile, most_bytes, open_regular
from pe_host.formats.parquet import (
    CLIENT,
    INSTALL,
    LABEL,
    MISSING,
    columns_of,
    from_columns,
    read_about,
)
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, ReaderSpec, Records, SourceError, SourceInfo, Table, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROWS = 1 << 14
_ROW_BYTES = 1 << 24
"""Most rows in a batch that is read, and most bytes of their values, if these have 64 bits."""

_BUFFER = 1 << 20
"""Bytes that are read at once of a column, which can be as large as the file."""

_FILL = "fill it in, or remove the record"
_REWRITE = "write the file again, or remove the metadata 'pe'"


def describe(location: str) -> SourceInfo:
    """Spec of a record and class names, from schema and metadata.

    If lists have no fixed length, the first list that is not empty sets it, which counts as public.

    Raises:
        SourceError: pyarrow is missing, the file is not a Parquet file, or its columns do not fit.
    """
    with _open(location) as file:
        return _described(file, location)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record. A list of another length and a missing value are faults of their row.

    Raises:
        SourceError: see `describe`; or labels and clients take more than half of this machine's
            memory, or the disk has no room for the records.
    """
    with _open(location) as file:
        info = _described(file, location)
        if (info.output.kind, info.output.shape) != (output.kind, output.shape):
            what = f"records have the shape {info.output.shape}, expected {output.shape}"
            raise SourceError(what, where=location, fix="convert the lists to the planned length")
        faults: dict[int, SourceError] = {}
        data, others = _records(file, info.output, output, location, faults)
    labels = _labels(others.column(LABEL), info.label_names, label_names, location, faults)
    clients = _codes(others.column(CLIENT), CLIENT, location, faults) if info.clients else None
    return Table(data, labels, clients, faults=faults)


@contextmanager
def _open(location: str) -> Iterator["pq.ParquetFile"]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise SourceError(MISSING, where=location, fix=INSTALL) from None
    fix = "pass --data the path of a Parquet file"
    try:
        content = open_regular(location)
    except FileNotFoundError:
        raise SourceError("there is no such file", where=location, fix=fix) from None
    except NotAFile as error:
        raise SourceError(f"this is {error}", where=location, fix=fix) from None
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
        raise SourceError(what, where=location, fix="fix its permissions") from None
    with content, _guarded(lambda: pq.ParquetFile(content, buffer_size=_BUFFER), location) as file:
        yield file


def _records(
    file: "pq.ParquetFile",
    found: OutputSpec,
    output: OutputSpec,
    location: str,
    faults: dict[int, SourceError],
) -> tuple[Records, "pa.Table"]:
    """The records, and the columns of labels and clients, read in batches.

    A few bytes of a file can stand for any number of rows.
    """
    import pyarrow as pa

    names, count = columns_of(found), file.metadata.num_rows
    data = new_records(count, output.shape, output.dtype, location)
    small = [name for name in (LABEL, CLIENT) if name in file.schema_arrow.names]
    parts: list[Any] = []
    length = math.prod(output.shape) // len(names)
    start, size, most = 0, 0, most_bytes()
    for batch in _batches(file, location, _ROW_BYTES // (8 * math.prod(output.shape))):
        stop = start + len(batch)
        parts.append(batch.select(small))
        size += parts[-1].nbytes
        if size > most or stop > count:
            raise _too_large(location)
        matrices = [
            _matrix(batch.column(name), start, length, name, location, faults) for name in names
        ]
        data[start:stop] = from_columns(output, matrices)
        start = stop
    if start != count:
        raise _unreadable(location)
    fields = pa.schema([file.schema_arrow.field(name) for name in small])
    return data, pa.Table.from_batches(parts, fields)


def _batches(
    file: "pq.ParquetFile", location: str, rows: int, columns: list[str] | None = None
) -> Iterator["pa.RecordBatch"]:
    rows = min(max(1, rows), _ROWS)
    reading = _guarded(lambda: file.iter_batches(rows, columns=columns), location)
    while (batch := _guarded(lambda: next(reading, None), location)) is not None:
        yield batch


def _too_large(location: str) -> SourceError:
    return SourceError(
        "labels and clients take more than half of this machine's memory",
        where=location,
        fix="use fewer records, or a machine with more memory",
    )


def _unreadable(location: str) -> SourceError:
    fix = "check the path and its permissions, and that other programs can read the file"
    return SourceError("this file cannot be read as Parquet", where=location, fix=fix)


def _guarded(call: Any, location: str) -> Any:
    """The result of a pyarrow call. Its error messages are withheld: they may quote a value."""
    with suppress(Exception):
        return call()
    raise _unreadable(location)


def _described(file: "pq.ParquetFile", location: str) -> SourceInfo:
    schema = file.schema_arrow
    if LABEL not in schema.names:
        raise SourceError(
            f"the column {LABEL!r} is missing", where=location, fix="store a label per record"
        )
    if len(set(schema.names)) != len(schema.names):
        raise SourceError("two columns have the same name", where=location, fix="rename one")
    clients = CLIENT in schema.names
    try:
        about = read_about(schema.metadata)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"invalid metadata 'pe': {error}", where=location, fix=_REWRITE) from None
    if about is not None:
        output, names = about
        lost = [name for name in columns_of(output) if name not in schema.names]
        if lost:
            raise SourceError(f"the column {lost[0]!r} is missing", where=location, fix=_REWRITE)
        for name in columns_of(output):
            _check_lists(schema.field(name), location)
        return SourceInfo(output, names, clients=clients)
    features = [field for field in schema if field.name not in (LABEL, CLIENT)]
    if not features:
        raise SourceError(
            "there are no list columns", where=location, fix="store one list column per feature"
        )
    lengths = {_length(file, field, location) for field in features}
    if len(lengths) > 1:
        raise SourceError(
            "the list columns differ in length", where=location, fix="store T steps of each feature"
        )
    try:
        return SourceInfo(
            OutputSpec.series(lengths.pop(), [field.name for field in features]),
            (),
            clients=clients,
        )
    except ValueError as error:
        raise SourceError(
            f"the columns are not valid series: {error}", where=location, fix="fix the columns"
        ) from None


def _check_lists(field: "pa.Field[Any]", location: str) -> None:
    import pyarrow as pa

    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(is_kind(field.type) for is_kind in kinds) or not _numbers(field.type.value_type):
        what = f"the column {field.name!r} holds {field.type}, not lists of numbers"
        raise SourceError(
            what, where=location, fix="drop it, or store a list of T numbers in each row"
        )


def _length(file: "pq.ParquetFile", field: "pa.Field[Any]", location: str) -> int:
    import pyarrow as pa

    _check_lists(field, location)
    if pa.types.is_fixed_size_list(field.type):
        return int(field.type.list_size)
    for batch in _batches(file, location, _ROWS, [field.name]):
        for value in batch.column(0):
            if value.is_valid and len(value):
                return len(value)
    raise SourceError(
        f"there is no list in the column {field.name!r}",
        where=location,
        fix="use a file with records",
    )


def _numbers(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _matrix(
    column: "pa.Array[Any]",
    start: int,
    length: int,
    name: str,
    location: str,
    faults: dict[int, SourceError],
) -> NDArray[Any]:
    """Lists of one length, as [n, length]; rows that are not without missing values get a fault.

    The first row of the column is `start`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column)
    fits = np.asarray(pc.fill_null(lengths, -1)) == length
    what = f"the list in row {{}} of {name!r} does not have {length} values"
    fix = "convert all series to one length"
    _add_faults(faults, start + np.flatnonzero(~fits), what, location, fix)
    values = pc.list_flatten(column if fits.all() else column.filter(pa.array(fits)))
    missing = np.asarray(values.is_null()).reshape(-1, length).any(axis=1)
    what = f"a value in row {{}} of {name!r} is missing"
    _add_faults(faults, start + np.flatnonzero(fits)[missing], what, location, _FILL)
    if missing.any():
        values = pc.fill_null(values, pa.scalar(0, column.type.value_type))
    found = np.asarray(values).reshape(-1, length)
    matrix = np.zeros((len(column), length), found.dtype)
    matrix[fits] = found
    return matrix


def _add_faults(
    faults: dict[int, SourceError], rows: NDArray[np.int64], what: str, location: str, fix: str
) -> None:
    """Add a fault for each of the rows that has none yet; `what` has {} for the row."""
    for row in rows.tolist():
        faults.setdefault(row, SourceError(what.format(row), where=location, fix=fix))


def _labels(
    column: "pa.ChunkedArray[Any]",
    own: tuple[str, ...],
    wanted: tuple[str, ...],
    location: str,
    faults: dict[int, SourceError],
) -> NDArray[np.int64]:
    """Positions in `wanted`.

    Strings are names. Integers are positions in the file's own names, or in `wanted` if it has
    none. Names that are not in `wanted` become -1, which the data set refuses.
    """
    values = _plain(column, LABEL, location, faults)
    if values.dtype.kind in "iu":
        if own and own != wanted:
            raise SourceError(
                "labels are integers, but the classes are not those of the file",
                where=location,
                fix="store labels as strings, or leave out --classes",
            )
        return values.astype(np.int64)
    places = {name: i for i, name in enumerate(wanted)}
    return np.array([places.get(name, -1) for name in values], dtype=np.int64)


def _codes(
    column: "pa.ChunkedArray[Any]", name: str, location: str, faults: dict[int, SourceError]
) -> NDArray[np.int64]:
    values = _plain(column, name, location, faults)
    return (
        values.astype(np.int64)
        if values.dtype.kind in "iu"
        else np.unique(values, return_inverse=True)[1]
    )


def _plain(
    column: "pa.ChunkedArray[Any]", name: str, location: str, faults: dict[int, SourceError]
) -> NDArray[Any]:
    """The column as integers, or as an array of str; a missing value is a fault of its row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = _guarded(lambda: column.cast(column.type.value_type), location)
    kind = column.type
    if not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise SourceError(
            f"the column {name!r} holds {kind}, not integers or strings",
            where=location,
            fix="store integers or strings",
        )
    missing = np.flatnonzero(np.asarray(column.is_null()))
    _add_faults(faults, missing, f"{name} in row {{}} is missing", location, _FILL)
    if len(missing):
        column = pc.fill_null(column, pa.scalar(0 if pa.types.is_integer(kind) else "", kind))
    # to_numpy fails on strings that are not UTF-8, which the format does not rule out.
    values: NDArray[Any] = _guarded(column.to_numpy, location)
    return values if pa.types.is_integer(kind) else values.astype(np.str_)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "Parquet file with label, optional client and one list column per feature of a series"
    return [ReaderSpec("parquet", summary, describe, read)]
