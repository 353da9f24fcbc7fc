"""Series in Parquet files: as lists, with a row a step, or with a row a series."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.formats.parquet import LABEL, columns_of
from pe_host.privacy.readers.classes import Classes
from pe_host.privacy.readers.parquet_file import (
    batches,
    guarded,
    is_list,
    is_number,
    read_table,
    to_floats,
    to_texts,
)
from pe_host.privacy.readers.series.cells import label_of, read_cells, to_label, to_time
from pe_host.privacy.readers.series.declare import Declared, declare, make_output
from pe_host.privacy.readers.series.fit import Ragged, describe_fit, steps, too_large
from pe_host.privacy.readers.series.labels import classes_of, one_class
from pe_host.privacy.readers.series.layout import Layout, find_layout, find_lists
from pe_host.privacy.readers.series.long import Block, describe_long, read_long
from pe_host.privacy.readers.series.rows import assemble, check_planned
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

if TYPE_CHECKING:
    import pyarrow.parquet as pq

Stored = tuple[OutputSpec, tuple[str, ...]]
"""What the metadata of a file that pe wrote say: the spec, and the class names."""


def describe(
    file: "pq.ParquetFile", options: SourceOptions, where: str, stored: Stored | None
) -> SourceInfo:
    """Spec of a record and class names, from the schema, distinct labels and perhaps one series.

    Args:
        file: the open file.
        options: how it is read.
        where: the file, for errors.
        stored: what its metadata say, if pe wrote it.

    Raises:
        SourceError: the columns are not those of series, or names of classes are private.
    """
    layout = _layout(file, options, where, stored)
    if layout.long:
        return describe_long(_LongParquet(file, layout, layout.fill_in(options), where))
    form = _Rows(file, layout, options, where, stored)
    return form.describe()


def read(
    file: "pq.ParquetFile",
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions,
    where: str,
    stored: Stored | None,
) -> Table:
    """Read every series; what is wrong with one is a fault of its record.

    Raises:
        SourceError: see `describe`; or the table takes more than half of this machine's memory.
    """
    layout = _layout(file, options, where, stored)
    if layout.long:
        return read_long(_LongParquet(file, layout, options, where), output, label_names)
    return _Rows(file, layout, options, where, stored).read(output, label_names)


def _layout(
    file: "pq.ParquetFile", options: SourceOptions, where: str, stored: Stored | None
) -> Layout:
    schema = file.schema_arrow
    lists = [field.name for field in schema if is_list(field.type)]
    if stored is not None:
        options = replace(options, labels=LABEL, values=columns_of(stored[0]))
        return find_lists(schema.names, lists, options, where)
    stepwise = options.id or options.time
    if lists and not stepwise and (not options.values or set(lists) & set(options.values)):
        return find_lists(schema.names, lists, options, where)
    numeric = {field.name for field in schema if is_number(field.type)}
    return find_layout(schema.names, options, where, numeric)


@dataclass(frozen=True)
class _LongParquet:
    """A file with a row for each step; see `long.LongTable`."""

    file: "pq.ParquetFile"
    layout: Layout
    options: SourceOptions
    where: str
    row: str = "row"
    title: str = "Parquet"
    notes: tuple[str, ...] = ()

    def blocks(self, values: bool = True) -> Iterator[Block]:
        layout, where, start = self.layout, self.where, 0
        needed = layout.needed() if values else (layout.id, layout.client, layout.label)
        columns = list(dict.fromkeys(filter(None, needed)))
        for batch in batches(self.file, where, columns):
            rows = batch.num_rows
            ids = to_texts(batch.column(layout.id), layout.id, where)
            clients = labels = times = None
            if layout.client == layout.id:
                clients = ids
            elif layout.client:
                clients = to_texts(batch.column(layout.client), layout.client, where)
            if layout.label:
                texts = to_texts(batch.column(layout.label), layout.label, where)
                labels = read_cells(texts, label_of)
            table = np.zeros((rows, len(layout.values)), np.float32)
            if values:
                if layout.time:
                    times = _times(batch.column(layout.time), layout.time, where)
                with np.errstate(over="ignore"):  # too large a value becomes infinite
                    for i, (name,) in enumerate(layout.values):
                        table[:, i] = to_floats(batch.column(name), name, where)
            good = np.zeros(rows, np.bool_)
            numbers = np.arange(start, start + rows)
            yield Block(numbers, good, ids, clients, labels, times, table, good)
            start += rows


@dataclass(frozen=True)
class _Rows:
    """A file with a row for each series, in lists or in numbered columns."""

    file: "pq.ParquetFile"
    layout: Layout
    options: SourceOptions
    where: str
    stored: Stored | None

    def describe(self) -> SourceInfo:
        layout, options, where = self.layout, self.options, self.where
        length, first = layout.steps, False
        if self.stored is not None:
            length = self.stored[0].shape[0]
        elif layout.lists:
            length, first = self._length()
        declared = self._declared(options.length or length)
        if options.length not in (None, length) and not (options.fit or first):
            raise SourceError(
                f"each row has {length} steps, not {options.length}",
                where=where,
                fix="leave out --length, or add --fit crop, pad or stretch",
            )
        classes = self._classes()
        said = (
            ()
            if options.length or not first
            else (f"{steps(length)}: those of the first series, which count as public",)
        )
        values = [columns[0] for columns in layout.values]
        kind = (
            f"lists in the columns {', '.join(values)}"
            if layout.lists
            else f"{layout.steps} steps in the columns {values[0]} … {layout.values[0][-1]}"
        )
        return SourceInfo(
            declared.output,
            classes.names,
            clients=bool(layout.client),
            public_ranges=declared.public_ranges,
            layout=f"Parquet, a row a series: {kind}",
            names_from=classes.origin,
            clients_from=f"column {layout.client}" if layout.client else "",
            preparation=(*said, *describe_fit(declared.output.shape[0], options)),
            passed_over=tuple(f"column {name!r}" for name in layout.passed_over),
            counted=classes.counted,
            options=classes.options,
        )

    def read(self, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
        layout, where = self.layout, self.where
        check_planned(layout.features, output, where)
        table = read_table(self.file, where, list(dict.fromkeys(layout.needed())))
        faults: dict[int, SourceError] = {}
        values, lengths = self._lists(table, faults) if layout.lists else self._wide(table)
        labels = clients = None
        if layout.label:
            labels = self._labels(table.column(layout.label))
        if layout.client:
            clients = to_texts(table.column(layout.client), layout.client, where)
        return assemble(
            Ragged(values, lengths, lambda i: f"row {i}", faults),
            labels,
            clients,
            output,
            label_names,
            self.options,
            where,
            named=self.stored is not None,
        )

    def _labels(self, column: Any) -> list[str]:
        """The labels as texts. Integers of a file that pe wrote are positions in its names."""
        texts = to_texts(column, self.layout.label, self.where)
        if self.stored is None:
            return read_cells(texts, label_of)
        if not is_number(column.type):
            return [to_label(text) for text in texts]
        names = dict(zip(map(str, range(len(self.stored[1]))), self.stored[1], strict=True))
        return [names.get(text, "") for text in texts]

    def _declared(self, length: int) -> Declared:
        if self.stored is not None:
            spec = self.stored[0]
            output = replace(spec, shape=(length, spec.shape[1]))
            return declare(output, self.options, self.where)
        return make_output(length, self.layout.features, self.options, self.where)

    def _classes(self) -> Classes:
        layout, options, where = self.layout, self.options, self.where
        if self.stored is not None:
            return Classes(self.stored[1], "the metadata of the file", False, options)
        if not layout.label:
            return one_class(options, where)
        found: set[str] = set()
        for batch in batches(self.file, where, [layout.label]):
            texts = to_texts(batch.column(layout.label), layout.label, where)
            found.update(map(label_of, set(texts)))
        return classes_of(found - {""}, options, where)

    def _length(self) -> tuple[int, bool]:
        """The length of lists, and whether it is that of the first one."""
        import pyarrow as pa

        schema = self.file.schema_arrow
        names = [columns[0] for columns in self.layout.values]
        fixed = {
            schema.field(name).type.list_size
            for name in names
            if pa.types.is_fixed_size_list(schema.field(name).type)
        }
        if fixed:
            return max(fixed), False
        if self.options.length:
            return self.options.length, True
        for batch in batches(self.file, self.where, names):
            for rows in zip(*(batch.column(name) for name in names), strict=True):
                if all(value.is_valid and len(value) for value in rows):
                    return len(rows[0]), True
        raise SourceError(
            f"there is no list in the column {names[0]!r}",
            where=self.where,
            fix="use a file with records",
        )

    def _wide(self, table: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        layout, rows = self.layout, table.num_rows
        if 8 * rows * layout.steps * len(layout.values) > most_bytes():
            raise too_large(self.where)
        data = np.zeros((rows, layout.steps, len(layout.values)), np.float32)
        with np.errstate(over="ignore"):  # too large a value becomes infinite
            for i, columns in enumerate(layout.values):
                for step, name in enumerate(columns):
                    data[:, step, i] = to_floats(table.column(name), name, self.where)
        return data.reshape(-1, len(layout.values)), np.full(rows, layout.steps, np.int64)

    def _lists(
        self, table: Any, faults: dict[int, SourceError]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The lists one after the other. Rows whose lists differ in length have a fault."""
        import pyarrow.compute as pc

        names = [columns[0] for columns in self.layout.values]
        columns = [table.column(name).combine_chunks() for name in names]
        lengths = np.stack(
            [
                np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
                for column in columns
            ]
        )
        same = (lengths == lengths[0]).all(axis=0)
        fix = "store one list of the same length for each feature"
        for row in np.flatnonzero(~same).tolist():
            what = f"row {row} has features of different lengths"
            faults[row] = SourceError(what, where=self.where, fix=fix)
        kept = np.where(same, lengths[0], 0)
        values = np.zeros((int(kept.sum()), len(names)), np.float32)
        with np.errstate(over="ignore"):  # too large a value becomes infinite
            for i, (name, column) in enumerate(zip(names, columns, strict=True)):
                flat = to_floats(_flatten(column, self.where), name, self.where)
                values[:, i] = flat[np.repeat(same, lengths[i])]
        return values, kept


def _flatten(column: Any, where: str) -> Any:
    """The values of a column of lists, without those that stand behind missing lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = guarded(lambda: [pc.list_flatten(chunk) for chunk in chunks], where)
    return pa.chunked_array(parts, column.type.value_type)


def _times(column: Any, name: str, where: str) -> NDArray[np.float64]:
    """Times as numbers: seconds since 1970 if they are dates."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        unit = pa.timestamp("ns" if getattr(kind, "unit", "") == "ns" else "us")
        scale = 1e-9 if unit.unit == "ns" else 1e-6
        column = guarded(lambda: pc.cast(pc.cast(column, unit), pa.int64()), where)
        return to_floats(column, name, where) * scale
    if is_number(kind):
        return to_floats(column, name, where)
    return np.array(read_cells(to_texts(column, name, where), to_time), np.float64)
