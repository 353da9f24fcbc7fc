"""Files that list labels: one row for each file of a record.

Read are CSV and the like with or without a header, attribute lists as CelebA has them, JSON lines
as in Hugging Face image folders, and `dataset.json` as StyleGAN writes it. Rows are read as a
stream: a small archive can hold a list of any length.
"""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

from pe_host.formats.names import suffix
from pe_host.privacy.readers.listed_files import (
    NO_MATCH,
    FileNames,
    Score,
    is_file_header,
    is_record_header,
    preference,
)
from pe_sdk import SourceError
from pe_sdk.pictures import SUFFIXES as PICTURES

LABEL_COLUMNS = ("label", "labels", "class", "category", "target")
"""Headers of columns that are labels, and never names of files."""

JSON_BYTES = 1 << 26
"""Largest JSON document."""

JSON_VALUES = 1 << 22
"""Most lists and objects in a JSON document: each takes many times its two bytes of memory."""

_DELIMITERS = ("\t", ",", ";")
_SHOWN = 50
_SAVE = "save it as CSV, UTF-8, with a header and one row for each file"

Rows = Callable[[], Iterable[list[str]]]


class LabelFile:
    """A file that lists labels.

    Args:
        content: of the file.
        name: of the file, which tells its format.
        files: the files that it is about.
        where: the file, for errors.
        values: columns that the user names as labels or clients, and so no names of files.

    Raises:
        SourceError: it cannot be read.
    """

    def __init__(
        self,
        content: bytes,
        name: str,
        files: FileNames,
        where: str,
        values: Collection[str] = (),
    ) -> None:
        self._content, self._files, self._where = content, files, where
        self._values = {*values, *LABEL_COLUMNS}
        self._header_is_sure = True
        self.is_attributes = name.rpartition("/")[2].startswith("list_attr")
        with self._reading():
            self.columns, self._rows = self._parsed(suffix(name))
        # A column that the user names stands in a header.
        self._header_is_sure |= any(
            value in self.columns and not value.isdecimal() for value in values
        )

    def column(self, name: str) -> Mapping[int, str]:
        """The values of a column, by the number of the file; rows that name no file are left out.

        A file with different values in several rows has none.

        Raises:
            SourceError: there is no such column, no column of file names, or the file is damaged.
        """
        # First of all, since without a header the first row must not be listed as columns.
        of_file = self.columns.index(self.file_column)
        if name not in self.columns:
            raise SourceError(
                f"there is no column {name!r}",
                where=self._where,
                fix=f"its columns are {', '.join(self.columns[:_SHOWN])}",
            )
        place = self.columns.index(name)
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
        """The column whose values name files.

        Its header says so. Without such a header, it is the only one that names files, or the only
        one that names them exactly. All rows count.

        Raises:
            SourceError: there is none, several columns could be it, or there is no header.
        """
        places = [place for place, name in enumerate(self.columns) if name not in self._values]
        said = [place for place in places if is_file_header(self.columns[place])]
        scores = self._scores(said or places)
        if not scores:
            raise SourceError(
                "no row of this file names a file of the source",
                where=self._where,
                fix="add a column file_name with the path of each file, relative to this one",
            )
        best = max(
            scores,
            key=lambda place: (
                scores[place].exact,
                scores[place].stem,
                -preference(self.columns[place]),
            ),
        )
        others = [score for place, score in scores.items() if place != best]
        if not said and any(score.rivals(scores[best]) for score in others):
            raise SourceError(
                "several columns of this file could be the names of the files",
                where=self._where,
                fix="give the right one the header file_name",
            )
        if not (self._header_is_sure or is_record_header(self.columns[best])):
            raise SourceError(
                "this file has no header line that names its columns",
                where=self._where,
                fix="add one, with file_name for the column of the file names",
            )
        if not scores[best].found:
            raise SourceError(
                "each row of this file could name several files of the source",
                where=self._where,
                fix="give the path of each file, relative to this one; or add --images FOLDER if "
                "it is about the images of one folder",
            )
        return self.columns[best]

    @cached_property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return next(self._each(), None) is None

    @property
    def others(self) -> tuple[str, ...]:
        """The columns beside that of the file names; a column without a header is none."""
        return tuple(column for column in self.columns if column not in ("", self.file_column))

    def _scores(self, places: list[int]) -> dict[int, Score]:
        """How often each of these columns names files; those that never do are left out."""
        scores = {place: Score() for place in places}
        for row in self._each():
            for place, score in scores.items():
                if place < len(row):
                    score.add(self._files.match(row[place]))
        return {place: score for place, score in scores.items() if score.exact or score.stem}

    def _each(self) -> Iterator[list[str]]:
        """Every row.

        Raises:
            SourceError: the file is damaged.
        """
        with self._reading():
            yield from self._rows()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what parsers raise into a SourceError that quotes nothing."""
        try:
            yield
            return
        except UnicodeDecodeError:
            what = "this file is not UTF-8"
        except csv.Error:
            what = "this file is damaged"
        except (ValueError, RecursionError):
            what = "this file cannot be read as a list of labels"
        raise SourceError(what, where=self._where, fix=_SAVE) from None

    def _parsed(self, end: str) -> tuple[tuple[str, ...], Rows]:
        """The columns, and a function that goes through the rows."""
        if end == ".jsonl":
            return _of_objects(lambda: (json.loads(line) for line in self._lines() if line.strip()))
        if end == ".json":
            self._check_json()
            return _of_json(json.loads(self._content.decode("utf-8-sig")))
        start = list(islice(self._lines(), 3))
        if len(start) > 2 and start[0].strip().isdecimal():
            columns, first = start[1].split(), start[2].split()
            if len(first) == len(columns) + 1:
                self.is_attributes = True
                return ("file", *columns), lambda: map(str.split, islice(self._lines(), 2, None))
        head = next((line for line in self._lines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=head.count)

        def rows() -> Iterator[list[str]]:
            if delimiter in head:
                lines = csv.reader(self._lines(), delimiter=delimiter, skipinitialspace=True)
                return filter(None, lines)
            return filter(None, map(str.split, self._lines()))

        first = [cell.strip() for cell in next(rows(), [])]
        # There is no header. A file that is not there does not make one: errors quote a header.
        if any(
            self._files.match(cell).how != NO_MATCH or suffix(cell) in PICTURES for cell in first
        ):
            return tuple(str(number) for number in range(1, len(first) + 1)), rows
        if len(set(first)) != len(first):
            raise ValueError
        self._header_is_sure = False
        return tuple(first), lambda: islice(rows(), 1, None)

    def _lines(self) -> Iterator[str]:
        return io.TextIOWrapper(io.BytesIO(self._content), "utf-8-sig", newline="")

    def _check_json(self) -> None:
        """Raise SourceError for a document that takes too much memory once it is parsed."""
        values = self._content.count(b"[") + self._content.count(b"{")
        if len(self._content) > JSON_BYTES or values > JSON_VALUES:
            raise SourceError(
                f"this file is larger than {JSON_BYTES >> 20} MiB, or has too many rows for JSON",
                where=self._where,
                fix="save it as CSV or JSON lines, with the columns that are needed",
            )


def _of_objects(objects: Callable[[], Iterable[Any]]) -> tuple[tuple[str, ...], Rows]:
    columns: dict[str, None] = {}
    for item in objects():
        if not isinstance(item, dict):
            raise ValueError
        columns |= dict.fromkeys(map(str, item))
    return tuple(columns), lambda: ([_cell(item.get(c)) for c in columns] for item in objects())


def _of_json(document: Any) -> tuple[tuple[str, ...], Rows]:
    if isinstance(document, list):
        return _of_objects(lambda: document)
    if not isinstance(document, dict):
        raise ValueError
    # StyleGAN: {"labels": [[file, label], …]} or {"labels": {file: label}}, null for none.
    listed = document.get("labels", document)
    pairs = listed.items() if isinstance(listed, dict) else (listed or [])
    rows = [[_cell(value) for value in pair] for pair in pairs]
    if any(len(row) != 2 for row in rows):
        raise ValueError
    return ("file", "label"), lambda: rows


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
