"""Files that list labels: one row for each file of a record.

The header decides which column names the files; without one it is the first. No row changes what
another one says.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from pe_host.formats.names import suffix
from pe_host.privacy.readers.label_rows import SAVE, NotAListError, Object, parse
from pe_host.privacy.readers.listed_files import (
    EXACT,
    NO_MATCH,
    STEM,
    FileNames,
    choose,
    is_file_header,
    is_record_header,
)
from pe_sdk import SourceError
from pe_sdk.pictures import SUFFIXES as PICTURES

LABEL_COLUMNS = ("label", "labels", "class", "category", "target")
"""Headers of columns that are labels, and never names of files."""

LONGEST_VALUE = 256
"""Most characters of a label or client. A longer text is none."""

_SHOWN = 50

_REMEMBERED = 1000
"""Most orders of keys of JSON objects that are remembered."""

_LOOKED_AT = 20
"""Most columns in which file names are looked for that may have been meant."""


class Column(NamedTuple):
    """The values of a column, by the number of the file.

    Args:
        values: of files that have one.
        differ: files with different values in several rows, which have none.
    """

    values: Mapping[int, str]
    differ: frozenset[int]


class LabelFile:
    """A file that lists labels.

    Args:
        content: of the file.
        name: of the file, which tells its format.
        files: the files that it is about.
        where: the file, for errors.
        values: columns that the user names as labels or clients, and so no names of files.
        images: folder of the images that are read, for a hint; "" if it is the source.

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
        images: str = "",
    ) -> None:
        self._files, self._where, self._images = files, where, images
        self._values = {*values, *LABEL_COLUMNS}
        with self._reading():
            self._listed = parse(content, name, self._is_bare)
        self.columns = self._listed.columns
        self.is_attributes = self._listed.is_attributes or name.rpartition("/")[2].startswith(
            "list_attr"
        )
        # A column that the user names stands in a header.
        self._header_is_sure = self._listed.header_is_sure or any(
            value in self.columns and not value.isdecimal() for value in values
        )
        self._read: dict[str, Column] = {}
        self._chosen: dict[tuple[str, ...], str] = {}
        self._checked = False

    def column(self, name: str) -> Column:
        """The values of a column; rows that are torn or name no file are left out.

        Raises:
            SourceError: there is no such column, no column of file names, or the file is damaged.
        """
        self._check()  # first, since without a header the first row must not be listed as columns
        if name not in self.columns:
            raise SourceError(
                f"there is no column {name!r}",
                where=self._where,
                fix=f"its columns are {', '.join(self.columns[:_SHOWN])}",
            )
        if name not in self._read:
            place = self.columns.index(name)
            found: dict[int, str] = {}
            differ: set[int] = set()
            for row in self._complete():
                number, value = self._files.find(self._file_cell(row)), row[place].strip()
                if number >= 0 and found.setdefault(number, value) != value:
                    differ.add(number)
            values = {
                number: value
                for number, value in found.items()
                if 0 < len(value) <= LONGEST_VALUE and number not in differ
            }
            self._read[name] = Column(values, frozenset(differ))
        return self._read[name]

    @cached_property
    def file_column(self) -> str:
        """The column whose values name files; of JSON, the one if every object has all keys.

        Raises:
            SourceError: no header says which it is, or there is no header.
        """
        listed = self._listed
        if not listed.has_header:
            free = [column for column in self.columns if column not in self._values]
            return free[0] if free else self.columns[0]
        place = choose(self.columns, self._values, self._header_is_sure)
        if place is not None:
            return self.columns[place]
        if not self._header_is_sure and not any(map(is_record_header, self.columns)):
            raise SourceError(
                "this file has no header line that names its columns",
                where=self._where,
                fix="add one, with file_name for the column of the file names; if its first line "
                "is one, name a column of it, as in --labels FILE:COLUMN",
            )
        raise self._several()

    @property
    def label_column(self) -> str:
        """The first column whose header says that it is the label; "" for none.

        Raises:
            SourceError: some objects of JSON have such a key and others do not: one that has it
                must not decide what is the label of all.
        """
        found = [name for name in LABEL_COLUMNS if name in self.columns]
        if any(name not in self._listed.in_every for name in found):
            raise SourceError(
                f"some objects of this file have a key such as {LABEL_COLUMNS[0]!r}, and others "
                "do not",
                where=self._where,
                fix="say which is the label with --labels FILE:COLUMN, or --labels none",
            )
        return found[0] if found else ""

    def names_files(self) -> bool:
        """Whether rows name files, even if the file has to be corrected before it can be used."""
        try:
            self._check()
        except SourceError:
            places = range(min(len(self.columns), _LOOKED_AT))
            return any(
                self._files.match(row[place]).how == EXACT
                for row in self._complete()
                for place in places
            )
        return True

    @cached_property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return next(self._each(), None) is None

    @property
    def others(self) -> tuple[str, ...]:
        """The columns beside that of the file names; a column without a header is none."""
        if self._listed.of_objects and any(map(is_file_header, self.columns)):
            return tuple(column for column in self.columns if column and not is_file_header(column))
        return tuple(column for column in self.columns if column not in ("", self.file_column))

    def _file_cell(self, row: Sequence[str]) -> str:
        """What a row says about which file it is. An object of JSON has headers of its own."""
        if not isinstance(row, Object):
            return row[self.columns.index(self.file_column)]
        keys = row.keys
        if keys not in self._chosen:
            place = choose(keys, self._values, True)
            if len(self._chosen) > _REMEMBERED:
                self._chosen.clear()
            self._chosen[keys] = "" if place is None else keys[place]
        return row.at(self._chosen[keys])

    def _check(self) -> None:
        """Refuse a list from which no file, or not the right one, can be known.

        Rows decide whether the list is refused, never which column is taken.

        Raises:
            SourceError: no column is that of the file names, another one could be it, no row names
                a file, or one could name several.
        """
        if self._checked:
            return
        named = Counter[str]()
        others = [] if self._listed.of_objects else self._rivals()
        for row in self._each():
            named["rows"] += 1
            if not len(row):
                continue
            named["whole"] += 1
            match = self._files.match(self._file_cell(row))
            named["exact"] += match.how == EXACT
            named["stem"] += match.how == STEM
            named["several"] += match.how != NO_MATCH and match.number < 0
            if not named["rival"]:
                named["rival"] += any(
                    self._files.match(row[place]).how == EXACT for place in others
                )
        if not (named["exact"] or named["stem"]):
            torn = named["rows"] - named["whole"]
            if torn > named["whole"]:
                raise SourceError(
                    f"{torn:,} of {named['rows']:,} rows of this file have more or fewer cells "
                    f"than its first line, which has {len(self.columns)}",
                    where=self._where,
                    fix="put cells that hold the delimiter into quotation marks, and add a header "
                    "for each column",
                )
            if named["rival"]:
                raise self._several()
            raise SourceError(
                "no row of this file names a file of the source",
                where=self._where,
                fix="add a column file_name with the path of each file, relative to this one, in "
                "the same upper and lower case",
            )
        if named["rival"] and not named["exact"]:
            raise self._several()
        if named["several"]:
            folder = f"--images {self._images.rstrip('/') or 'FOLDER'}"
            raise SourceError(
                "rows of this file could name several files of the source",
                where=self._where,
                fix="give the path of each file, relative to this one; or add "
                f"{folder} if it is about the images of this folder",
            )
        self._checked = True

    def _rivals(self) -> list[int]:
        """Places of other columns that must not name files better than the one that is taken."""
        return [
            place
            for place, column in enumerate(self.columns[:_LOOKED_AT])
            if column not in (self.file_column, *self._values)
        ]

    def _several(self) -> SourceError:
        return SourceError(
            "several columns of this file could be the names of the files",
            where=self._where,
            fix="give the right one the header file_name",
        )

    def _is_bare(self, first: Sequence[str]) -> bool:
        """Whether a first row belongs to a record, so that there is no header.

        Its cells say so, and not which files there are: one of these could be called as a column.
        """
        named = {value for value in self._values - {*LABEL_COLUMNS} if not value.isdecimal()}
        if any(map(is_file_header, first)) or named & {*first}:
            return False
        return any(suffix(cell) in PICTURES for cell in first)

    def _complete(self) -> Iterator[Sequence[str]]:
        """The rows that are not torn."""
        return filter(len, self._each())

    def _each(self) -> Iterator[Sequence[str]]:
        """Every row; torn ones are empty.

        Raises:
            SourceError: the file is damaged.
        """
        with self._reading():
            yield from self._listed.rows()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what parsers raise into a SourceError that quotes nothing."""
        try:
            yield
            return
        except NotAListError as error:
            what, fix = error.what, error.fix
        except UnicodeDecodeError:
            what, fix = "this file is not UTF-8", SAVE
        except (ValueError, TypeError, RecursionError):
            what, fix = "this file cannot be read as a list of labels", SAVE
        raise SourceError(what, where=self._where, fix=fix) from None
