"""Files that list labels: one row for each file of a record.

The header decides which column names the files, or else all rows do. No row changes what another
one says: what a single row could decide is refused.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from pe_host.formats.names import suffix
from pe_host.privacy.readers.label_rows import SAVE, NotAListError, parse
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

LONGEST_VALUE = 256
"""Most characters of a label or client. A longer text is none."""

_SHOWN = 50


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
            self._listed = parse(content, name, self._is_value)
        self.columns = self._listed.columns
        self.is_attributes = self._listed.is_attributes or name.rpartition("/")[2].startswith(
            "list_attr"
        )
        # A column that the user names stands in a header.
        self._header_is_sure = self._listed.header_is_sure or any(
            value in self.columns and not value.isdecimal() for value in values
        )
        self._read: dict[str, Column] = {}

    def column(self, name: str) -> Column:
        """The values of a column; rows that are torn or name no file are left out.

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
        if name not in self._read:
            place = self.columns.index(name)
            found: dict[int, str] = {}
            differ: set[int] = set()
            for row in self._complete():
                number, value = self._files.find(row[of_file]), row[place].strip()
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
        """The column whose values name files.

        Its header says so. Of several such headers the surest one counts, whatever the rows say.
        Without such a header, it is the only column that names files, or the only one that names
        them exactly. All rows count.

        Raises:
            SourceError: there is none, several columns could be it, there is no header, or a row
                could name several files.
        """
        said = [place for place in self._places if is_file_header(self.columns[place])]
        scores = self._scores(said or self._places)
        best = self._by_header(said, scores) if said else self._by_values(scores)
        if best not in scores:
            raise SourceError(
                "no row of this file names a file of the source",
                where=self._where,
                fix="add a column file_name with the path of each file, relative to this one",
            )
        if not (self._header_is_sure or is_record_header(self.columns[best])):
            raise SourceError(
                "this file has no header line that names its columns",
                where=self._where,
                fix="add one, with file_name for the column of the file names",
            )
        if scores[best].several:
            folder = f"--images {self._images.rstrip('/') or 'FOLDER'}"
            raise SourceError(
                "rows of this file could name several files of the source",
                where=self._where,
                fix="give the path of each file, relative to this one; or add "
                f"{folder} if it is about the images of this folder",
            )
        return self.columns[best]

    def names_files(self) -> bool:
        """Whether rows name files, even if the file has to be corrected before it can be used."""
        try:
            return bool(self.file_column)
        except SourceError:
            return any(score.exact for score in self._scores(self._places).values())

    @cached_property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return next(self._each(), None) is None

    @property
    def others(self) -> tuple[str, ...]:
        """The columns beside that of the file names; a column without a header is none."""
        return tuple(column for column in self.columns if column not in ("", self.file_column))

    @property
    def _places(self) -> list[int]:
        """Places of the columns that can be the names of the files."""
        count = Counter(self.columns)
        return [
            place
            for place, name in enumerate(self.columns)
            if name not in self._values and count[name] == 1
        ]

    def _by_header(self, said: list[int], scores: Mapping[int, Score]) -> int:
        """The column with the surest header. Rows decide nothing but whether it is refused."""
        best = min(said, key=lambda place: preference(self.columns[place]))
        tied = [
            place
            for place in said
            if preference(self.columns[place]) == preference(self.columns[best])
        ]
        # A key that some objects of JSON lack is no header: one row could have added it.
        if not all(self.columns[place] in self._listed.in_every for place in tied):
            tied = said
        named = [place for place in tied if place in scores]
        best = named[0] if len(named) == 1 else best
        exact = [place for place, score in scores.items() if score.exact and place != best]
        if len(named) > 1 or (best in scores and not scores[best].exact and exact):
            raise self._several()
        return best

    def _by_values(self, scores: Mapping[int, Score]) -> int:
        """The only column that names files, or that names them exactly; -1 for none."""
        if not scores:
            return -1
        best = max(scores, key=lambda place: (scores[place].exact, scores[place].stem))
        if any(score.rivals(scores[best]) for place, score in scores.items() if place != best):
            raise self._several()
        return best

    def _several(self) -> SourceError:
        return SourceError(
            "several columns of this file could be the names of the files",
            where=self._where,
            fix="give the right one the header file_name",
        )

    def _scores(self, places: list[int]) -> dict[int, Score]:
        """How often each of these columns names files; those that never do are left out."""
        scores = {place: Score() for place in places}
        for row in self._complete():
            for place, score in scores.items():
                score.add(self._files.match(row[place]))
        return {place: score for place, score in scores.items() if score.exact or score.stem}

    def _is_value(self, cell: str) -> bool:
        """Whether a cell of the first row belongs to a record, so that there is no header.

        A file that is not there does not make a header: errors quote it.
        """
        return self._files.match(cell).how != NO_MATCH or suffix(cell) in PICTURES

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
        except (ValueError, RecursionError):
            what, fix = "this file cannot be read as a list of labels", SAVE
        raise SourceError(what, where=self._where, fix=fix) from None
