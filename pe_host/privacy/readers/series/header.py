"""The first line of a CSV or TSV file: names of columns, or values.

Errors quote names of columns, and plans keep them. So a line that could be a record is not taken
for names: numbers are names only where they count steps, or where the user names a column.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pe_host.privacy.readers.cells import is_text, to_number
from pe_host.privacy.readers.series.lines import Line, find_delimiter, split
from pe_sdk import SourceError, SourceOptions


@dataclass(frozen=True)
class Header:
    """The first line of a file.

    Args:
        line: the line.
        delimiter: "" for white space.
        names: names of the columns, or () if the line holds values.
    """

    line: Line
    delimiter: str
    names: tuple[str, ...]


def read_header(
    lines: Iterator[Line], options: SourceOptions, where: str, *, ucr: bool = False
) -> Header:
    """Read the header line.

    Args:
        lines: the lines of the file.
        options: the user may name columns, or number that of the labels or clients.
        where: the file, for errors.
        ucr: whether the format has no header line, so that numbers that count steps are values.

    Raises:
        SourceError: the file is empty; its first line is not UTF-8 or has no cells; or it holds
            numbers beside texts, and nothing says whether it is a header.
    """
    line, delimiter, comment = next(lines, None), "", 0
    while line is not None and line.text.startswith("#"):
        comment, line = line.number, next(lines, None)
    if line is not None and line.text.lower().startswith("sep=") and len(line.text) == 5:
        delimiter, line = line.text[4], next(lines, None)  # as Excel writes it
    if line is None:
        raise SourceError("the file is empty", where=where, fix="use a file with records")
    delimiter = delimiter or find_delimiter(line.text)
    cells = split(line.text, delimiter)
    if not is_text(line.text):
        raise SourceError("the header is not UTF-8", where=where, fix="save the file as UTF-8")
    if not cells:
        raise SourceError(
            f"line {line.number} cannot be split into cells",
            where=where,
            fix="begin the file with a line of column names, and correct its quotation marks",
        )
    if all(to_number(cell, delimiter == ";") is not None for cell in cells):
        steps = cells[1:] if not cells[0] else cells  # the index of a data frame has no name
        named = not ucr and _count_steps(steps, every=1)
    else:
        named = _mixed(cells, options, where, comment)
    return Header(line, delimiter, tuple(cells) if named else ())


_COUNT = re.compile("[0-9]{1,9}")
_NUMBER = re.compile(r"[+-]?[.,]?[0-9][0-9.,_']*([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{1,4}\.[0-9]{1,2}\.[0-9]{1,4}")
_FEWEST = 3
"""Fewest numbers that count steps: two such numbers are often a record, as in `0,1`."""

_YEARS = range(1900, 2101)


def _mixed(cells: Sequence[str], options: SourceOptions, where: str, comment: int) -> bool:
    """Whether a line that holds texts names columns.

    Args:
        cells: those of the line.
        options: see `read_header`.
        where: the file, for errors.
        comment: the number of the last comment before it, or 0.
    """
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell)]
    if not numbers or _count_steps(numbers):
        return True
    given = (options.labels, options.client, options.id, options.time, *options.values)
    if any(name in cells and not _COUNT.fullmatch(name) for name in given):
        return True
    if any(_COUNT.fullmatch(name) for name in (options.labels, options.client)):
        return False
    fix = (
        "add a line with the names of the columns, or the number of the column of labels, as in "
        "--labels 1; if the line is a header, name the column of labels, as in --labels NAME, or "
        "that of ids, as in --client NAME"
    )
    if comment:
        fix = f"remove the # from line {comment} if that is the header; or {fix}"
    raise SourceError(
        "the file has no header line: its first line holds numbers beside texts",
        where=where,
        fix=fix,
    )


def _count_steps(cells: Sequence[str], every: int | None = None) -> bool:
    """Whether cells count from 0 or from the first step, as 0, 1, 2 or 15, 30, 45; or years."""
    if len(cells) < _FEWEST or not all(map(_COUNT.fullmatch, cells)):
        return False
    counted = [int(cell) for cell in cells]
    step = counted[1] - counted[0]
    if step < 1 or step != (every or step) or any(b - a != step for a, b in pairwise(counted)):
        return False
    years = step == 1 and counted[0] in _YEARS and counted[-1] in _YEARS
    return counted[0] in (0, step) or years
