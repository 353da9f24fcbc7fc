"""What the cells of a label file say: which file a cell names, and which columns name files.

A wrong answer gives records the labels of others. So a cell with a folder in it is a path, never a
plain name, and what could be several files is none.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

NO_MATCH, STEM, EXACT = range(3)
"""How a cell names a file: not at all, by its name without the ending, by its name or path."""

PREFERRED = ("file_name", "filename", "file", "image", "image_id", "path")
"""Headers of the column of file names, the surest first."""

_FILE_WORD = re.compile(
    "file(s|names?|paths?|id)?|fname|images?|image(name|id|path)|imgs?|pictures?|photos?|paths?"
    "|relpath"
)
_RECORD_WORD = re.compile(
    "ids?|uu?id|idx|index|key|names?|number|stem|sample|record|item|case|scan|slide|frame|patch"
    "|tile|study|series|instance|sop|isic|patient|subject|rel(ative)?|full|code|hash|md5"
)
_COUNT_WORD = re.compile("unnamed|idx|index|row|number|no|nr")
_OWNER_WORD = re.compile("case|patient|subject|study|series")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


class Match(NamedTuple):
    """What a cell names.

    Args:
        how: NO_MATCH, STEM or EXACT.
        number: of the file; -1 for none, or for several.
    """

    how: int
    number: int


class FileNames:
    """Files that the rows of a label file name: by path, by name, or by name without ending.

    A cell with a folder in it is a path, or the end of one: `train/1.png` is never `test/1.png`.

    Args:
        names: of all files that rows may be about, relative to the source.
        base: folder of the label file, relative to the source; "" or with `/` at the end.
    """

    def __init__(self, names: Sequence[str], base: str) -> None:
        self._names, self._base = names, base
        self._deepest = max((name.count("/") for name in names), default=0)
        self._ends: dict[int, dict[str, int]] = {}

    def find(self, cell: str) -> int:
        """Return the number of the file, -1 for none or several."""
        return self.match(cell).number

    def match(self, cell: str) -> Match:
        """Return how a cell names which file."""
        cell = cell.strip().replace("\\", "/").removeprefix("./")
        if not cell:
            return Match(NO_MATCH, -1)
        whole = self._base + cell
        exact = self._paths.get(posixpath.normpath(whole) if "../" in cell else whole)
        if exact is None:
            exact = self._one(self._paths.get(cell), self._by_end(cell.count("/")).get(cell))
        stem = None if "/" in cell else self._stems.get(cell)
        if exact is None:
            return Match(NO_MATCH, -1) if stem is None else Match(STEM, stem)
        number = self._one(exact, stem)
        return Match(EXACT, exact if number is None else number)

    @staticmethod
    def _one(*found: int | None) -> int | None:
        """What several ways to read a cell agree on: -1 if they do not, None if all find nothing.

        Otherwise one more file could take over the rows of another.
        """
        numbers = {number for number in found if number is not None}
        return None if not numbers else numbers.pop() if len(numbers) == 1 else -1

    @cached_property
    def _paths(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self._names)}

    def _by_end(self, folders: int) -> dict[str, int]:
        """The file by its name and the last folders above it, as many as asked for."""
        if folders > self._deepest:
            return {}
        if folders not in self._ends:
            # Of names that lie less deep, this would be a copy for each depth that is asked for.
            deep = ((i, name) for i, name in enumerate(self._names) if name.count("/") >= folders)
            ends = ((i, name.rsplit("/", folders + 1)[-folders - 1 :]) for i, name in deep)
            self._ends[folders] = _unique((i, "/".join(end)) for i, end in ends)
        return self._ends[folders]

    @cached_property
    def _stems(self) -> dict[str, int]:
        return _unique((i, _stem(name)) for i, name in enumerate(self._names))


def choose(headers: Sequence[str], values: Collection[str], sure: bool) -> int | None:
    """Choose the column that names files by the headers; no row has a say.

    A header such as `file_name` or `image_id` counts before one such as `id` or `sample`. Of
    several like these, a count of the rows and whose record it is come last.

    Args:
        headers: of all columns; those without a header or with that of another are none.
        values: headers of labels and clients, which name no files.
        sure: whether these are headers for certain, and no row that looks like one.

    Returns:
        The place of the column, or None if there is none, or no single one.
    """
    count = Counter(headers)
    places = [
        place
        for place, header in enumerate(headers)
        if header and count[header] == 1 and header not in values
    ]
    if said := [place for place in places if is_file_header(headers[place])]:
        best = min(map(preference, (headers[place] for place in said)))
        return _single([place for place in said if preference(headers[place]) == best])
    if known := [place for place in places if is_record_header(headers[place])]:
        for last in (_COUNT_WORD, _OWNER_WORD):
            rest = [place for place in known if not _has(headers[place], last)]
            known = rest or known
        return _single(known)
    rest = [place for place in places if not _has(headers[place], _COUNT_WORD)]
    return _single(rest) if sure else None


def _single(places: Sequence[int]) -> int | None:
    return places[0] if len(places) == 1 else None


def _has(header: str, word: re.Pattern[str]) -> bool:
    return any(map(word.fullmatch, _words(header)))


def is_file_header(header: str) -> bool:
    """Whether a header says that a column names files."""
    return is_record_header(header) and any(map(_FILE_WORD.fullmatch, _words(header)))


def is_record_header(header: str) -> bool:
    """Whether this is a header of a column that says which record a row is about, and no value."""
    words = _words(header)
    known = (_FILE_WORD.fullmatch(word) or _RECORD_WORD.fullmatch(word) for word in words)
    return bool(words) and all(known)


def preference(header: str) -> int:
    """Return the place of a header among those of file names; the surest is first."""
    plain = "_".join(_words(header))
    return PREFERRED.index(plain) if plain in PREFERRED else len(PREFERRED)


def _words(header: str) -> list[str]:
    if not header.isascii():
        return [header]
    return [word.lower() for word in _WORD.findall(header)]


def _stem(name: str) -> str:
    plain = name.rpartition("/")[2]
    return plain.rpartition(".")[0] or plain


def _unique(keys: Iterable[tuple[int, str]]) -> dict[str, int]:
    """The number of each key, -1 for those that occur twice."""
    found: dict[str, int] = {}
    for number, key in keys:
        found[key] = -1 if key in found else number
    return found
