"""Reader `parquet`: one row per record. Needs pyarrow.

A file is either as `pe_host.formats.parquet` describes it, which is what `pe export --to parquet`
writes, or comes from another program. In that case it has a column `label` and optionally `client`,
both of strings or integers. All other columns are lists of numbers of one length: the features of a
series, in order.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.parquet import (
    CLIENT,
    INSTALL,
    LABEL,
    MISSING,
    columns_of,
    from_columns,
    read_about,
)
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_REWRITE = "write the file again, or remove the metadata 'pe'"


def describe(location: str) -> SourceInfo:
    """Spec of a record and class names, from schema and metadata.

    If lists have no fixed length, the first row sets it, and it counts as public.

    Raises:
        SourceError: pyarrow is missing, the file is not a Parquet file, or its columns do not fit.
    """
    with _open(location) as file:
        return _described(file, location)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record.

    Raises:
        SourceError: see `describe`; or a list has another length or a value is missing. Names the
            row.
    """
    with _open(location) as file:
        info = _described(file, location)
        if (info.output.kind, info.output.shape) != (output.kind, output.shape):
            what = f"records have the shape {info.output.shape}, expected {output.shape}"
            raise SourceError(what, where=location, fix="convert the lists to the planned length")
        table = _guarded(file.read, location)
    length = int(np.prod(output.shape)) // len(columns_of(info.output))
    columns = [
        _matrix(table.column(name), length, name, location) for name in columns_of(info.output)
    ]
    labels = _labels(table.column(LABEL), info.label_names, label_names, location)
    clients = _codes(table.column(CLIENT), CLIENT, location) if info.clients else None
    return Table(from_columns(output, columns), labels, clients)


def _open(location: str) -> "pq.ParquetFile":
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise SourceError(MISSING, where=location, fix=INSTALL) from None
    if not Path(location).is_file():
        raise SourceError(
            "there is no such file", where=location, fix="pass --data the path of a Parquet file"
        )
    file: pq.ParquetFile = _guarded(lambda: pq.ParquetFile(location), location)
    return file


def _guarded(call: Any, location: str) -> Any:
    """The result of a pyarrow call. Its error messages are withheld: they may quote a value."""
    with suppress(Exception):
        return call()
    fix = "check the path and its permissions, and that other programs can read the file"
    raise SourceError("this file cannot be read as Parquet", where=location, fix=fix)


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
    first = _guarded(lambda: next(file.iter_batches(1, columns=[field.name]), None), location)
    if first is None or len(first) == 0 or not first.column(0)[0].is_valid:
        raise SourceError(
            "the first record is missing", where=location, fix="use a file with records"
        )
    return len(first.column(0)[0])


def _numbers(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _matrix(column: "pa.ChunkedArray[Any]", length: int, name: str, location: str) -> NDArray[Any]:
    """Lists of one length and without missing values, as [n, length]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = (
        pc.list_value_length(column).combine_chunks() if len(column) else pa.array([], pa.int32())
    )
    wrong = np.asarray(pc.fill_null(lengths, -1)) != length
    if wrong.any():
        what = f"the list in row {int(wrong.argmax())} of {name!r} does not have {length} values"
        raise SourceError(what, where=location, fix="convert all series to one length")
    values = pa.chunked_array(
        [pc.list_flatten(chunk) for chunk in column.chunks], column.type.value_type
    )
    missing = np.asarray(values.is_null())
    if missing.any():
        what = f"a value in row {int(missing.argmax()) // length} of {name!r} is missing"
        raise SourceError(what, where=location, fix="fill it in, or remove the record")
    return np.asarray(values.to_numpy()).reshape(len(column), length)


def _labels(
    column: "pa.ChunkedArray[Any]", own: tuple[str, ...], wanted: tuple[str, ...], location: str
) -> NDArray[np.int64]:
    """Positions in `wanted`.

    Strings are names. Integers are positions in the file's own names, or in `wanted` if it has
    none. Names that are not in `wanted` become -1, which the data set refuses.
    """
    values = _plain(column, LABEL, location)
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


def _codes(column: "pa.ChunkedArray[Any]", name: str, location: str) -> NDArray[np.int64]:
    values = _plain(column, name, location)
    return (
        values.astype(np.int64)
        if values.dtype.kind in "iu"
        else np.unique(values, return_inverse=True)[1]
    )


def _plain(column: "pa.ChunkedArray[Any]", name: str, location: str) -> NDArray[Any]:
    """The column as integers, or as an array of str; no value is missing."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise SourceError(
            f"the column {name!r} holds {kind}, not integers or strings",
            where=location,
            fix="store integers or strings",
        )
    missing = np.asarray(column.is_null())
    if missing.any():
        what = f"{name} in row {int(missing.argmax())} is missing"
        raise SourceError(what, where=location, fix="fill it in, or remove the record")
    values: NDArray[Any] = column.to_numpy()
    return values if pa.types.is_integer(kind) else values.astype(np.str_)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "Parquet file with label, optional client and one list column per feature of a series"
    return [ReaderSpec("parquet", summary, describe, read)]
