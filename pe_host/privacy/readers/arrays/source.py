"""A source of arrays: what `describe` decides about it, and the records that `read` returns."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.npz import METADATA, RECORDS, SERIES, Layout
from pe_host.privacy.readers.arrays import images as image_arrays
from pe_host.privacy.readers.arrays.files import SUFFIXES, open_file
from pe_host.privacy.readers.arrays.images import Faults, count_of, find_images
from pe_host.privacy.readers.arrays.keys import NONE, Keys, choose, shown_names
from pe_host.privacy.readers.arrays.labelled import Labelled, LabelledRecords, of_parts
from pe_host.privacy.readers.arrays.labels import (
    PlainLabels,
    class_names,
    client_codes,
    plain_labels,
)
from pe_host.privacy.readers.arrays.store import ArrayStore
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

_OWN = ("images", SERIES.array, RECORDS.array)
"""The arrays of records in a file that pe writes, which need not be named."""

_SHOWN = 12
"""Names of arrays that are not read, in what is said about a source."""


def describe(store: ArrayStore, options: SourceOptions) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    They come from headers, from arrays of names and from the largest label. The decisions are in
    the options of what is returned.

    Raises:
        SourceError: an array is missing or of another kind, or it does not follow how to read it.
    """
    return _find(store, options).describe()


def read(
    store: ArrayStore, output: OutputSpec, label_names: tuple[str, ...], options: SourceOptions
) -> Table:
    """Every record, as `describe` has decided. Labels are matched by name where they have names.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`.
    """
    return _find(store, options).read(output, label_names)


def _find(store: ArrayStore, options: SourceOptions) -> Labelled:
    native, where = _native_layout(store, options), store.where
    outside = _label_file(where, options)
    inside = replace(options, labels=NONE) if outside else options
    if native is None:
        keys = choose(store, inside)
        records = _images(store, keys.images, options)
    else:
        records = _in_layout(store, native, options)  # which checks the axes
        keys = choose(store, inside, native.array)
    labels: PlainLabels | None
    if outside:
        labels, named = _labels_of_file(*outside, records.count, where)
    else:
        labels, named = _labels_inside(store, keys, records.count)
    own = class_names(store.array(keys.names), keys.names, where) if keys.names else ()
    clients = None
    if keys.clients:
        clients = client_codes(store.array(keys.clients), keys.clients, records.count, where)
    decided = replace(
        options,
        images="" if keys.images in _OWN else keys.images,
        # The plain name is found again by itself, unless the images are of a part.
        labels="" if named == "labels" and not keys.split else named,
        split=keys.split if options.split or len(keys.parts) > 1 else "",
    )
    others = [name for name in keys.unread if native is None or name not in METADATA]
    unread = [f"array {name}" for name in shown_names(store, others)[:_SHOWN]]
    if more := len(others) - len(unread):
        unread.append(f"{more:,} more" if unread else f"arrays of other names: {more:,}")
    return Labelled(
        where=where,
        layout=_layout(store, keys, named),
        records=records,
        labels=labels,
        own_names=own,
        names_in=f"{keys.names} in the file",
        clients=clients,
        clients_in=f"the array {keys.clients}" if keys.clients else "",
        passed_over=tuple(unread),
        options=decided,
    )


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


def _images(store: ArrayStore, name: str, options: SourceOptions) -> LabelledRecords:
    shape, dtype = store.header(name)
    _check_options(store, options, image_arrays.TAKES, "images")
    found = find_images(shape, dtype, name, options, store.where)

    def table(
        labels: NDArray[np.int64], clients: NDArray[np.int64] | None, faults: Faults
    ) -> Table:
        records, of_records = found.read(store.records(name), name, store.where)
        return Table(records, labels, clients, faults={**faults, **of_records})

    return LabelledRecords(found.output, count_of(shape, options), found.sentences(), False, table)


def _in_layout(store: ArrayStore, layout: Layout, options: SourceOptions) -> LabelledRecords:
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
        return LabelledRecords(planned, shape[0], said, declared.public_ranges, fitted)

    def table(
        labels: NDArray[np.int64], clients: NDArray[np.int64] | None, faults: Faults
    ) -> Table:
        stored = store.records(layout.array)
        records = converted(
            stored, lambda block: layout.records(output, block), output.shape, output.dtype
        )
        return Table(records, labels, clients, faults=faults)

    return LabelledRecords(output, shape[0], (), False, table)


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
    path = Path(where)
    path = path if path.exists() else Path(where.split(",")[0])
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
    column, name = (int(key), "") if re.fullmatch("[0-9]{1,9}", key) else (None, key)
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
    path, folder = path.absolute(), _folder_of(where).absolute()
    # Beside the records, so that the file is found again after both are moved.
    kept = path.relative_to(folder) if path.is_relative_to(folder) else path
    return plain, f"{kept}:{key}" if key else str(kept)


def _layout(store: ArrayStore, keys: Keys, labels: str) -> str:
    said = f"{store.layout}: {keys.images} "
    said += "without labels" if labels == NONE else f"with {labels}"
    return said + of_parts(keys.parts, keys.split)
