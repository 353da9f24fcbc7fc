"""Reader `series`: time series in text files.

CSV and TSV files have a row for each step of a series (long), or a row for each series (wide). The
names of columns or the user decide which columns are what. Files of the UCR archive (`.tsv`,
`.txt`, `.ts`, `.arff`) have a row for each series.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

from pe_host.privacy.readers.series import declare, delimited, ucr
from pe_host.privacy.readers.series.header import read_header
from pe_host.privacy.readers.series.layout import find_layout
from pe_host.privacy.readers.series.lines import Line, open_lines
from pe_host.privacy.readers.series.long import describe_long, read_long
from pe_host.privacy.readers.series.rows import RowFormat, describe_rows, read_rows
from pe_host.privacy.readers.series_names import DIMENSION, PART
from pe_sdk import (
    OutputSpec,
    ReaderSpec,
    SourceError,
    SourceInfo,
    SourceOptions,
    Table,
    hookimpl,
)

TAKES = (
    *declare.TAKES,
    *("id", "time", "values", "labels", "client", "labels_from", "public_classes", "split"),
)

_ORDER = (".tsv", ".ts", ".txt", ".arff", ".csv", "")
"""Formats in the order in which they are preferred, if a data set is there in several."""


def describe(location: str, options: SourceOptions) -> SourceInfo:
    """Spec of a record and class names, from the head of the file and from distinct labels.

    Raises:
        SourceError: there is no such file, or it does not hold series.
    """
    path, said = find_file(location, options)
    with _opened(path, options, _folder(location)) as (lines, found):
        if isinstance(found, delimited.LongText):
            info = describe_long(found)
        else:
            info = describe_rows(found, lines, path)
    return replace(info, layout=said + info.layout)


def read(
    location: str, output: OutputSpec, label_names: tuple[str, ...], options: SourceOptions
) -> Table:
    """Read every series; what is wrong with one is a fault of its record.

    Raises:
        SourceError: see `describe`; or the series take more than half of this machine's memory.
    """
    path, _ = find_file(location, options)
    with _opened(path, options, _folder(location)) as (lines, found):
        if isinstance(found, delimited.LongText):
            return read_long(found, output, label_names)
        return read_rows(found, lines, output, label_names, path)


def find_file(location: str, options: SourceOptions) -> tuple[str, str]:
    """Return the file to read, and in words which part of a data set it is.

    A folder holds `NAME_TRAIN.tsv` and `NAME_TEST.tsv`, as in the UCR archive.

    Raises:
        SourceError: there is no such part, or the folder holds something else.
    """
    path = Path(location)
    if not path.is_dir():
        match = PART.fullmatch(path.name)
        if options.split and (match is None or match["part"].lower() != options.split.lower()):
            raise SourceError(
                f"this file is not the part {options.split!r}",
                where=location,
                fix="pass the folder of the data set, or leave out --split",
            )
        return location, ""
    parts: dict[str, dict[str, list[Path]]] = {}
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=location, fix="fix its permissions") from None
    for entry in entries:
        match = PART.fullmatch(entry.name)
        if match and not DIMENSION.search(match["name"]):
            sets = parts.setdefault(match["part"].lower(), {})
            sets.setdefault(match["name"], []).append(entry)
    wanted = options.split.lower() or ("train" if "train" in parts else "test")
    if wanted not in parts:
        has = f"it has {' and '.join(sorted(parts))}" if parts else "it has no NAME_TRAIN.tsv"
        fix = f"give --split {min(parts)}" if parts else "pass --data one file of series"
        raise SourceError(f"the folder has no part {wanted!r}: {has}", where=location, fix=fix)
    if len(parts[wanted]) > 1:
        raise SourceError(
            f"the folder holds {len(parts[wanted])} data sets",
            where=location,
            fix="pass --data one of its files",
            name=", ".join(sorted(parts[wanted])),  # the names of files can name persons
        )
    (files,) = parts[wanted].values()
    found = min(files, key=lambda entry: _rank(entry.name))
    default = " (--split takes the other)" if not options.split and len(parts) > 1 else ""
    return str(found), f"the part {wanted}{default}: "


def _folder(location: str) -> Path | None:
    """The folder that a file found in it must not lead out of; None if the user named a file."""
    path = Path(location)
    return path if path.is_dir() else None


def _rank(name: str) -> int:
    suffix = Path(name.removesuffix(".gz")).suffix
    return _ORDER.index(suffix) if suffix in _ORDER else len(_ORDER)


@contextmanager
def _opened(
    path: str, options: SourceOptions, inside: Path | None
) -> Iterator[tuple[Iterator[Line], "RowFormat | delimited.LongText"]]:
    """Open a file and read its head; the lines that are left are those of records."""
    suffix = Path(path.lower().removesuffix(".gz")).suffix
    with open_lines(path, inside) as lines:
        if suffix == ".ts":
            lines = ucr.data_lines(lines, "#")
            yield lines, ucr.read_ts(lines, options, path)
        elif suffix == ".arff":
            lines = ucr.data_lines(lines, "%")
            yield lines, ucr.read_arff(lines, options, path)
        else:
            yield _table(path, suffix, lines, options, inside)


def _table(
    path: str, suffix: str, lines: Iterator[Line], options: SourceOptions, inside: Path | None
) -> tuple[Iterator[Line], "RowFormat | delimited.LongText"]:
    part = PART.fullmatch(Path(path).name) is not None
    # Other programs write CSV files called `data_train.csv`, which may have a header of numbers.
    header = read_header(lines, options, path, ucr=part and suffix != ".csv")
    if not header.names:
        label_first = part or suffix != ".csv"
        rows = ucr.values_only(header.line, header.delimiter, options, path, label_first)
        return chain([header.line], lines), rows
    layout = find_layout(header.names, options, path)
    if layout.long:
        return lines, delimited.LongText(header, layout, layout.fill_in(options), path, inside)
    return lines, delimited.wide_format(header, layout, options)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "time series in CSV or TSV files, long or wide, and in UCR files (.tsv, .ts, .arff)"
    return [ReaderSpec("series", summary, describe, read, TAKES)]
