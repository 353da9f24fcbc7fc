"""Text files with a series in each line: wide CSV, and the formats of the UCR archive.

A format turns the head of a file, which is public, into a `RowFormat`; lines are then read one by
one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.privacy.readers.cells import label_of, numbers
from pe_host.privacy.readers.classes import Classes
from pe_host.privacy.readers.series.declare import make_output
from pe_host.privacy.readers.series.fit import Fitted, Ragged, describe_fit, fit, too_large
from pe_host.privacy.readers.series.labels import (
    classes_of,
    client_codes,
    label_faults,
    one_class,
    to_positions,
)
from pe_host.privacy.readers.series.lines import Line
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

NOT_A_NUMBER = "has a value that is not a number"
OTHER_VALUES = "name the columns of values with --values A,B,…"


@dataclass(frozen=True)
class Row:
    """One line.

    Args:
        label, client: their cells, "" where there is none.
        cells: for each feature its steps.
        wrong: what is wrong with the line as a whole, in words that follow "line 3".
    """

    label: str
    client: str
    cells: tuple[list[str], ...]
    wrong: str = ""


@dataclass(frozen=True)
class RowFormat:
    """What the head of a file says.

    Args:
        layout: what the file is taken for, in words.
        features: names of the features.
        parse: text of a line -> Row.
        length: number of steps, or None if the head does not say.
        names: class names that the head declares, in order.
        labels: whether there are labels.
        client: whether there are clients; where they are from, in words.
        from_one: whether classes without names count from 1.
        comma: whether a comma can be the decimal sign.
        passed_over: what is not read.
        options: the options, with what the head decides.
    """

    layout: str
    features: tuple[str, ...]
    parse: Callable[[str], Row]
    options: SourceOptions
    length: int | None = None
    names: tuple[str, ...] = ()
    labels: bool = True
    client: str = ""
    from_one: bool = False
    comma: bool = False
    passed_over: tuple[str, ...] = ()


def describe_rows(form: RowFormat, lines: Iterator[Line], where: str) -> SourceInfo:
    """Spec of a record and class names, from the head, the first series and the labels.

    Raises:
        SourceError: there is no series, names of classes are private, or lengths do not fit.
    """
    options, found, first = form.options, set[str](), form.length
    searched = form.labels and not form.names
    if searched or first is None:
        for line in lines:
            row = form.parse(line.text)
            found.add(label_of(row.label))
            if first is None and not row.wrong:
                first = len(row.cells[0])
            if first is not None and not searched:
                break
    if not first:
        raise SourceError(
            "there is no series in the file", where=where, fix="use a file with records"
        )
    length = options.length or first
    if form.length and length != form.length and not options.fit:
        raise SourceError(
            f"each row has {form.length} steps, not {length}",
            where=where,
            fix=f"leave out --length, or add --fit {'crop' if length < form.length else 'pad'} "
            "or --fit stretch",
        )
    if form.names:
        classes = Classes(form.names, "the head of the file", False, options)
    elif form.labels:
        classes = classes_of(found - {""}, options, where, from_one=form.from_one)
    else:
        classes = one_class(options, where)
    made = make_output(length, form.features, options, where)
    said = []
    if not (options.length or form.length):
        said.append(f"{length} steps: those of the first series, which count as public")
    if form.comma:
        said.append("a comma in a number is the decimal sign")
    return SourceInfo(
        made.output,
        classes.names,
        clients=bool(form.client),
        public_ranges=made.public_ranges,
        layout=form.layout,
        names_from=classes.origin,
        clients_from=form.client,
        preparation=(*said, *describe_fit(length, options)),
        passed_over=form.passed_over,
        counted=classes.counted,
        options=classes.options,
    )


def read_rows(
    form: RowFormat,
    lines: Iterable[Line],
    output: OutputSpec,
    label_names: tuple[str, ...],
    where: str,
) -> Table:
    """Read every series; what is wrong with a line is a fault of its record.

    Raises:
        SourceError: the series take more than half of this machine's memory.
    """
    check_planned(form.features, output, where)
    parts, lengths, numbered = list[NDArray[np.float32]](), list[int](), list[int]()
    labels, clients, faults = list[str](), list[str](), dict[int, SourceError]()
    size, most = 0, most_bytes()
    for i, line in enumerate(lines):
        row = form.parse(line.text)
        block, wrong = _values(row, len(form.features), form.comma)
        if wrong:
            faults[i] = _wrong_line(line, wrong, where)
        size += block.nbytes + 200  # and the objects that hold it
        if size > most:
            raise too_large(where)
        parts.append(block)
        lengths.append(len(block))
        numbered.append(line.number)
        labels.append(label_of(row.label))
        clients.append(row.client)
    return assemble(
        Ragged(
            np.concatenate(parts) if parts else np.zeros((0, len(form.features)), np.float32),
            np.array(lengths, np.int64),
            lambda i: f"line {numbered[i]}",
            faults,
        ),
        labels if form.labels else None,
        clients if form.client else None,
        output,
        label_names,
        form.options,
        where,
        named=bool(form.names),
    )


def assemble(
    series: Ragged,
    labels: list[str] | None,
    clients: list[str] | None,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions,
    where: str,
    *,
    named: bool = False,
) -> Table:
    """Fit the series, and join them with labels and clients, given as texts.

    Args:
        series: the series.
        labels: the label of each, or None if all are of the one class.
        clients: the client of each, or None.
        output: the planned spec.
        label_names: the class names.
        options: how the series are read.
        where: the file, for errors.
        named: whether the file declares the names of its classes, so that labels are names.
    """
    fitted = fit(series, output, options, where)
    return join(fitted, series.places, labels, clients, label_names, options, where, named=named)


def join(
    fitted: Fitted,
    places: Callable[[int], str],
    labels: list[str] | None,
    clients: list[str] | None,
    label_names: tuple[str, ...],
    options: SourceOptions,
    where: str,
    *,
    named: bool = False,
) -> Table:
    """Join fitted series with labels and clients; see `assemble`."""
    faults: dict[int, SourceError] = {}
    positions = np.zeros(len(fitted.kept), np.int64)
    if labels is not None:
        positions = to_positions(labels, label_names, options, named=named)
        faults = label_faults(labels, positions, places, where)
    codes = None
    if clients is not None:
        codes, missing = client_codes(clients, places, where)
        faults = {**missing, **faults}
    return fitted.table(positions, codes, faults)


def check_planned(features: tuple[str, ...], planned: OutputSpec, where: str) -> None:
    """Raise SourceError unless a file still holds series of the planned features."""
    if planned.kind != "series" or planned.shape[1] != len(features):
        raise SourceError(
            f"the file holds series of {len(features)} features, not the planned {planned.form}",
            where=where,
            fix="use the file that the run was planned for",
        )


def _values(row: Row, features: int, comma: bool) -> tuple[NDArray[np.float32], str]:
    """The values [L, F] of a line, and what is wrong with it."""
    nothing = np.zeros((0, features), np.float32)
    if row.wrong:
        return nothing, row.wrong
    if len(row.cells) != features:
        return nothing, f"has another number of features than {features}"
    if len({len(cells) for cells in row.cells}) > 1:
        return nothing, "has features of different lengths"
    columns = []
    for cells in row.cells:
        column, odd = numbers(cells, comma)
        if odd.any():
            return nothing, f"{NOT_A_NUMBER} in step {int(odd.argmax()) + 1}"
        columns.append(column)
    with np.errstate(over="ignore"):  # a value too large becomes infinite, which is refused later
        return np.stack(columns, axis=1).astype(np.float32), ""


def _wrong_line(line: Line, wrong: str, where: str) -> SourceError:
    fix = "correct it, or leave such records out with --bad-records drop"
    if wrong.startswith(NOT_A_NUMBER):
        fix = f"{OTHER_VALUES}, or {fix}"
    return SourceError(f"line {line.number} {wrong}", where=where, fix=fix)
