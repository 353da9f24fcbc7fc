"""Reader `npz`: `images` uint8 [n, H, W(, C)], `labels` int [n], optional `label_names` and `clients`."""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_BROKEN = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError)
_PLAIN = "it is cut short, or holds Python objects: store plain numbers, and names as an array of strings"


def describe(location: str) -> SourceInfo:
    """Form of a record and class names: from the header of `images` and from `label_names`; no record is read.

    Raises:
        SourceError: no npz file, a missing array, or images that are not uint8 [n, H, W] or [n, H, W, C] with C = 1 or 3.
    """
    with _open(location) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        for needed in ("images", "labels"):
            if needed not in names:
                raise SourceError(f"the array {needed!r} is missing", where=location, fix="store images and labels")
        shape, dtype = _header(archive, "images", location)
        if dtype != np.uint8:
            raise SourceError(
                f"images must be uint8, not {dtype}", where=location, fix="scale them to 0..255 and round"
            )
        if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)) or 0 in shape[1:]:
            raise SourceError(
                f"images must be [n, H, W] or [n, H, W, 1 or 3], not {list(shape)[1:]} a record",
                where=location,
                fix="store an array of gray or colour pictures of one size",
            )
        labels = _label_names(_array(archive, "label_names", location), location) if "label_names" in names else ()
        return SourceInfo(OutputSpec.image(*shape[1:3], *shape[3:]), labels, clients="clients" in names)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record. Labels are translated by name where the file has `label_names`.

    Raises:
        SourceError: see `describe`; or records of another shape than `output`, labels that are no integers, labels or
            clients of another number than images, a label outside the classes.
    """
    info = describe(location)
    if info.output.shape != output.shape:
        what = f"records have the shape {info.output.shape}, expected {output.shape}"
        raise SourceError(what, where=location, fix="bring the images to the planned shape")
    with _open(location) as archive:
        labels = _array(archive, "labels", location)
        clients = _array(archive, "clients", location) if info.clients else None
        images = _array(archive, "images", location)
    for name, column in (("labels", labels), ("clients", clients)):
        if column is not None and (column.shape != images.shape[:1] or column.dtype.kind not in "iu"):
            fix = f"store {name} as an integer array as long as images"
            raise SourceError(f"{name} must be whole numbers, one an image", where=location, fix=fix)
    data = images.reshape(len(images), *output.shape)
    return Table(data, _translated(labels, info.label_names, label_names, location), clients)


def _open(location: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(Path(location))
    except FileNotFoundError:
        raise SourceError("there is no such file", where=location, fix="give --data the path of an npz file") from None
    except OSError as error:
        fix = "check the path and its permissions"
        raise SourceError(f"cannot be opened ({error.strerror})", where=location, fix=fix) from None
    except _BROKEN:
        what = "this is not an npz file, or it is cut short"
        raise SourceError(what, where=location, fix="write it with numpy.savez(path, images=…, labels=…)") from None


def _header(archive: zipfile.ZipFile, name: str, location: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
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
        raise SourceError(f"the array {name!r} cannot be read", where=location, fix=_PLAIN) from None


def _array(archive: zipfile.ZipFile, name: str, location: str) -> NDArray[Any]:
    try:
        with archive.open(f"{name}.npy") as member:
            return np.lib.format.read_array(cast(BinaryIO, member), allow_pickle=False)
    except _BROKEN:
        raise SourceError(f"the array {name!r} cannot be read", where=location, fix=_PLAIN) from None


def _label_names(names: NDArray[Any], location: str) -> tuple[str, ...]:
    out = tuple(str(name) for name in names) if names.ndim == 1 and names.dtype.kind == "U" else ()
    if not out or len(set(out)) != len(out):
        fix = "store numpy.array([name, …]), a name for each label in order and no name twice"
        raise SourceError("label_names must be an array of distinct strings", where=location, fix=fix)
    return out


def _translated(
    labels: NDArray[Any], own: tuple[str, ...], wanted: tuple[str, ...], location: str
) -> NDArray[np.int64]:
    """Positions in `wanted` of labels that are positions in `own`; -1, which the data set refuses, for other names."""
    positions = labels.astype(np.int64)
    if not own or own == wanted:
        return positions
    outside = (positions < 0) | (positions >= len(own))
    if outside.any():
        what = f"the label of row {int(outside.argmax())} has no name in label_names"
        raise SourceError(what, where=location, fix="store a name for every label, the first for label 0")
    return np.array([wanted.index(name) if name in wanted else -1 for name in own], dtype=np.int64)[positions]


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [ReaderSpec("npz", "NumPy archive with images, labels and optional label_names, clients", describe, read)]
