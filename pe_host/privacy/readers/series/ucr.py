"""The formats of the UCR archive of classified series: `.tsv` and `.txt`, `.ts`, and `.arff`."""

import re
from collections.abc import Iterator

from pe_host.privacy.readers.series.lines import Line, split
from pe_host.privacy.readers.series.rows import Row, RowFormat
from pe_sdk import SourceError, SourceOptions

_MOST_DIMENSIONS = 100_000

_PLAIN = "use the .tsv or .ts file of the same data set"


def values_only(
    line: Line, delimiter: str, options: SourceOptions, where: str, label_first: bool
) -> RowFormat:
    """The format of a file without a header line: columns are numbered from 1.

    Args:
        line: its first line of values. The number of columns counts as public.
        delimiter: "" for white space.
        options: what the user declares; `labels` is the number of a column.
        where: the file, for errors.
        label_first: whether the format puts the label first, as UCR files do.

    Raises:
        SourceError: nothing says where the labels are, or there is no such column.
    """
    count = len(split(line.text, delimiter))
    column = _label_column(options, count, where, label_first)
    client = _column_number(options.client, count, "client", where)
    others = {number - 1 for number in (column, client) if number}

    def parse(text: str) -> Row:
        cells = split(text, delimiter)
        if len(cells) <= max(others, default=-1):
            return Row("", "", (), f"has {len(cells)} columns, expected {count}")
        steps = [cell for i, cell in enumerate(cells) if i not in others]
        return Row(
            cells[column - 1] if column else "", cells[client - 1] if client else "", (steps,)
        )

    where_label = {0: "without labels", 1: "label first", count: "label last"}
    said = where_label.get(column, f"label in column {column}")
    return RowFormat(
        f"{'UCR file' if label_first else 'CSV without a header line'}, a row a series: {said}",
        ("x1",),
        parse,
        options,
        labels=column > 0,
        client=f"column {client}" if client else "",
        from_one=label_first,
        comma=delimiter == ";",
    )


def _label_column(options: SourceOptions, count: int, where: str, label_first: bool) -> int:
    if options.labels:
        return _column_number(options.labels, count, "labels", where)
    if label_first:
        return 1
    if len(options.classes) == 1:
        return 0
    raise SourceError(
        "the file has no header line that says which column holds the labels",
        where=where,
        fix=f"add --labels 1 or --labels {count} for the first or the last column, or "
        "--classes all if there are no labels",
    )


def _column_number(text: str, count: int, option: str, where: str) -> int:
    if not text:
        return 0
    if 1 <= (_whole(text) or 0) <= count:
        return int(text)
    raise SourceError(
        f"there is no column {text!r} in a file without a header line",
        where=where,
        fix=f"give the number of the column, as in --{option} 1; there are {count}",
    )


def read_ts(lines: Iterator[Line], options: SourceOptions, where: str) -> RowFormat:
    """The format `.ts` of sktime, aeon and timeseriesclassification.com.

    Its head has lines such as `@seriesLength 150` and `@classLabel true 1 2`, up to `@data`. A line
    has the dimensions with colons between, and the label last.

    Raises:
        SourceError: the head is incomplete, or the series carry time stamps.
    """
    head = _head(lines, where)
    if head.get("timestamps", ["false"])[0].lower() == "true":
        raise SourceError(
            "series with time stamps are not read from .ts files", where=where, fix=_PLAIN
        )
    declared = head.get("classlabel", head.get("targetlabel", ["false"]))
    labels = declared[0].lower() == "true"
    names = tuple(declared[1:]) if labels else ()
    if len(set(names)) != len(names):
        raise SourceError(
            "@classLabel names a class twice", where=where, fix="remove one of the two"
        )
    count = _whole(head.get("dimensions", ["1"])[0])
    dimensions = max(1, count or 1)
    if dimensions > _MOST_DIMENSIONS:
        raise SourceError(
            f"@dimensions announces {dimensions:,} dimensions, more than {_MOST_DIMENSIONS:,}",
            where=where,
            fix=_PLAIN,
        )
    length = _whole(head.get("serieslength", [""])[0])

    def parse(text: str) -> Row:
        parts = text.split(":")
        label = parts.pop().strip() if labels else ""
        return Row(label, "", tuple(split(part, ",") for part in parts))

    return RowFormat(
        ".ts file, a row a series: label last" if labels else ".ts file, a row a series",
        tuple(f"x{i + 1}" for i in range(dimensions)),
        parse,
        _without_columns(options, where),
        length=length,
        names=names,
        labels=labels,
    )


def read_arff(lines: Iterator[Line], options: SourceOptions, where: str) -> RowFormat:
    """The format `.arff` of Weka: attributes, then a line of values for each series.

    The attribute with a list of values is the label, and the list its class names.

    Raises:
        SourceError: the head is incomplete, or has attributes of other kinds.
    """
    kinds: list[tuple[str, str]] = []
    for line in lines:
        word, _, rest = line.text.partition(" ")
        if word.lower() == "@data":
            break
        if word.lower() == "@attribute":
            kinds.append(_attribute(rest.strip()))
    else:
        raise _no_data(where)
    listed = [i for i, (_, kind) in enumerate(kinds) if kind.startswith("{")]
    wrong = [kind for i, (_, kind) in enumerate(kinds) if i not in listed and not _is_real(kind)]
    if wrong or len(listed) > 1 or len(kinds) - len(listed) < 1:
        raise SourceError(
            "the file has other attributes than numbers and one list of class names",
            where=where,
            fix=f"series of several features have no such file; {_PLAIN}",
        )
    place = listed[0] if listed else -1
    names = tuple(_unquoted(name) for name in kinds[place][1].strip("{} ").split(","))
    count = len(kinds)

    def parse(text: str) -> Row:
        cells = split(text, ",")
        if len(cells) != count:
            return Row("", "", (), f"has {len(cells)} values, expected {count}")
        label = _unquoted(cells.pop(place)) if listed else ""
        return Row(label, "", (cells,))

    return RowFormat(
        ".arff file, a row a series" + (f": label {kinds[place][0]!r}" if listed else ""),
        ("x1",),
        parse,
        _without_columns(options, where),
        length=count - len(listed),
        names=names if listed else (),
        labels=bool(listed),
    )


def data_lines(lines: Iterator[Line], mark: str) -> Iterator[Line]:
    """The lines without comments, which begin with the mark."""
    return (line for line in lines if not line.text.startswith(mark))


def _head(lines: Iterator[Line], where: str) -> dict[str, list[str]]:
    head: dict[str, list[str]] = {}
    for line in lines:
        words = line.text.split() or [""]  # a line of tabs
        if words[0].lower() == "@data":
            return head
        if words[0].startswith("@"):
            head[words[0][1:].lower()] = words[1:] or [""]
    raise _no_data(where)


def _no_data(where: str) -> SourceError:
    return SourceError("the file has no line @data", where=where, fix="download the file again")


def _attribute(text: str) -> tuple[str, str]:
    """Name and kind of an attribute."""
    match = re.fullmatch(r"""('[^']*'|"[^"]*"|\S+?)\s*(\{.*|\S+)\s*""", text)
    return (_unquoted(match[1]), match[2]) if match else (text, "")


def _is_real(kind: str) -> bool:
    return kind.lower() in ("numeric", "real", "integer")


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _without_columns(options: SourceOptions, where: str) -> SourceOptions:
    """The options; columns have no names here."""
    for option in ("labels", "client", "values"):
        if getattr(options, option):
            raise SourceError(
                "the columns of this format have no names",
                where=where,
                fix=f"leave out --{option}; the head of the file says where the label is",
            )
    return options


def _whole(text: str) -> int | None:
    """A whole number from 1 to 999,999,999, or None."""
    return (int(text) or None) if re.fullmatch("[0-9]{1,9}", text) else None
