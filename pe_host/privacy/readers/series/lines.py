"""Lines of a text file that is not trusted: plain or gzipped, of bounded length.

Each line stands by itself, so that a stray quotation mark changes no other record.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from pe_host.files import NotAFile, open_regular
from pe_sdk import SourceError

LONGEST = 1 << 24
"""Most bytes of a line."""

_DELIMITERS = "\t;,|"
_OTHER_COMMA = re.compile("(?<![0-9]),|,(?![0-9])")
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8 = b"\xef\xbb\xbf"
_BROKEN = (OSError, EOFError, zlib.error)


class Line(NamedTuple):
    """A line that is not empty.

    Args:
        number: counted from 1, as editors do.
        text: without its end. Bytes that are not UTF-8 stay distinct, as lone surrogates.
    """

    number: int
    text: str


@contextmanager
def open_lines(location: str, inside: Path | None = None) -> Iterator[Iterator[Line]]:
    """Open a file of lines.

    Args:
        location: the file.
        inside: the folder that it must lie in; None for a file that the user named.

    Raises:
        SourceError: there is no such file, it is a link out of the folder, damaged or UTF-16, or a
            line is too long.
    """
    fix = "pass --data the path of a CSV, TSV, .ts or .arff file"
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(location, inside))
            start = file.read(2)
            file.seek(0)
            if start == b"\x1f\x8b":
                unpacked = stack.enter_context(gzip.GzipFile(fileobj=file))
                file = cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, unpacked), 1 << 18))
        except FileNotFoundError:
            raise SourceError("there is no such file", where=location, fix=fix) from None
        except NotAFile as error:
            raise SourceError(f"this is {error}", where=location, fix=fix) from None
        except OSError as error:
            what = f"cannot be opened ({error.strerror})"
            raise SourceError(what, where=location, fix="fix its permissions") from None
        if start in _MARKS:
            raise SourceError("the file is UTF-16", where=location, fix="save it as UTF-8")
        yield _lines(file, location)


def _lines(file: BinaryIO, location: str) -> Iterator[Line]:
    number = 0
    while raw := _read(file, location):
        number += 1
        if len(raw) > LONGEST:
            raise SourceError(
                f"line {number} is longer than {LONGEST >> 20} MiB",
                where=location,
                fix="store one record, or one step of it, in each line",
            )
        if number == 1:
            raw = raw.removeprefix(_UTF8)
            # The whole file would be its header, which errors quote.
            if b"\r" in raw.rstrip(b"\r\n"):
                raise SourceError(
                    "the lines end as on an old Macintosh, with a carriage return only",
                    where=location,
                    fix="save the file with the line ends of Unix or Windows",
                )
        if text := raw.decode("utf-8", "surrogateescape").strip(" \r\n\0"):
            yield Line(number, text)


def _read(file: BinaryIO, location: str) -> bytes:
    try:
        return file.readline(LONGEST + 1)
    except _BROKEN:
        fix = "download or copy the file again"
        raise SourceError("the file is truncated or damaged", where=location, fix=fix) from None


def find_delimiter(text: str) -> str:
    """Return the delimiter of a line: tab, semicolon, comma or bar; "" for white space.

    The most frequent one counts. Beside a semicolon, commas are decimal signs if each stands
    between digits.
    """
    decimal = ";" in text and not _OTHER_COMMA.search(text)
    best = max(_DELIMITERS.replace(",", "") if decimal else _DELIMITERS, key=text.count)
    return best if best in text else ""


def split(text: str, delimiter: str) -> list[str]:
    """Return the cells of a line, without the white space around them.

    There are none if a quotation mark opens a cell and none closes it: where it ends is unknown.
    """
    if not delimiter:
        return text.split()
    if '"' not in text:
        cells = text.split(delimiter)
        spaced = f" {delimiter}" in text or f"{delimiter} " in text
        return [cell.strip() for cell in cells] if spaced else cells
    reader = csv.reader([text, ""], delimiter=delimiter, skipinitialspace=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return []
    if reader.line_num > 1:  # the cell goes on in the next line
        return []
    return [cell.strip() for cell in cells]
