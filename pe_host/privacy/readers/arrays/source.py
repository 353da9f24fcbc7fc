"""A source of arrays: what `describe` decides about it, and the records that `read` returns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.npz import RECORDS, SERIES, Layout
from pe_host.privacy.readers.arrays import images as image_arrays
from pe_host.privacy.readers.arrays.files import SUFFIXES, open_file
from pe_host.privacy.readers.arrays.images import Faults, count_of, find_images
from pe_host.privacy.readers.arrays.keys import NONE, Keys, choose
from pe_host.privacy.readers.arrays.labels import (
    PlainLabels,
    class_names,
    client_codes,
    plain_labels,
)
from pe_host.privacy.readers.arrays.store import ArrayStore
from pe_host.privacy.readers.classes import Classes, find_classes, positions
from pe_host.privacy.readers.series.arrays import describe_array, fit_array
from pe_host.privacy.readers.series.declare import TAKES as SERIES_TAKES
from pe_host.privacy.readers.series.fit import describe_fit
from pe_host.privacy.records import converted
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

TAKES = tuple(
    dict.fromkeys(
        (
            *("images", "labels", "client", "split", "labels_from", "public_classes"),
            *image_arrays.TAKES,
            *SERIES_TAKES,
        )
    )
)

ONE_CLASS = "all"
"""The name of the class of records without labels, unless the user names it."""

_OWN = ("images", SERIES.array, RECORDS.array)
"""The arrays of records in a file that pe writes, which need not be named."""

_SHOWN = 12
"""Names of arrays that are not read, in what is said about a source."""


@dataclass(frozen=True)
class _Records:
    """The array of the records.

    Args:
        output: spec of a record.
        count: number of records in the array.
        sentences: what happens to each, in a few words.
        public_ranges: as in `SourceInfo`.
        table: reads them; called with labels, clients and what is wrong with which of those.
    """

    output: OutputSpec
    count: int
    sentences: tuple[str, ...]
    public_ranges: bool
    table: Callable[[NDArray[np.int64], NDArray[np.int64] | None, Faults], Table]


@dataclass(frozen=True)
class _Found:
    """What is known about a source before its records are read.

    Args:
        keys: the arrays.
        records: what the records are.
        labels: the labels, None if there are none.
        own_names: the class names in the source, or ().
        options: the options, with `images`, `labels` and `split` filled in where they differ from
            those of a file that pe writes.
    """

    keys: Keys
    records: _Records
    labels: PlainLabels | None
    own_names: tuple[str, ...]
    options: SourceOptions


def describe(store: ArrayStore, options: SourceOptions) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    They come from headers, from arrays of names and from the largest label. The decisions are in
    the options of what is returned.

    Raises:
        SourceError: an array is missing or of another kind, or it does not follow how to read it.
    """
    found = _find(store, options)
    keys, classes = found.keys, _classes(found, store.where)
    unread = [f"array {name}" for name in keys.unread[:_SHOWN]]
    if len(keys.unread) > _SHOWN:
        unread.append(f"{len(keys.unread) - _SHOWN} more")
    return SourceInfo(
        found.records.output,
        classes.names,
        clients=bool(keys.clients),
        layout=_layout(store, found),
        names_from=classes.origin,
        clients_from=f"the array {keys.clients}" if keys.clients else "",
        public_ranges=found.records.public_ranges,
        preparation=found.records.sentences,
        passed_over=tuple(unread),
        counted=classes.counted,
        options=classes.options,
    )


def read(
    store: ArrayStore, output: OutputSpec, label_names: tuple[str, ...], options: SourceOptions
) -> Table:
    """Every record, as `describe` has decided. Labels are matched by name where they have names.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`.
    """
    found = _find(store, options)
    planned = found.records.output
    if (planned.kind, planned.shape) != (output.kind, output.shape):
        raise SourceError(
            f"records have the shape {planned.shape} ({planned.kind}), "
            f"expected {output.shape} ({output.kind})",
            where=store.where,
            fix="convert the records to the planned shape",
        )
    faults: Faults = {}
    clients: NDArray[np.int64] | None = None
    if key := found.keys.clients:
        plain = client_codes(store.array(key), key, found.records.count, store.where)
        clients = plain.values
        _add_faults(faults, plain, f"{key} in row", store.where)
    places = _places(found, label_names, faults, store.where)
    return found.records.table(places, clients, faults)


def _find(store: ArrayStore, options: SourceOptions) -> _Found:
    native = _native_layout(store, options)
    outside = _label_file(store.where, options)
    inside = replace(options, labels=NONE) if outside else options
    keys = choose(store, inside, "" if native is None else native.array)
    if native is None:
        records = _images(store, keys.images, options)
    else:
        records = _in_layout(store, native, options)
    labels: PlainLabels | None
    if outside:
        labels, named = _labels_of_file(*outside, records.count, store.where)
    else:
        labels, named = _labels_inside(store, keys, records.count)
    own = class_names(store.array(keys.names), keys.names, store.where) if keys.names else ()
    decided = replace(
        options,
        images="" if keys.images in _OWN else keys.images,
        labels="" if named == "labels" else named,
        split=keys.split if options.split or len(keys.parts) > 1 else "",
    )
    return _Found(keys, records, labels, own, decided)


def _native_layout(store: ArrayStore, options: SourceOptions) -> Layout | None:
    """The layout of records that are not images, in a file as pe writes it."""
    names = store.names()
    found = [layout for layout in (SERIES, RECORDS) if layout.array in names]
    if options.images or not found:
        return None
    if len(found) > 1 or "images" in names:
        both = " and ".join(repr(name) for name in _OWN if name in names)
        raise SourceError(
            f"the file holds both {both}",
            where=store.where,
            fix="store records of one kind only, or say which are images with --images KEY",
        )
    return found[0]


def _check_options(
    store: ArrayStore, options: SourceOptions, taken: tuple[str, ...], kind: str
) -> None:
    """Raise SourceError for an option about records of another kind: it would do nothing."""
    for name in options.given():
        if name in {*image_arrays.TAKES, *SERIES_TAKES} - {*taken}:
            raise SourceError(
                f"these are {kind}, which --{name.replace('_', '-')} does not apply to",
                where=store.where,
                fix="leave it out",
            )


def _images(store: ArrayStore, name: str, options: SourceOptions) -> _Records:
    shape, dtype = store.header(name)
    _check_options(store, options, image_arrays.TAKES, "images")
    found = find_images(shape, dtype, name, options, store.where)

    def table(
        labels: NDArray[np.int64], clients: NDArray[np.int64] | None, faults: Faults
    ) -> Table:
        records, of_records = found.read(store.records(name), name, store.where)
        return Table(records, labels, clients, faults={**faults, **of_records})

    return _Records(found.output, count_of(shape, options), found.sentences(), False, table)


def _in_layout(store: ArrayStore, layout: Layout, options: SourceOptions) -> _Records:
    names, where = store.names(), store.where
    shape, dtype = store.header(layout.array)
    try:
        output = layout.spec(
            shape, dtype, lambda name: store.array(name) if name in names else None
        )
    except SourceError as error:
        raise SourceError(error.what, where=error.where or where, fix=error.fix) from None
    taken = SERIES_TAKES if layout is SERIES else ()
    _check_options(store, options, taken, layout.array)
    if layout is SERIES:
        declared = describe_array(output, options, where)
        planned = declared.output

        def fitted(
            labels: NDArray[np.int64], clients: NDArray[np.int64] | None, faults: Faults
        ) -> Table:
            records = fit_array(store.records(layout.array), planned, options, where)
            return records.table(labels, clients, faults)

        said = describe_fit(planned.shape[0], options)
        return _Records(planned, shape[0], said, declared.public_ranges, fitted)

    def table(
        labels: NDArray[np.int64], clients: NDArray[np.int64] | None, faults: Faults
    ) -> Table:
        stored = store.records(layout.array)
        records = converted(
            stored, lambda block: layout.records(output, block), output.shape, output.dtype
        )
        return Table(records, labels, clients, faults=faults)

    return _Records(output, shape[0], (), False, table)


def _label_file(where: str, options: SourceOptions) -> tuple[Path, str] | None:
    """The file that --labels names, and the key or column behind it; None if it names none.

    A relative path is looked for beside the records and in the working folder.
    """
    path, key = options.labels, ""
    if not path.lower().endswith(SUFFIXES):
        path, _, key = options.labels.rpartition(":")
    if not path.lower().endswith(SUFFIXES):
        return None
    places = dict.fromkeys(p for p in (_folder_of(where) / path, Path(path)) if p.exists())
    if not places:
        raise SourceError(
            f"there is no file {path}, neither beside the records nor in the working folder",
            where=where,
            fix="give --labels the path of a file of labels, or the name of an array",
        )
    if len({place.resolve() for place in places}) > 1:
        raise SourceError(
            f"there is a file {path} beside the records, and another one in the working folder",
            where=where,
            fix=f"give --labels the whole path, such as {Path(path).absolute()}",
        )
    return next(iter(places)), key


def _folder_of(where: str) -> Path:
    """The folder of the records; of several files, that of the first."""
    path = Path(where.split(",")[0])
    return path if path.is_dir() else path.parent


def _labels_inside(store: ArrayStore, keys: Keys, rows: int) -> tuple[PlainLabels | None, str]:
    """The labels, and the value of --labels that names them."""
    if not keys.labels:
        return None, NONE
    plain = plain_labels(store.array(keys.labels), keys.labels, keys.column, rows, store.where)
    return plain, keys.labels + ("" if keys.column is None else f":{keys.column}")


def _labels_of_file(path: Path, key: str, rows: int, where: str) -> tuple[PlainLabels, str]:
    """Labels in a file of their own, and the value of --labels that names them.

    Args:
        path: an npy or npz file.
        key: an array of it, a column in digits, or "".
        rows: number of records.
        where: the source of the records.
    """
    column, name = (int(key), "") if key.isascii() and key.isdigit() else (None, key)
    with open_file(str(path)) as file:
        there = file.names()
        wanted = name or (there[0] if len(there) == 1 else "labels")
        if wanted not in there:
            raise SourceError(
                f"there is no array {wanted!r}; there are {', '.join(there)}",
                where=str(path),
                fix=f"name one, as in --labels {path}:{there[0]}" if there else file.hint,
            )
        plain = plain_labels(file.array(wanted), wanted, column, rows, str(path))
    folder = _folder_of(where)
    # Beside the records, so that the file is found again after both are moved.
    kept = path.relative_to(folder) if path.is_relative_to(folder) else path.absolute()
    return plain, f"{kept}:{key}" if key else str(kept)


def _classes(found: _Found, where: str) -> Classes:
    options = found.options
    if found.labels is None:
        names = options.classes or found.own_names or (ONE_CLASS,)
        if len(names) != 1:
            raise SourceError(
                f"there are no labels, so there is one class and not {len(names)}",
                where=where,
                fix="name one class with --classes, or say where the labels are with --labels",
            )
        return Classes(names, "no labels: one class", False, options)
    if found.labels.classes is not None:
        return _of_columns(found, found.labels.classes, where)
    own = found.own_names
    declared = replace(options, classes=own) if own else options
    classes = find_classes(found.labels.good, declared, where)
    origin = f"{found.keys.names} in the file" if own else classes.origin
    if (first := classes.options.labels_from) and not classes.counted:
        origin += f", for labels from {first}"
    decided = replace(classes.options, classes=options.classes)
    return Classes(classes.names, origin, classes.counted, decided)


def _of_columns(found: _Found, count: int, where: str) -> Classes:
    """The classes of one-hot labels, of which each has a column."""
    options = found.options
    names = found.own_names or options.classes or tuple(map(str, range(count)))
    if len(names) != count:
        raise SourceError(
            f"one-hot labels have {count} columns, and there are {len(names)} class names",
            where=where,
            fix=f"name all {count} classes, in order, with --classes A,B,…; or, if these are not "
            "one-hot, take a column with --labels KEY:COLUMN",
        )
    origin = f"{found.keys.names} in the file" if found.own_names else "the columns of the labels"
    return Classes(names, origin, False, replace(options, labels_from=None))


def _places(
    found: _Found, wanted: tuple[str, ...], faults: Faults, where: str
) -> NDArray[np.int64]:
    """Positions in the wanted names; -1 for a name that is not wanted, which the host refuses."""
    if found.labels is None:
        return np.zeros(found.records.count, np.int64)
    _add_faults(faults, found.labels, "the label in row", where)
    own = found.own_names or wanted
    places = positions(found.labels.values, own, found.options)
    if own == wanted:
        return places
    for row in np.flatnonzero(places < 0).tolist():
        what = f"the label in row {row} has no name in {found.keys.names}"
        fix = "store a name for every label, starting with label 0, or remove such records"
        faults.setdefault(row, SourceError(what, where=where, fix=fix))
    place = [wanted.index(name) if name in wanted else -1 for name in own]
    return np.array(place, dtype=np.int64)[np.where(places < 0, 0, places)]


def _add_faults(faults: Faults, plain: PlainLabels, of_row: str, where: str) -> None:
    for row, what in plain.faults.items():
        fix = "fix it, or remove such records; `--bad-records drop` leaves them out"
        faults.setdefault(row, SourceError(f"{of_row} {row} {what}", where=where, fix=fix))


def _layout(store: ArrayStore, found: _Found) -> str:
    options = found.options
    labels = options.labels or ("labels" if found.labels else NONE)
    said = f"{store.layout}: {found.keys.images} "
    said += "without labels" if labels == NONE else f"with {labels}"
    others = [part for part in found.keys.parts if part != found.keys.split]
    if others:
        part = found.keys.split or "without a name"
        said += f", the part {part}; --split {' or '.join(others)} reads another"
    return said
