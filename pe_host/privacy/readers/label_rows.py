"""Rows of files that list labels, in the formats that people have.

Each row stands by itself, so that a torn one changes no other: a row with more or fewer cells than
the header has no cell that is sure. A list with a line break in a cell is refused, since the lines
of that cell could pass for rows.

Rows are read as a stream, in lines of bounded length: a small archive can hold a list of any size.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pe_host.formats.names import suffix

LONGEST = 1 << 20
"""Most characters of a line."""

LINES = 1 << 24
"""Most lines."""

CELLS = 1 << 27
"""Most rows times the columns that they have together."""

COLUMNS = 10_000
"""Most columns, and most lists and objects in a line of JSON."""

JSON_VALUES = 1 << 22
"""Most lists and objects in a JSON document: each takes many times its two bytes of memory."""

SAVE = "save it as CSV, UTF-8, with a header and one row for each file"

_DELIMITERS = ("\t", ",", ";")
_QUOTED = re.compile('"[^"]*"')

Rows = Callable[[], Iterable[Sequence[str]]]
"""Goes through the rows. Each has a cell for every column; a torn row is empty."""


class NotAListError(ValueError):
    """A file that cannot be read as a list of labels.

    Args:
        what: is wrong; it quotes nothing.
        fix: what to do.
    """

    def __init__(self, what: str = "this file cannot be read as a list of labels", fix: str = SAVE):
        super().__init__(what)
        self.what, self.fix = what, fix


@dataclass(frozen=True)
class Listed:
    """Columns and rows of a list.

    Args:
        columns: their headers, or numbers from 1 if there is no header.
        rows: goes through the rows.
        header_is_sure: whether the columns are no private row that looks like a header.
        has_header: whether the columns have names.
        is_attributes: whether the first line says that this is a list of attributes.
        of_objects: whether each row is an `Object`, with headers of its own.
        uneven: keys that some objects lack.
    """

    columns: tuple[str, ...]
    rows: Rows
    header_is_sure: bool = True
    has_header: bool = True
    is_attributes: bool = False
    of_objects: bool = False
    uneven: frozenset[str] = frozenset()

    @property
    def in_every(self) -> frozenset[str]:
        """The columns that every row has."""
        return frozenset(self.columns) - self.uneven


def parse(content: bytes, name: str, is_bare: Callable[[Sequence[str]], bool]) -> Listed:
    """Read the columns of a list.

    Args:
        content: of the file.
        name: of the file, which tells its format.
        is_bare: whether a first row belongs to a record, so that there is no header.

    Raises:
        NotAListError: it is none, or too large; also while rows are read.
        ValueError: it is not UTF-8, or not JSON; also while rows are read.
        RecursionError: its JSON is too deep.
    """
    if suffix(name) == ".jsonl":
        return _of_objects(lambda: map(_loaded, _lines(content)))
    if suffix(name) == ".json":
        _check_json(content)
        return _of_json(json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once))
    return _of_attributes(content) or _of_text(content, is_bare)


def _lines(content: bytes) -> Iterator[str]:
    """The lines that are not blank, without their ends."""
    stream = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig")
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if number > LINES:
            raise NotAListError(f"this file has more than {LINES:,} lines")
        if len(line) > LONGEST:
            raise NotAListError(f"line {number} of this file has more than {LONGEST:,} characters")
        if not line.isspace():
            yield line.removesuffix("\n")


def _split(line: str, delimiter: str) -> list[str]:
    """The cells of a line, none if they are not sure."""
    if not delimiter:
        cells = line.split(None, COLUMNS)
        return cells if len(cells) <= COLUMNS else []
    if line.count(delimiter) >= COLUMNS:
        return []
    if line.count('"') % 2:
        raise NotAListError(
            "a quotation mark opens in a line of this file and does not close in it",
            "write line breaks and single quotation marks in cells in another way, or save the "
            "file as JSON lines",
        )
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    if delimiter == "\t":  # many programs write quotation marks in such files as they are
        return [_unquoted(cell.strip()) for cell in line.split(delimiter)]
    line = re.sub(rf'" +{delimiter}', f'"{delimiter}', line)
    try:
        reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
        return [cell.strip() for cell in next(reader)]
    except (csv.Error, StopIteration):
        return []


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"').strip() if whole else cell


def _fitted(cells: list[str], width: int, most: int) -> Sequence[str]:
    """The cells of a row if it has all, and then as many empty ones as the header at most."""
    return cells[:width] if width <= len(cells) <= most and not any(cells[width:]) else ()


def _of_attributes(content: bytes) -> Listed | None:
    """A list of attributes as CelebA has it: a count, their names, and a row for each file."""
    start = list(islice(_lines(content), 3))
    if len(start) < 3 or not start[0].strip().isdecimal():
        return None
    columns, first = _split(start[1], ""), _split(start[2], "")
    if not columns or len(first) != len(columns) + 1:
        return None

    def rows() -> Iterator[Sequence[str]]:
        for cells in _rows(content, "", len(first), 2):
            yield _fitted(cells, len(first), len(first))

    return _listed(Listed(("file", *columns), rows, is_attributes=True))


def _rows(content: bytes, delimiter: str, width: int, first: int) -> Iterator[list[str]]:
    """The cells of each line from some line on, of lists that have so many columns."""
    for number, line in enumerate(islice(_lines(content), first, None), 1):
        if number * width > CELLS:
            raise NotAListError("this file has too many cells", "keep the columns that are needed")
        yield _split(line, delimiter)


def _of_text(content: bytes, is_bare: Callable[[Sequence[str]], bool]) -> Listed:
    start = list(islice(_lines(content), 2))
    # Spreadsheets write the delimiter before the header.
    told = len(start) == 2 and re.fullmatch("sep=[\t,;]", start[0], re.IGNORECASE) is not None
    head = start[told] if start else ""
    plain = _QUOTED.sub("", head)
    best = max(_DELIMITERS, key=plain.count)
    delimiter = start[0][4] if told else best if best in plain else ""
    first = _split(head, delimiter)
    if head and not first:
        raise NotAListError(
            f"the first line of this file cannot be read, or has over {COLUMNS:,} columns"
        )
    if is_bare(first):
        width = len(first)

        def bare() -> Iterator[Sequence[str]]:
            for cells in _rows(content, delimiter, width, told):
                # Without a header, the first row must not decide that others are torn.
                if cells and len(cells) != width:
                    raise NotAListError(
                        "this file has no header, and its rows have different numbers of cells",
                        "add a header, with file_name for the column of the file names",
                    )
                yield cells

        numbers = tuple(str(number) for number in range(1, width + 1))
        return _listed(Listed(numbers, bare, has_header=False))
    # Spreadsheets write delimiters for empty columns after the last one.
    most = len(first)
    while first and not first[-1]:
        first.pop()

    def rows() -> Iterator[Sequence[str]]:
        for cells in _rows(content, delimiter, len(first), told + 1):
            yield _fitted(cells, len(first), most)

    return _listed(Listed(tuple(first), rows, header_is_sure=False))


def _listed(found: Listed) -> Listed:
    if any(count > 1 for column, count in Counter(found.columns).items() if column):
        raise NotAListError("two columns of this file have the same header")
    return found


def _loaded(line: str) -> Any:
    if line.count("[") + line.count("{") > COLUMNS:
        raise NotAListError(
            f"a line of this file has more than {COLUMNS:,} lists and objects",
            "save it as CSV, with the columns that are needed",
        )
    return json.loads(line, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose keys occur once: the last of several would stand for all."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotAListError("a key of this file occurs twice", "write each file once")
    return found


def _check_json(content: bytes) -> None:
    """Check that a document takes no more memory than there may be once it is parsed."""
    if content.count(b"[") + content.count(b"{") > JSON_VALUES:
        raise NotAListError(
            "this file has too many rows for JSON",
            "save it as CSV, with the columns that are needed",
        )


def _of_objects(objects: Callable[[], Iterable[Any]]) -> Listed:
    count: Counter[str] = Counter()
    rows = 0
    for rows, item in enumerate(objects(), 1):
        if not isinstance(item, dict):
            raise NotAListError
        count.update(item.keys())
        if len(count) > COLUMNS or len(count) * rows > CELLS:
            raise NotAListError(
                "the objects of this file have too many keys",
                "save it as CSV, with the columns that are needed",
            )
    columns = tuple(count)
    return Listed(
        columns,
        lambda: (Object(item, columns) for item in objects()),
        of_objects=True,
        uneven=frozenset(column for column in columns if count[column] < rows),
    )


class Object(Sequence[str]):
    """The cells of an object of JSON. Only those that are asked for are made."""

    def __init__(self, item: dict[str, Any], columns: tuple[str, ...]) -> None:
        self._item, self._columns = item, columns

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, place: Any) -> Any:
        return self.at(self._columns[place])

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it has itself."""
        return tuple(self._item)

    def at(self, key: str) -> str:
        """The value of a key."""
        return _cell(self._item.get(key))


def _of_json(document: Any) -> Listed:
    if isinstance(document, list):
        return _of_objects(lambda: document)
    if not isinstance(document, dict):
        raise NotAListError
    # StyleGAN: {"labels": [[file, label], …]} or {"labels": {file: label}}, null for none.
    if "labels" in document and len(document) > 1:
        raise NotAListError(
            "this file has labels beside other keys, so it is not known which are the labels"
        )
    listed = document.get("labels", document)
    pairs = listed.items() if isinstance(listed, dict) else (listed or [])
    rows = [[_cell(value) for value in pair] for pair in pairs]
    if any(len(row) != 2 for row in rows):
        raise NotAListError
    return Listed(("file", "label"), lambda: rows)


def _cell(value: Any) -> str:
    """A value of JSON as a text; one of several that is 1, where all others are 0, as its place.

    Values that can be neither a label nor a name become an empty text.
    """
    if isinstance(value, list):
        ones = [place for place, item in enumerate(value) if item == 1]
        alone = len(ones) == 1 and all(item in (0, 1) for item in value)
        return str(ones[0]) if alone else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else ""
