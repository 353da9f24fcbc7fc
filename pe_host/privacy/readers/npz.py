"""Reader `npz`: NumPy archives, as `pe_host.formats.npz` describes them.

An archive holds records (`images` uint8 [n, H, W(, C)], `series` [n, T, F], …), `labels` int [n]
and, optionally, `label_names` and `clients`.
"""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import NotAFile, open_regular
from pe_host.formats.archives import (
    ArchiveError,
    array_names,
    open_archive,
    read_array,
    read_header,
)
from pe_host.formats.npz import SERIES, Layout, layouts
from pe_host.privacy.readers.classes import find_classes
from pe_host.privacy.readers.series.arrays import describe_array, fit_array
from pe_host.privacy.readers.series.declare import TAKES
from pe_host.privacy.readers.series.fit import describe_fit
from pe_host.privacy.records import converted
from pe_host.privacy.stored import records_in_archive
from pe_sdk import (
    OutputSpec,
    ReaderSpec,
    SourceError,
    SourceInfo,
    SourceOptions,
    Table,
    hookimpl,
)


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    They come from the header of the records, from `label_names` and from the small arrays that
    describe the records (see `pe_host.formats.npz`).

    Raises:
        SourceError: the file is not an npz file, lacks an array, or holds unknown records.
    """
    with _open(location) as archive:
        return _described(archive, location, options)[1]


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record. Labels are translated by name where the file has `label_names`.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`, labels are not
            integers, there is not one label and client per record, or a label has no name.
    """
    with _open(location) as archive:
        layout, info = _described(archive, location, options)
        if (info.output.kind, info.output.shape) != (output.kind, output.shape):
            found, planned = info.output, output
            raise SourceError(
                f"records have the shape {found.shape} ({found.kind}), "
                f"expected {planned.shape} ({planned.kind})",
                where=location,
                fix=f"convert the {layout.array} to the planned shape",
            )
        labels = read_array(archive, "labels")
        clients = read_array(archive, "clients") if info.clients else None
        stored = records_in_archive(archive, layout.array, location)
    for name, column in (("labels", labels), ("clients", clients)):
        if column is not None and (
            column.shape != stored.shape[:1] or column.dtype.kind not in "iu"
        ):
            fix = f"store {name} as an integer array as long as {layout.array}"
            raise SourceError(f"{name} must be integers, one per record", where=location, fix=fix)
    own = () if info.counted else info.label_names
    positions, faults = _translated(labels, own, label_names, location)
    if layout is SERIES:
        return fit_array(stored, output, options, location).table(positions, clients, faults)
    data = converted(
        stored, lambda block: layout.records(output, block), output.shape, output.dtype
    )
    return Table(data, positions, clients, faults=faults)


def _described(
    archive: zipfile.ZipFile, location: str, options: SourceOptions
) -> tuple[Layout, SourceInfo]:
    names = array_names(archive)
    found = [layout for layout in layouts() if layout.array in names]
    if len(found) > 1:
        both = " and ".join(repr(layout.array) for layout in found)
        raise SourceError(
            f"the file holds both {both}", where=location, fix="store records of one kind only"
        )
    if not found:
        arrays = " or ".join(repr(layout.array) for layout in layouts())
        raise SourceError(
            f"the array {arrays} is missing", where=location, fix="store records and labels"
        )
    if "labels" not in names:
        raise SourceError(
            "the array 'labels' is missing", where=location, fix="store records and labels"
        )
    layout = found[0]
    shape, dtype = read_header(archive, layout.array)
    try:
        output = layout.spec(
            shape, dtype, lambda name: read_array(archive, name) if name in names else None
        )
    except SourceError as error:
        raise SourceError(error.what, where=error.where or location, fix=error.fix) from None
    public, said = False, tuple[str, ...]()
    if layout is SERIES:
        declared = describe_array(output, options, location)
        output, public = declared.output, declared.public_ranges
        said = describe_fit(output.shape[0], options)
    labels = (
        _label_names(read_array(archive, "label_names"), location) if "label_names" in names else ()
    )
    clients, origin = "clients" in names, "label_names in the file"
    counted = not labels
    if counted:
        stored = read_array(archive, "labels")
        if stored.dtype.kind in "iu":
            classes = find_classes(stored, SourceOptions(), location)
            labels, origin = classes.names, classes.origin
    info = SourceInfo(
        output,
        labels,
        clients=clients,
        layout="NumPy archive",
        names_from=origin,
        public_ranges=public,
        clients_from="the array clients" if clients else "",
        preparation=said,
        counted=counted and bool(labels),
        options=options,
    )
    return layout, info


@contextmanager
def _open(location: str) -> Iterator[zipfile.ZipFile]:
    """Open the archive; what is wrong with it or its arrays becomes a SourceError."""
    try:
        with open_regular(location) as file, open_archive(file) as archive:
            yield archive
    except FileNotFoundError:
        raise SourceError(
            "there is no such file", where=location, fix="pass --data the path of an npz file"
        ) from None
    except OSError as error:
        fix = "check the path and its permissions"
        raise SourceError(f"cannot be opened ({error.strerror})", where=location, fix=fix) from None
    except NotAFile as error:
        fix = "pass --data the path of an npz file"
        raise SourceError(f"this is {error}", where=location, fix=fix) from None
    except ArchiveError as error:
        raise SourceError(error.what, where=location, fix=error.fix, name=error.name) from None


def _label_names(names: NDArray[Any], location: str) -> tuple[str, ...]:
    out = tuple(str(name) for name in names) if names.ndim == 1 and names.dtype.kind == "U" else ()
    if not out or len(set(out)) != len(out):
        fix = "store numpy.array([name, …]) with one distinct name per label, in order"
        raise SourceError(
            "label_names must be an array of distinct strings", where=location, fix=fix
        )
    return out


def _translated(
    labels: NDArray[Any], own: tuple[str, ...], wanted: tuple[str, ...], location: str
) -> tuple[NDArray[np.int64], dict[int, SourceError]]:
    """Positions in `wanted`, from positions in `own`, and the rows whose label has no name.

    Names that are not in `wanted` become -1, which the data set refuses.
    """
    positions = labels.astype(np.int64)
    if not own or own == wanted:
        return positions, {}
    outside = (positions < 0) | (positions >= len(own))
    faults = {
        int(row): SourceError(
            f"the label in row {row} has no name in label_names",
            where=location,
            fix="store a name for every label, starting with label 0",
        )
        for row in np.flatnonzero(outside)
    }
    place = [wanted.index(name) if name in wanted else -1 for name in own]
    return np.array(place, dtype=np.int64)[np.where(outside, 0, positions)], faults


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            "npz",
            "NumPy archive with images or series, labels and optional label_names, clients",
            describe,
            read,
            TAKES,
        )
    ]
