"""Reader `hf`: images in data sets of Hugging Face. Needs pyarrow.

The location is a Parquet file or several, a folder of Parquet files or one that `save_to_disk` has
written, or the name of a data set in the hub, `NAME` or `NAME/CONFIG`.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.formats.decoding import BATCH
from pe_host.privacy.readers import hub
from pe_host.privacy.readers.arrays.images import Faults
from pe_host.privacy.readers.arrays.labelled import Labelled, LabelledRecords, of_parts
from pe_host.privacy.readers.arrays.labels import PlainLabels, client_codes, plain_labels
from pe_host.privacy.readers.hf_columns import Columns, features_of, find_columns
from pe_host.privacy.readers.hf_files import Files, find_files
from pe_host.privacy.readers.hf_tables import PICTURES, TableFile
from pe_host.privacy.readers.parquet_file import too_large
from pe_host.privacy.readers.picture_decoding import (
    TAKEN,
    Content,
    decode_records,
    find_preparation,
    output_of,
)
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl
from pe_sdk.pictures import PictureError, Preparation

if TYPE_CHECKING:
    import pyarrow as pa

TAKES = ("images", "labels", "client", "split", "labels_from", "public_classes", *TAKEN)

LIKE = "the first images"

_EMBED = "save the data set again with its pictures in it, as save_to_disk and push_to_hub do"


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names.

    The schema, the largest label and the headers of the first pictures count as public.

    Raises:
        SourceError: there is no such data set, a file is missing or damaged, or an option is
            needed.
    """
    source = _Source(location, options)
    preparation = source.preparation()
    return source.labelled(preparation).describe()


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record. A picture that cannot be decoded, or a missing label, is a fault of its row.

    Raises:
        SourceError: see `describe`.
    """
    source = _Source(location, options)
    preparation = Preparation.of(options, output.shape, LIKE)
    return source.labelled(preparation).read(output, label_names)


class _Source:
    """A data set whose files and columns are found."""

    def __init__(self, location: str, options: SourceOptions) -> None:
        self._location = location
        self._files = _find(location, options)
        first, *others = self._files.tables
        schema = first.schema()
        features = features_of(schema.metadata) or self._files.features
        self._columns = find_columns(schema, features, options, location)
        for table in others:
            _check_same(table, schema, self._columns)
        self._options = replace(
            options,
            images=self._columns.images,
            labels=self._columns.labels or "none",
            split=self._files.split if len(self._files.parts) > 1 else options.split,
        )

    def preparation(self) -> Preparation:
        """How pictures are brought to records, by the options and the first of them."""
        places: list[tuple[TableFile, int, str]] = []

        def contents() -> Iterator[Content]:
            for table, row, name, content in self._pictures():
                places.append((table, row, name))
                yield content

        return find_preparation(
            contents(),
            self._options,
            self._location,
            lambda number, error: _fault(*places[number], error),
            LIKE,
        )

    def labelled(self, preparation: Preparation) -> Labelled:
        """The records, with their labels and clients."""
        columns, files = self._columns, self._files
        labels = self._values(columns.labels) if columns.labels else None
        clients = None
        if columns.clients:
            plain = self._values(columns.clients)
            rows = len(plain.values)
            codes = client_codes(plain.values, columns.clients, rows, self._location)
            clients = replace(codes, faults={**plain.faults, **codes.faults})
        known = labels or clients
        count = len(known.values) if known else sum(table.count() for table in files.tables)

        def table(
            places: NDArray[np.int64], of_clients: NDArray[np.int64] | None, faults: Faults
        ) -> Table:
            data = new_records(count, preparation.shape, np.uint8, self._location)
            of_pictures = self._decode(preparation, data)
            return Table(data, places, of_clients, faults={**faults, **of_pictures})

        said = f"with {columns.labels}" if columns.labels else "without labels"
        layout = f"{files.what}: {columns.images} {said}"
        return Labelled(
            where=self._location,
            layout=layout + of_parts(files.parts, files.split, files.shown),
            records=LabelledRecords(
                output_of(preparation), count, preparation.sentences(), False, table
            ),
            labels=labels,
            own_names=columns.names,
            names_in=f"the names of {columns.labels} in the data set",
            clients=clients,
            clients_in=f"the column {columns.clients}" if columns.clients else "",
            passed_over=(*(f"column {name}" for name in columns.unread), *files.left_out),
            options=self._options,
        )

    def _values(self, column: str) -> PlainLabels:
        """A column of labels or clients, of all files."""
        found: list[PlainLabels] = []
        rows = 0
        for table in self._files.tables:
            for piece in table.batches(column):
                found.append(_plain(piece, column, str(table.path), rows))
                rows += len(piece)
                if rows > most_bytes() >> 6:  # a label is an integer or a text
                    raise too_large(self._location)
        faults = {row: what for plain in found for row, what in plain.faults.items()}
        values = [plain.values for plain in found] or [np.zeros(0, np.int64)]
        return PlainLabels(np.concatenate(values), faults)

    def _pictures(self) -> Iterator[tuple[TableFile, int, str, Content]]:
        """The file, the row in it, the name and the content of each picture, in order."""
        for table in self._files.tables:
            row = 0
            for piece in table.batches(self._columns.images, PICTURES):
                for value in piece:
                    name, content = _picture(value.as_py())
                    yield table, row, name, content
                    row += 1

    def _decode(self, preparation: Preparation, data: Any) -> dict[int, SourceError]:
        ahead: dict[int, tuple[TableFile, int, str]] = {}

        def contents() -> Iterator[tuple[int, Content]]:
            for number, (table, row, name, content) in enumerate(self._pictures()):
                ahead[number] = table, row, name
                ahead.pop(number - 4 * BATCH, None)  # decoded since long
                yield number, content

        return decode_records(
            contents(),
            preparation,
            data,
            self._location,
            lambda number, error: _fault(*ahead[number], error),
        )


def _find(location: str, options: SourceOptions) -> Files:
    place = Path(location)
    paths = [Path(part) for part in location.split(",")]
    # The path that a long list of files would be is no valid one, and only os.path bears that.
    exists = os.path.exists(place)  # noqa: PTH110
    if exists or len(paths) > 1 or all(path.is_absolute() for path in paths):
        return find_files(place, location, options)
    found = hub.find(location, options.split)
    return find_files(found.folder, location, options, found.config, found.files)


def _check_same(table: TableFile, first: "pa.Schema", columns: Columns) -> None:
    """Raise SourceError for a file whose columns differ from those of the first."""
    schema = table.schema()
    for name in filter(None, (columns.images, columns.labels, columns.clients)):
        if name not in schema.names or schema.field(name).type != first.field(name).type:
            raise SourceError(
                f"the column {name!r} is not there, or not of the type that the first file has",
                where=str(table.path),
                fix="pass files of one data set; --split chooses one of its parts",
            )


def _plain(piece: "pa.Array[Any]", column: str, where: str, start: int) -> PlainLabels:
    """Labels or clients, whose first row is `start`; a missing one is a fault of its row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = piece.type
    if pa.types.is_dictionary(kind):
        piece, kind = piece.cast(kind.value_type), kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (
        text or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    ):
        raise SourceError(
            f"the column {column!r} holds {kind}, not one integer or text a record",
            where=where,
            fix="name another column with --labels, or --labels none for one class",
        )
    missing = np.flatnonzero(np.asarray(piece.is_null()))
    if len(missing):
        piece = pc.fill_null(piece, pa.scalar("" if text else 0, kind))
    try:
        values = np.asarray(piece.to_numpy(zero_copy_only=False))
        values = values.astype(np.str_) if text else values
    except Exception:  # texts that are not UTF-8, which the format does not rule out
        raise SourceError(
            f"the column {column!r} holds texts that are not UTF-8",
            where=where,
            fix="save the data set again",
        ) from None
    plain = plain_labels(values, column, None, len(values), where)
    faults = {**plain.faults, **dict.fromkeys(missing.tolist(), "is missing")}
    return PlainLabels(plain.values, {start + row: what for row, what in faults.items()})


def _picture(value: Any) -> tuple[str, Content]:
    """The name and the content of a picture, or why it cannot be had."""
    name = ""
    if isinstance(value, dict):
        name = str(value.get("path") or "")
        value = value.get("bytes")
        if value is None and name:
            return name, PictureError("is stored as a path, and not in the file", _EMBED)
    if not isinstance(value, bytes):
        return name, PictureError("is missing", "add it, or remove the record")
    return name, value


def _fault(table: TableFile, row: int, name: str, error: PictureError) -> SourceError:
    what = f"the image in row {row} of this file {error.what}"
    return SourceError(what, where=str(table.path), fix=error.fix, name=name)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "images in Parquet, in a data set saved by Hugging Face, or in one of its hub"
    return [ReaderSpec("hf", summary, describe, read, TAKES)]
