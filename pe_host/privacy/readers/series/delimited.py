"""CSV and TSV files, with a row a step or a row a series."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from pe_host.privacy.readers.cells import label_of, numbers, read_cells, to_time
from pe_host.privacy.readers.clients import client_of
from pe_host.privacy.readers.series.header import Header
from pe_host.privacy.readers.series.layout import Layout
from pe_host.privacy.readers.series.lines import Line, open_lines, split
from pe_host.privacy.readers.series.long import Block
from pe_host.privacy.readers.series.rows import Row, RowFormat
from pe_sdk import SourceError, SourceOptions

_BLOCK = 1 << 14
"""Lines that are read at once."""


def wide_format(header: Header, layout: Layout, options: SourceOptions) -> RowFormat:
    """The format of a file with a row for each series."""
    places = {name: i for i, name in enumerate(header.names)}
    steps = [[places[name] for name in columns] for columns in layout.values]
    label = places[layout.label] if layout.label else -1
    client = places[layout.client] if layout.client else -1
    count, delimiter = len(header.names), header.delimiter

    def parse(text: str) -> Row:
        cells = split(text, delimiter)
        if len(cells) != count:
            return Row("", "", (), f"has {len(cells)} cells, expected {count}")
        return Row(
            cells[label] if label >= 0 else "",
            cells[client] if client >= 0 else "",
            tuple([cells[i] for i in columns] for columns in steps),
        )

    first, last = layout.values[0][0], layout.values[0][-1]
    return RowFormat(
        f"{title(delimiter)}, a row a series: {layout.steps} steps in the columns {first} … {last}",
        layout.features,
        parse,
        layout.fill_in(options),
        length=layout.steps,
        labels=bool(layout.label),
        client=f"column {layout.client}" if layout.client else "",
        comma=delimiter == ";",
        passed_over=tuple(f"column {name!r}" for name in layout.passed_over),
    )


def title(delimiter: str) -> str:
    return "TSV" if delimiter == "\t" else "CSV"


@dataclass(frozen=True)
class LongText:
    """A CSV file with a row for each step; see `long.LongTable`.

    Args:
        header: its first line.
        layout: which columns are what.
        options: how it is read.
        where: the file.
        inside: the folder that it must lie in; None if the user named the file.
    """

    header: Header
    layout: Layout
    options: SourceOptions
    where: str
    inside: Path | None = None
    row: str = "line"

    @property
    def title(self) -> str:
        return title(self.header.delimiter)

    @property
    def notes(self) -> tuple[str, ...]:
        comma = self.header.delimiter == ";"
        return ("a comma in a number is the decimal sign",) if comma else ()

    def blocks(self, values: bool = True) -> Iterator[Block]:
        with open_lines(self.where, self.inside) as lines:
            rest = (line for line in lines if line.number > self.header.line.number)
            while batch := list(islice(rest, _BLOCK)):
                yield self._block(batch, values)

    def _torn(self, line: Line, count: int) -> SourceError:
        """The error of a row whose cells are not sure, so that any series could lack a step."""
        expected = len(self.header.names)
        has = f"has {count} cell{'' if count == 1 else 's'}, expected {expected}"
        if not count:
            has = "cannot be split into cells"
        return SourceError(
            f"line {line.number} {has}, so the series that it belongs to is unknown, and any "
            "series could lack a step",
            where=self.where,
            fix="correct the line: a delimiter, a quotation mark or the end of a line may be "
            "missing; or remove it with the whole series that it belongs to",
        )

    def _block(self, batch: list[Line], values: bool) -> Block:
        names, delimiter = self.header.names, self.header.delimiter
        rows = [split(line.text, delimiter) for line in batch]
        for line, row in zip(batch, rows, strict=True):
            if len(row) != len(names):
                raise self._torn(line, len(row))
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        layout, features = self.layout, []
        odd = np.zeros(len(rows), np.bool_)
        for (name,) in layout.values if values else ():
            feature, wrong = numbers(columns[name], delimiter == ";")
            features.append(feature)
            odd |= wrong
        ids = read_cells(columns[layout.id], client_of)
        clients = None
        if layout.client:
            own = layout.client != layout.id
            clients = read_cells(columns[layout.client], client_of) if own else ids
        with np.errstate(over="ignore"):  # too large a value becomes infinite: refused later
            table = np.array(features, np.float32).reshape(len(features), len(rows)).T
        return Block(
            np.array([line.number for line in batch], np.int64),
            ids,
            clients,
            read_cells(columns[layout.label], label_of) if layout.label else None,
            np.array(read_cells(columns[layout.time], to_time)) if layout.time and values else None,
            table,
            odd,
        )
