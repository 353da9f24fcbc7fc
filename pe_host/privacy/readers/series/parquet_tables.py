"""Series in Parquet files: as lists, with a row a step, or with a row a series."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.formats.parquet import LABEL, columns_of
from pe_host.privacy.readers.cells import label_of, read_cells, to_time
from pe_host.privacy.readers.classes import Classes
from pe_host.privacy.readers.clients import client_of
from pe_host.privacy.readers.parquet_file import (
    batches,
    guarded,
    is_list,
    is_number,
    not_numbers,
    to_floats,
    to_texts,
    too_large,
)
from pe_host.privacy.readers.series.declare import Declared, declare, make_output
from pe_host.privacy.readers.series.fit import Fitter, Ragged, describe_fit, rows_from, steps
from pe_host.privacy.readers.series.labels import TEXT_BYTES, classes_of, one_class
from pe_host.privacy.readers.series.layout import Layout, find_layout, find_lists
from pe_host.privacy.readers.series.long import Block, describe_long, read_long
from pe_host.privacy.readers.series.rows import check_planned, join
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
    layout = find_layout(schema.names, options, where, numeric)
    for name in (name for columns in layout.values for name in columns):
        if name not in numeric:
            raise not_numbers(name, schema.field(name).type, where)
    return layout


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
            ids = read_cells(to_texts(batch.column(layout.id), layout.id, where), client_of)
            clients = labels = times = None
            if layout.client == layout.id:
                clients = ids
            elif layout.client:
                texts = to_texts(batch.column(layout.client), layout.client, where)
                clients = read_cells(texts, client_of)
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
            numbers, odd = np.arange(start, start + rows), np.zeros(rows, np.bool_)
            yield Block(numbers, ids, clients, labels, times, table, odd)
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
        count, start, size, most = self.file.metadata.num_rows, 0, 0, most_bytes()
        fitter = Fitter(count, output, self.options, where)
        labels, clients = list[str](), list[str]()
        columns = list(dict.fromkeys(layout.needed()))
        for batch in batches(self.file, where, columns, values=math.prod(output.shape)):
            faults: dict[int, SourceError] = {}
            place = rows_from(start)
            found = self._lists(batch, place, faults) if layout.lists else self._wide(batch)
            fitter.add(Ragged(*found, place, faults))
            if layout.label:
                labels += self._labels(batch.column(layout.label))
            if layout.client:
                clients += to_texts(batch.column(layout.client), layout.client, where)
            size += TEXT_BYTES * batch.num_rows
            if size > most:
                raise too_large(where)
            start += batch.num_rows
        return join(
            fitter.finish(),
            rows_from(0),
            labels if layout.label else None,
            clients if layout.client else None,
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
            return texts
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

    def _wide(self, batch: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        layout, rows = self.layout, batch.num_rows
        data = np.zeros((rows, layout.steps, len(layout.values)), np.float32)
        with np.errstate(over="ignore"):  # too large a value becomes infinite
            for i, columns in enumerate(layout.values):
                for step, name in enumerate(columns):
                    data[:, step, i] = to_floats(batch.column(name), name, self.where)
        return data.reshape(-1, len(layout.values)), np.full(rows, layout.steps, np.int64)

    def _lists(
        self, batch: Any, place: Callable[[int], str], faults: dict[int, SourceError]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The lists one after the other. Rows whose lists differ in length have a fault."""
        import pyarrow.compute as pc

        where, names = self.where, [columns[0] for columns in self.layout.values]
        lists = [batch.column(name) for name in names]
        counts = [pc.fill_null(pc.list_value_length(column), 0) for column in lists]
        lengths = np.stack([np.asarray(count).astype(np.int64) for count in counts])
        same = (lengths == lengths[0]).all(axis=0)
        for row in np.flatnonzero(~same).tolist():
            faults[row] = SourceError(
                f"{place(row)} has features of different lengths",
                where=where,
                fix="store a list of one length for each feature; --bad-records drop leaves such "
                "rows out",
            )
        kept = np.where(same, lengths[0], 0)
        values = np.zeros((int(kept.sum()), len(names)), np.float32)
        with np.errstate(over="ignore"):  # too large a value becomes infinite
            for i, (name, column) in enumerate(zip(names, lists, strict=True)):
                # This leaves out the values that stand behind missing lists.
                flat = guarded(partial(pc.list_flatten, column), where)
                values[:, i] = to_floats(flat, name, where)[np.repeat(same, lengths[i])]
        return values, kept


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
