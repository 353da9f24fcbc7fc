"""Files that list labels: one row for each file of a record.

Read are CSV and the like with or without a header, attribute lists as CelebA has them, JSON lines
as in Hugging Face image folders, and `dataset.json` as StyleGAN writes it.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from pe_host.formats.names import suffix
from pe_sdk import SourceError
from pe_sdk.pictures import SUFFIXES as PICTURES

_DELIMITERS = ("\t", ",", ";")
_FIRST = 20
"""Rows in which a column of file names is looked for."""

_SAVE = "save it as CSV, UTF-8, with a header and one row for each file"


class FileNames:
    """Files that the rows of a label file name: by path, by name, or by name without ending.

    Args:
        names: of all files, relative to the source.
        base: folder of the label file, relative to the source; "" or with `/` at the end.
    """

    def __init__(self, names: Sequence[str], base: str) -> None:
        self._names, self._base = names, base

    def find(self, cell: str) -> int:
        """Return the number of the file, -1 for none or several."""
        cell = cell.strip().replace("\\", "/").removeprefix("./")
        if not cell:
            return -1
        for table, key in (
            (self._paths, self._base + cell),
            (self._paths, cell),
            (self._plain, cell.rpartition("/")[2]),
            (self._stems, cell.rpartition("/")[2]),
        ):
            found = table.get(key)
            if found is not None:
                return found
        return -1

    @cached_property
    def _paths(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self._names)}

    @cached_property
    def _plain(self) -> dict[str, int]:
        return _unique(name.rpartition("/")[2] for name in self._names)

    @cached_property
    def _stems(self) -> dict[str, int]:
        return _unique(_stem(name) for name in self._names)


def _stem(name: str) -> str:
    plain = name.rpartition("/")[2]
    return plain.removesuffix(plain[len(plain) - len(suffix(plain)) :]) if suffix(plain) else plain


def _unique(keys: Iterator[str]) -> dict[str, int]:
    """The number of each key, -1 for those that occur twice."""
    found: dict[str, int] = {}
    for number, key in enumerate(keys):
        found[key] = -1 if key in found else number
    return found


class LabelFile:
    """A file that lists labels.

    Args:
        content: of the file.
        name: of the file, which tells its format.
        files: the files that it is about.
        where: the file, for errors.

    Raises:
        SourceError: it cannot be read.
    """

    def __init__(self, content: bytes, name: str, files: FileNames, where: str) -> None:
        self._files, self._where = files, where
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError("this file is not UTF-8", where=where, fix=_SAVE) from None
        self.is_attributes = name.rpartition("/")[2].startswith("list_attr")
        try:
            self.columns, self._rows = self._parsed(text, suffix(name))
        except (ValueError, RecursionError, csv.Error):
            raise SourceError(
                "this file cannot be read as a list of labels", where=where, fix=_SAVE
            ) from None

    def column(self, name: str) -> Mapping[int, str]:
        """The values of a column, by the number of the file; rows that name no file are left out.

        A file with different values in several rows has none.

        Raises:
            SourceError: there is no such column, no column of file names, or the file is damaged.
        """
        if name not in self.columns:
            raise SourceError(
                f"there is no column {name!r}",
                where=self._where,
                fix=f"its columns are {', '.join(self.columns[:50])}",
            )
        place, of_file = self.columns.index(name), self.columns.index(self.file_column)
        found: dict[int, str] = {}
        several: set[int] = set()
        for row in self._each():
            if len(row) <= max(place, of_file):
                continue
            number, value = self._files.find(row[of_file]), row[place].strip()
            if number >= 0 and found.setdefault(number, value) != value:
                several.add(number)
        return {number: value for number, value in found.items() if value and number not in several}

    @cached_property
    def file_column(self) -> str:
        """The first column whose values name files.

        Raises:
            SourceError: there is none.
        """
        first = list(islice(self._each(), _FIRST))
        for place, column in enumerate(self.columns):
            if any(len(row) > place and self._files.find(row[place]) >= 0 for row in first):
                return column
        raise SourceError(
            "none of the first rows of this file names a file of the source",
            where=self._where,
            fix="add a column file_name with the path of each file, relative to this one",
        )

    @cached_property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return next(self._each(), None) is None

    @property
    def others(self) -> tuple[str, ...]:
        """The columns beside that of the file names."""
        return tuple(column for column in self.columns if column != self.file_column)

    def _each(self) -> Iterator[list[str]]:
        """Every row.

        Raises:
            SourceError: the file is damaged.
        """
        try:
            yield from self._rows()
        except csv.Error:
            raise SourceError("this file is damaged", where=self._where, fix=_SAVE) from None

    def _parsed(self, text: str, end: str) -> tuple[tuple[str, ...], Any]:
        """The columns, and a function that goes through the rows."""
        if end == ".jsonl":
            return _of_objects([json.loads(line) for line in text.splitlines() if line.strip()])
        if end == ".json":
            return _of_json(json.loads(text))
        lines = text.splitlines()
        if lines and lines[0].strip().isdecimal() and len(lines) > 2:
            columns, first = lines[1].split(), lines[2].split()
            if len(first) == len(columns) + 1:
                self.is_attributes = True
                return ("file", *columns), lambda: (line.split() for line in lines[2:])
        head = next((line for line in lines if line.strip()), "")
        delimiter = max(_DELIMITERS, key=head.count)

        def rows() -> Iterator[list[str]]:
            if delimiter in head:
                source = io.StringIO(text)
                return (
                    row
                    for row in csv.reader(source, delimiter=delimiter, skipinitialspace=True)
                    if row
                )
            return (row for row in map(str.split, lines) if row)

        first = next(rows(), [])
        # There is no header. A file that is not there does not make one: errors quote a header.
        if any(self._files.find(cell) >= 0 or suffix(cell) in PICTURES for cell in first):
            return tuple(str(number) for number in range(1, len(first) + 1)), rows
        if len(set(first)) != len(first):
            raise ValueError
        return tuple(cell.strip() for cell in first), lambda: islice(rows(), 1, None)


def _of_objects(objects: list[Any]) -> tuple[tuple[str, ...], Any]:
    columns: dict[str, None] = {}
    for item in objects:
        if not isinstance(item, dict):
            raise ValueError
        columns |= dict.fromkeys(map(str, item))
    return tuple(columns), lambda: ([_cell(item.get(c)) for c in columns] for item in objects)


def _of_json(document: Any) -> tuple[tuple[str, ...], Any]:
    if isinstance(document, list):
        return _of_objects(document)
    if not isinstance(document, dict):
        raise ValueError
    # StyleGAN: {"labels": [[file, label], …]} or {"labels": {file: label}}, null for none.
    listed = document.get("labels", document)
    pairs = listed.items() if isinstance(listed, dict) else (listed or [])
    rows = [[_cell(value) for value in pair] for pair in pairs]
    if any(len(row) != 2 for row in rows):
        raise ValueError
    return ("file", "label"), lambda: iter(rows)


def _cell(value: Any) -> str:
    """A value of JSON as a text; one of several that is 1, where all others are 0, as its place."""
    if isinstance(value, list):
        ones = [place for place, item in enumerate(value) if item == 1]
        if len(ones) == 1 and all(item in (0, 1) for item in value):
            return str(ones[0])
        raise ValueError
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else ""
