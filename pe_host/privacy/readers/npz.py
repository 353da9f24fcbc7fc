"""Reader `npz`: NumPy archives, as `pe_host.formats.npz` describes them.

An archive holds records (`images` uint8 [n, H, W(, C)], `series` [n, T, F], …), `labels` int [n]
and, optionally, `label_names` and `clients`.
"""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.npz import Layout, layouts
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_BROKEN = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    MemoryError,
)
"""What zipfile and numpy raise for archives that are damaged, encrypted or inconsistent.

NotImplementedError is a RuntimeError.
"""
_PLAIN = (
    "it is truncated or holds Python objects; store plain numbers, and names as an array of strings"
)


def describe(location: str) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    They come from the header of the records, from `label_names` and from the small arrays that
    describe the records (see `pe_host.formats.npz`).

    Raises:
        SourceError: the file is not an npz file, lacks an array, or holds unknown records.
    """
    with _open(location) as archive:
        return _described(archive, location)[1]


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record. Labels are translated by name where the file has `label_names`.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`, labels are not
            integers, there is not one label and client per record, or a label has no name.
    """
    with _open(location) as archive:
        layout, info = _described(archive, location)
        if (info.output.kind, info.output.shape) != (output.kind, output.shape):
            found, planned = info.output, output
            raise SourceError(
                f"records have the shape {found.shape} ({found.kind}), "
                f"expected {planned.shape} ({planned.kind})",
                where=location,
                fix=f"convert the {layout.array} to the planned shape",
            )
        labels = _array(archive, "labels", location)
        clients = _array(archive, "clients", location) if info.clients else None
        stored = _array(archive, layout.array, location)
    for name, column in (("labels", labels), ("clients", clients)):
        if column is not None and (
            column.shape != stored.shape[:1] or column.dtype.kind not in "iu"
        ):
            fix = f"store {name} as an integer array as long as {layout.array}"
            raise SourceError(f"{name} must be integers, one per record", where=location, fix=fix)
    data = layout.records(output, stored)
    return Table(data, _translated(labels, info.label_names, label_names, location), clients)


def _described(archive: zipfile.ZipFile, location: str) -> tuple[Layout, SourceInfo]:
    names = {name.removesuffix(".npy") for name in archive.namelist()}
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
    shape, dtype = _header(archive, layout.array, location)
    try:
        output = layout.spec(
            shape, dtype, lambda name: _array(archive, name, location) if name in names else None
        )
    except SourceError as error:
        raise SourceError(error.what, where=error.where or location, fix=error.fix) from None
    labels = (
        _label_names(_array(archive, "label_names", location), location)
        if "label_names" in names
        else ()
    )
    return layout, SourceInfo(output, labels, clients="clients" in names)


def _open(location: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(Path(location))
    except FileNotFoundError:
        raise SourceError(
            "there is no such file", where=location, fix="pass --data the path of an npz file"
        ) from None
    except OSError as error:
        fix = "check the path and its permissions"
        raise SourceError(f"cannot be opened ({error.strerror})", where=location, fix=fix) from None
    except _BROKEN:
        what = "this is not an npz file, or it is truncated"
        raise SourceError(
            what,
            where=location,
            fix="write it with numpy.savez(path, images=…, labels=…), or series=…",
        ) from None


def _header(
    archive: zipfile.ZipFile, name: str, location: str
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        with archive.open(f"{name}.npy") as member:
            file = cast(BinaryIO, member)
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            else:
                shape, _, dtype = np.lib.format.read_array_header_2_0(file)
            return shape, dtype
    except _BROKEN:
        raise SourceError(
            f"the array {name!r} cannot be read", where=location, fix=_PLAIN
        ) from None


def _array(archive: zipfile.ZipFile, name: str, location: str) -> NDArray[Any]:
    try:
        with archive.open(f"{name}.npy") as member:
            return np.lib.format.read_array(cast(BinaryIO, member), allow_pickle=False)
    except _BROKEN:
        raise SourceError(
            f"the array {name!r} cannot be read", where=location, fix=_PLAIN
        ) from None


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
) -> NDArray[np.int64]:
    """Positions in `wanted`, from positions in `own`.

    Names that are not in `wanted` become -1, which the data set refuses.
    """
    positions = labels.astype(np.int64)
    if not own or own == wanted:
        return positions
    outside = (positions < 0) | (positions >= len(own))
    if outside.any():
        what = f"the label in row {int(outside.argmax())} has no name in label_names"
        raise SourceError(
            what, where=location, fix="store a name for every label, starting with label 0"
        )
    return np.array([wanted.index(name) if name in wanted else -1 for name in own], dtype=np.int64)[
        positions
    ]


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            "npz",
            "NumPy archive with images or series, labels and optional label_names, clients",
            describe,
            read,
        )
    ]
