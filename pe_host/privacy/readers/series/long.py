"""Tables with a row for each step of a series: rows are grouped by id and ordered by time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.privacy.readers.classes import Classes
from pe_host.privacy.readers.series.declare import make_output
from pe_host.privacy.readers.series.fit import Ragged, describe_fit, steps, too_large
from pe_host.privacy.readers.series.labels import classes_of, one_class
from pe_host.privacy.readers.series.layout import Layout
from pe_host.privacy.readers.series.rows import NOT_A_NUMBER, OTHER_VALUES, assemble, check_planned
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

Key = str | tuple[str, str] | int
"""What stands for a series: its id, the pair of client and id, or the number of a row without."""

_DROP = "leave such series out with --bad-records drop"


@dataclass(frozen=True)
class Block:
    """Some rows of a long table, as columns.

    Args:
        numbers: number of each row, int64 [r].
        ids, clients, labels: texts [r], "" where one is missing; or None if there is no column.
        times: float64 [r], NaN where one is missing or cannot be read; or None.
        values: float32 [r, F], NaN where one is missing.
        odd: whether a value of the row is not a number, bool [r].
    """

    numbers: NDArray[np.int64]
    ids: Sequence[str]
    clients: Sequence[str] | None
    labels: Sequence[str] | None
    times: NDArray[np.float64] | None
    values: NDArray[np.float32]
    odd: NDArray[np.bool_]


class LongTable(Protocol):
    """A long table in a file."""

    @property
    def layout(self) -> Layout: ...
    @property
    def options(self) -> SourceOptions: ...
    @property
    def where(self) -> str:
        """The file, for errors."""

    @property
    def row(self) -> str:
        """The word for a row in errors: line or row."""

    @property
    def title(self) -> str:
        """What the file is, in words."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What else happens to a record, in words."""

    def blocks(self, values: bool = True) -> Iterable[Block]:
        """Read the table once; without values, only ids, clients and labels are needed.

        Raises:
            SourceError: a row does not have a cell for each column. Which cell is its id is then
                unknown, and a series that lacks a step would be read as another one.
        """


def describe_long(table: LongTable) -> SourceInfo:
    """Spec of a record and class names, from the columns, the labels and the first series.

    Raises:
        SourceError: there is no series, names of classes are private, or a row is torn.
    """
    layout, options, where = table.layout, table.options, table.where
    found, first, rows = set[str](), None, 0
    if layout.label or not options.length:
        for block in table.blocks(values=False):
            keys = _keys(block)
            if first is None:
                first = next((key for key in keys if not isinstance(key, int)), None)
            rows += keys.count(first) if first is not None else 0
            found.update(block.labels or ())
        if first is None:
            raise SourceError(
                "there is no series in the file", where=where, fix="use a file with records"
            )
    length = options.length or rows
    if length < 2 and not options.length:
        raise SourceError(
            f"the first series by {_key_columns(layout)} has {steps(length)}",
            where=where,
            fix="name the column that says to which series a row belongs, with --id; or give the "
            "number of steps, with --length",
        )
    classes = _classes(table, found)
    made = make_output(length, layout.features, options, where)
    counted = f"{length} steps: the rows of the first series, whose number counts as public"
    order = f"ordered by {layout.time}" if layout.time else "in the order of the file"
    step = f"{made.output.step:g} {made.output.step_unit}".strip()
    return SourceInfo(
        made.output,
        classes.names,
        clients=bool(layout.client),
        public_ranges=made.public_ranges,
        layout=f"{table.title}, a row a step: series by {_key_columns(layout)}, {order}",
        names_from=classes.origin,
        clients_from=f"column {layout.client}" if layout.client else "",
        preparation=(
            *(() if options.length else (counted,)),
            f"the step between rows is declared, not measured: {step}",
            *table.notes,
            *describe_fit(length, options),
        ),
        passed_over=tuple(f"column {name!r}" for name in layout.passed_over),
        counted=classes.counted,
        options=classes.options,
    )


def _classes(table: LongTable, found: set[str]) -> Classes:
    origin = table.layout.label
    if not origin:
        return one_class(table.options, table.where)
    return classes_of(found - {""}, table.options, table.where)


def _key_columns(layout: Layout) -> str:
    keys = [layout.id] if layout.client in ("", layout.id) else [layout.client, layout.id]
    return " and ".join(keys)


def read_long(table: LongTable, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Read every series; what is wrong with one of its rows is a fault of a series.

    Raises:
        SourceError: a row is torn, or the table takes more than half of this machine's memory.
    """
    check_planned(table.layout.features, output, table.where)
    steps = _collect(table)
    return _Grouping(table, steps).table(output, label_names)


@dataclass
class _Steps:
    """The rows of a table, column by column; and what stands for the series, by number."""

    series: NDArray[np.int64]
    times: NDArray[np.float64] | None
    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: list[str]
    rows: NDArray[np.int64]
    keys: list[Key]
    wrong: dict[int, SourceError] = field(default_factory=dict)


def _collect(table: LongTable) -> _Steps:
    layout, keys, names = table.layout, dict[Key, int](), dict[str, int]()
    series, times, values, labels, rows = [], [], [], [], []
    wrong: dict[int, SourceError] = {}
    size, most = 0, most_bytes()
    for block in table.blocks():
        found = _keys(block)
        codes = np.array([keys.setdefault(key, len(keys)) for key in found], np.int64)
        marks = block.labels or [""] * len(found)
        series.append(codes)
        labels.append(np.array([names.setdefault(m, len(names)) for m in marks], np.int64))
        values.append(block.values)
        rows.append(block.numbers)
        if block.times is not None:
            times.append(block.times)
        _note_wrong(table, block, codes, wrong)
        size += codes.nbytes * 4 + block.values.nbytes
        if 2 * size > most:  # they are sorted, which takes as much again
            raise too_large(table.where)
    features = len(layout.features)
    empty = np.zeros(0, np.int64)
    return _Steps(
        np.concatenate(series) if series else empty,
        np.concatenate(times) if times else None,
        np.concatenate(values) if values else np.zeros((0, features), np.float32),
        np.concatenate(labels) if labels else empty,
        list(names),
        np.concatenate(rows) if rows else empty,
        list(keys),
        wrong,
    )


def _keys(block: Block) -> list[Key]:
    """What stands for the series of each row; a row without an id stands for itself."""
    if block.clients is None or block.clients is block.ids:
        pairs: Iterable[Key] = block.ids
    else:
        pairs = zip(block.clients, block.ids, strict=True)
    return [
        key if ident else number
        for key, ident, number in zip(pairs, block.ids, block.numbers.tolist(), strict=True)
    ]


def _note_wrong(
    table: LongTable, block: Block, codes: NDArray[np.int64], wrong: dict[int, SourceError]
) -> None:
    """Note the first row of each series with which something is wrong."""
    layout, clients, labels = table.layout, block.clients, block.labels
    nothing = np.zeros(len(codes), np.bool_)
    fill = "fill it in"
    checks: list[tuple[NDArray[np.bool_], str, str]] = [
        (_empty(block.ids), f"has no {layout.id!r}", fill),
        (nothing if clients is None else _empty(clients), f"has no {layout.client!r}", fill),
        (nothing if labels is None else _empty(labels), f"has no {layout.label!r}", fill),
        (
            nothing if block.times is None else np.isnan(block.times),
            f"has no time in {layout.time!r} that can be read",
            "write times as numbers, or as dates such as 2024-01-31 13:45",
        ),
        (block.odd, NOT_A_NUMBER, OTHER_VALUES),
    ]
    for mask, what, fix in checks:
        for row in np.flatnonzero(mask).tolist():
            if (series := int(codes[row])) not in wrong:
                wrong[series] = SourceError(
                    f"{table.row} {block.numbers[row]} {what}",
                    where=table.where,
                    fix=f"{fix}; or {_DROP}",
                )


def _empty(texts: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([not text for text in texts], np.bool_)


class _Grouping:
    """The series of a long table, from its rows."""

    def __init__(self, table: LongTable, steps: _Steps) -> None:
        self.source, self.steps = table, steps
        keys = (steps.series,) if steps.times is None else (steps.times, steps.series)
        self.order = np.lexsort(keys)
        self.lengths = np.bincount(steps.series, minlength=len(steps.keys)).astype(np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.first = np.full(len(steps.keys), np.iinfo(np.int64).max)
        np.minimum.at(self.first, steps.series, steps.rows)

    def table(self, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
        steps, layout = self.steps, self.source.layout
        sorted_labels = steps.labels[self.order]
        return assemble(
            Ragged(steps.values[self.order], self.lengths, self._place, self._faults()),
            [steps.names[code] for code in sorted_labels[self.starts]] if layout.label else None,
            self._clients() if layout.client else None,
            output,
            label_names,
            self.source.options,
            self.source.where,
        )

    def _clients(self) -> list[str]:
        return [
            key[0] if isinstance(key, tuple) else "" if isinstance(key, int) else key
            for key in self.steps.keys
        ]

    def _place(self, series: int) -> str:
        return f"the series that begins in {self.source.row} {self.first[series]}"

    def _faults(self) -> dict[int, SourceError]:
        faults = dict(self.steps.wrong)
        ordered = self.steps.series[self.order]
        same = ordered[1:] == ordered[:-1]
        if self.steps.times is not None:
            times = self.steps.times[self.order]
            twice = np.unique(ordered[1:][same & (times[1:] == times[:-1])])
            fix = (
                f"give each step of a series its own time; if {self.source.layout.id!r} does not "
                f"name a series, choose another column with --id; or {_DROP}"
            )
            self._add(faults, twice, "has two rows of one time", fix)
        marks = self.steps.labels[self.order]
        mixed = np.unique(ordered[1:][same & (marks[1:] != marks[:-1])])
        self._add(faults, mixed, "has rows of different labels", f"use one label, or {_DROP}")
        return faults

    def _add(
        self, faults: dict[int, SourceError], series: NDArray[np.int64], what: str, fix: str
    ) -> None:
        for i in series.tolist():
            error = SourceError(f"{self._place(i)} {what}", where=self.source.where, fix=fix)
            faults.setdefault(i, error)
