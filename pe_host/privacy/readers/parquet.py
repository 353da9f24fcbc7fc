"""Reader `parquet`: needs pyarrow.

A file is either as `pe_host.formats.parquet` describes it, which is what `pe export --to parquet`
writes, or it holds series of another program: lists of numbers, a row a step, or a row a series
with a column a step. Labels and clients are columns of strings or integers.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.formats.parquet import CLIENT, LABEL, RECORD, columns_of, from_columns, read_about
from pe_host.modality import modality_of
from pe_host.privacy.readers.parquet_file import (
    batches,
    is_list,
    open_parquet,
    to_texts,
    too_large,
)
from pe_host.privacy.readers.series import TAKES as SERIES_TAKES
from pe_host.privacy.readers.series import parquet_tables
from pe_host.privacy.readers.series.declare import declare
from pe_host.privacy.readers.series.fit import rows_from
from pe_host.privacy.readers.series.labels import (
    TEXT_BYTES,
    client_codes,
    label_faults,
    to_positions,
)
from pe_host.privacy.stored import new_records
from pe_sdk import (
    OutputSpec,
    ReaderSpec,
    SourceError,
    SourceInfo,
    SourceOptions,
    Table,
    hookimpl,
)

if TYPE_CHECKING:
    import pyarrow.parquet as pq

TAKES = tuple(name for name in SERIES_TAKES if name != "split")

_REWRITE = "write the file again, or remove the metadata 'pe'"


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names, from schema and metadata.

    If lists have no fixed length and none is declared, the first list that is not empty sets it,
    which counts as public.

    Raises:
        SourceError: pyarrow is missing, the file is not a Parquet file, or its columns do not fit.
    """
    with open_parquet(location) as file:
        stored = _stored(file, location)
        if stored is None or modality_of(stored[0]).feature_columns:
            return parquet_tables.describe(file, options, location, stored)
        declared = declare(stored[0], options, location)
        return SourceInfo(
            declared.output,
            stored[1],
            clients=CLIENT in file.schema_arrow.names,
            public_ranges=declared.public_ranges,
            layout="Parquet, as pe export writes it",
            names_from="the metadata of the file",
            clients_from=f"column {CLIENT}",
            options=options,
        )


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record. A list of another length and a missing value are faults of their row.

    Raises:
        SourceError: see `describe`; or labels and clients take more than half of this machine's
            memory, or the disk has no room for the records.
    """
    with open_parquet(location) as file:
        stored = _stored(file, location)
        if stored is None or modality_of(stored[0]).feature_columns:
            return parquet_tables.read(file, output, label_names, options, location, stored)
        return _records(file, location, stored, output, label_names)


def _stored(file: "pq.ParquetFile", location: str) -> parquet_tables.Stored | None:
    """What the metadata say, if pe wrote the file."""
    schema = file.schema_arrow
    try:
        about = read_about(schema.metadata)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"invalid metadata 'pe': {error}", where=location, fix=_REWRITE) from None
    if about is not None and len({*schema.names}) != len(schema.names):
        raise SourceError("two columns have the same name", where=location, fix=_REWRITE)
    for name in (LABEL, *columns_of(about[0])) if about is not None else ():
        if name not in schema.names:
            raise SourceError(f"the column {name!r} is missing", where=location, fix=_REWRITE)
        if name != LABEL and not is_list(schema.field(name).type):
            raise SourceError(
                f"the column {name!r} does not hold lists of numbers",
                where=location,
                fix=_REWRITE,
            )
    return about


def _records(
    file: "pq.ParquetFile",
    location: str,
    stored: parquet_tables.Stored,
    output: OutputSpec,
    label_names: tuple[str, ...],
) -> Table:
    """Records of a kind that has no features: one list of values in each row."""
    if (stored[0].kind, stored[0].shape) != (output.kind, output.shape):
        what = f"records have the shape {stored[0].shape}, expected {output.shape}"
        raise SourceError(what, where=location, fix="convert the lists to the planned length")
    length = math.prod(output.shape)
    data = new_records(file.metadata.num_rows, output.shape, output.dtype, location)
    with_clients = CLIENT in file.schema_arrow.names
    names = [RECORD, LABEL, *([CLIENT] if with_clients else [])]
    labels, clients, faults = list[str](), list[str](), dict[int, SourceError]()
    start, size, most = 0, 0, most_bytes()
    for batch in batches(file, location, names, values=length):
        stop = start + batch.num_rows
        matrix = _matrix(batch.column(RECORD), start, length, location, faults)
        data[start:stop] = from_columns(output, [matrix])
        labels += to_texts(batch.column(LABEL), LABEL, location)
        if with_clients:
            clients += to_texts(batch.column(CLIENT), CLIENT, location)
        size += TEXT_BYTES * batch.num_rows
        if size > most:
            raise too_large(location)
        start = stop
    positions = to_positions(labels, label_names, SourceOptions(), named=True)
    for row, fault in label_faults(labels, positions, rows_from(0), location).items():
        faults.setdefault(row, fault)
    codes = None
    if with_clients:
        codes, missing = client_codes(clients, rows_from(0), location)
        for row, fault in missing.items():
            faults.setdefault(row, fault)
    return Table(data, positions, codes, faults=faults)


def _matrix(
    column: Any, start: int, length: int, location: str, faults: dict[int, SourceError]
) -> NDArray[Any]:
    """Lists of one length, as [n, length]; rows that are not without missing values get a fault.

    The first row of the column is `start`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    fits = np.asarray(pc.fill_null(pc.list_value_length(column), -1)) == length
    what = f"the list in row {{}} does not have {length} values"
    _add_faults(faults, start + np.flatnonzero(~fits), what, location)
    values = pc.list_flatten(column if fits.all() else column.filter(pa.array(fits)))
    missing = np.asarray(values.is_null()).reshape(-1, length).any(axis=1)
    what = "a value in row {} is missing"
    _add_faults(faults, start + np.flatnonzero(fits)[missing], what, location)
    if missing.any():
        values = pc.fill_null(values, pa.scalar(0, column.type.value_type))
    found = np.asarray(values).reshape(-1, length)
    matrix = np.zeros((len(column), length), found.dtype)
    matrix[fits] = found
    return matrix


def _add_faults(
    faults: dict[int, SourceError], rows: NDArray[np.int64], what: str, location: str
) -> None:
    """Add a fault for each of the rows that has none yet; `what` has {} for the row."""
    for row in rows.tolist():
        error = SourceError(
            what.format(row), where=location, fix="fill it in, or remove the record"
        )
        faults.setdefault(row, error)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "Parquet file of series, in lists or with a row a step, or as pe export writes it"
    return [ReaderSpec("parquet", summary, describe, read, TAKES)]
