"""Reader `idx`: the format of MNIST, plain or gzipped.

The location is a folder with the files, such as the one that torchvision makes, a file of images
beside that of its labels, or `IMAGES,LABELS`.
"""

import gzip
import math
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pe_host.files import exists, most_bytes, open_regular
from pe_host.privacy.readers import arrays
from pe_host.privacy.readers.array_names import IdxName, idx_folders, idx_name
from pe_host.privacy.readers.opening import entries_of, opening
from pe_host.privacy.readers.split_names import SPLITS, normalised
from pe_host.privacy.stored import TooShort, records_in_file, records_in_stream
from pe_sdk import (
    OutputSpec,
    ReaderSpec,
    Records,
    SourceError,
    SourceInfo,
    SourceOptions,
    Table,
    hookimpl,
)

TAKES = tuple(name for name in arrays.TAKES if name != "images")

_TYPES = MappingProxyType(
    {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
)
_AXES = 8
_RATIO = 1032
"""The most bytes that a byte of a gzipped file stands for."""

_BROKEN = (OSError, EOFError, zlib.error)
_AGAIN = "download or copy the file again"
_FILES = "images (such as train-images-idx3-ubyte) and labels (train-labels-idx1-ubyte)"

_COLUMN = "clients"
"""The array that stands for a column of the labels, in a store."""


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record, from the header of the image file, and the classes.

    The format has no class names: they are the numbers up to the largest label.

    Raises:
        SourceError: files are missing or are not IDX files, or it does not follow which to read.
    """
    store, given = _open_store(location, options)
    info = arrays.describe(store, given)
    # What stands for a column is known to the store only.
    kept = info.options or given
    kept = replace(kept, images="", client=options.client, labels=options.labels)
    return replace(info, options=kept)


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record; label i is the i-th class name.

    Raises:
        SourceError: see `describe`; or files are truncated, differ in length, or do not have the
            shape of `output`.
    """
    store, given = _open_store(location, options)
    return arrays.read(store, output, label_names, given)


def _open_store(location: str, options: SourceOptions) -> tuple["_Files", SourceOptions]:
    """The files, and the options in the names of their arrays."""
    files = _find(location)
    store = _Files(files, location, inside=Path(location) if Path(location).is_dir() else None)
    split = _split(store, options)
    if _key(split, True) not in store.names() and options.labels != "none":
        raise SourceError(
            "the file of the labels is not there",
            where=location,
            fix="add it, or read all images as one class with --labels none",
        )
    labels, column, client = options.labels, "", options.client
    if labels.isascii() and labels.isdigit():
        labels, column = "", labels
    elif not labels and "qmnist" in store.dataset:
        column = "0"  # the others say who wrote the digit
    if not column and not client:
        return store, options
    if client and not re.fullmatch("[0-9]{1,9}", client):
        raise SourceError(
            f"--client {client} is not a column of the labels",
            where=location,
            fix="give the number of a column, from 0: that of the writer is --client 2 in QMNIST",
        )
    key = _key(split, True)
    if client and key not in store.names():
        raise SourceError(
            "--client names a column of the labels, and the file of the labels is not there",
            where=location,
            fix="add it, or leave out --client",
        )
    if client:
        store.add_column(key, int(client))
    named = f"{key}:{column}" if column else labels
    return store, replace(options, labels=named, client=_COLUMN if client else "")


def _split(store: "_Files", options: SourceOptions) -> str:
    """The part that will be read."""
    parts = ("", "train", *SPLITS.values())
    there = [part for part in parts if _key(part, False) in store.names()]
    wanted = normalised(options.split)
    return wanted if wanted in there else (there[0] if there else "")


def _key(split: str, labels: bool) -> str:
    """The name of an array in a store."""
    return "_".join(filter(None, (split, "labels" if labels else "images")))


class _Files:
    """IDX files as a store of arrays: `train_images`, `train_labels` and so on."""

    layout = "IDX files, as MNIST has them"
    hint = f"the format has files of {_FILES}"
    private_names = False

    def __init__(
        self, files: Mapping[IdxName, Path], where: str, inside: Path | None = None
    ) -> None:
        self._paths = {_key(name.split, name.labels): path for name, path in files.items()}
        self._columns: dict[str, tuple[str, int]] = {}
        self._inside, self.where = inside, where
        self.dataset = next((name.dataset for name in files), "")
        if self.dataset.startswith("emnist"):
            self.layout += " (EMNIST stores them transposed: --axes NWH turns them upright)"

    def add_column(self, key: str, column: int) -> None:
        """Let a column of the labels be the array of the clients."""
        shape, _ = self.header(key)
        if len(shape) != 2 or column >= shape[1]:
            raise SourceError(
                f"the labels are {list(shape)} and have no column {column}",
                where=str(self._paths[key]),
                fix="leave out --client, or give a column that they have, counted from 0",
            )
        self._columns[_COLUMN] = (key, column)

    def names(self) -> tuple[str, ...]:
        return (*self._paths, *self._columns)

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        if name in self._columns:
            shape, dtype = self.header(self._columns[name][0])
            return shape[:1], dtype
        with _open(self._paths[name], self._inside) as file:
            shape, dtype = _header(file, self._paths[name])
            _check_length(file, self._paths[name], math.prod(shape) * dtype.itemsize)
            return shape, dtype

    def array(self, name: str) -> NDArray[Any]:
        if name in self._columns:
            key, column = self._columns[name]
            return self.array(key)[:, column]
        return _load(self._paths[name], self._inside, small=True)[:]

    def records(self, name: str) -> Records:
        return _load(self._paths[name], self._inside, small=False)


def _find(location: str) -> dict[IdxName, Path]:
    """The files of one data set, by what their names say."""
    path, parts = Path(location), location.split(",")
    if path.is_dir():
        return _in_folder(path)
    if not exists(path) and len(parts) == 2:
        names = (IdxName("images", "", "", False, False), IdxName("labels", "", "", True, False))
        if "qmnist" in Path(parts[1]).name.lower():
            names = (replace(names[0], dataset="qmnist"), names[1])
        return {name: Path(part) for name, part in zip(names, parts, strict=True)}
    name = idx_name(path.name)
    if name is None or not exists(path):
        raise SourceError(
            "there is no such file" if not exists(path) else "its name is not that of an IDX file",
            where=location,
            fix=f"pass a folder with {_FILES}, or both files with a comma between",
        )
    beside = {
        other: place
        for other, place in _listed(path.parent).items()
        if (other.dataset, other.split) == (name.dataset, name.split)
    }
    images = {other: place for other, place in beside.items() if not other.labels}
    if name.labels or len(beside) < 2:
        example = next(iter(images.values()), path.with_name("IMAGES"))
        raise SourceError(
            "these are labels" if name.labels else "the file of its labels is not beside it",
            where=location,
            fix=f"pass --data idx:{example}"
            if name.labels and images
            else f"pass both files with a comma between, as in --data idx:{path},LABELS",
        )
    # The copy that was named, plain or gzipped.
    labels = next(place for other, place in beside.items() if other.labels)
    return {
        replace(name, split="", labels=False): path,
        replace(name, split="", labels=True): labels,
    }


def _in_folder(folder: Path) -> dict[IdxName, Path]:
    places = idx_folders(folder)
    if len(places) != 1:
        what = "there are several data sets" if places else "there are no IDX files"
        raise SourceError(
            f"{what} in this folder",
            where=str(folder),
            fix=f"pass one of them, as in --data idx:{places[0]}"
            if places
            else f"pass a folder with {_FILES}",
        )
    files = _listed(places[0])
    datasets = list(dict.fromkeys(name.dataset for name in files if not name.labels))
    if len(datasets) != 1:
        images = {name: path for name, path in files.items() if not name.labels}
        training = (path for name, path in images.items() if name.split == "train")
        example = next(training, None) or next(iter(images.values()), None)
        raise SourceError(
            f"there are several data sets here: {', '.join(name or 'MNIST' for name in datasets)}"
            if datasets
            else "there is no file of images here",
            where=str(places[0]),
            fix=f"pass the images of one, as in --data idx:{example}"
            if example
            else f"pass a folder with {_FILES}",
        )
    return {name: path for name, path in files.items() if name.dataset == datasets[0]}


def _listed(folder: Path) -> dict[IdxName, Path]:
    """The IDX files of a folder by name: of several copies, the plain one."""
    found: dict[IdxName, Path] = {}
    for path in entries_of(folder):
        name = idx_name(path.name)
        if name is None:
            continue
        # Some archives put each file in a folder of its name.
        inner = path / path.name if path.is_dir() else path
        if inner.is_dir() or not exists(inner):
            continue
        key = replace(name, gzipped=False)
        there = found.get(key)
        if there is None or (not name.gzipped and there.name.lower().endswith(".gz")):
            found[key] = inner
    return found


@contextmanager
def _open(path: Path, inside: Path | None) -> Iterator[BinaryIO]:
    """Open a plain or gzipped file; the first two bytes decide, not its name."""
    fix = (
        f"if images and labels are in different places, pass both with a comma between, as in "
        f"--data idx:{path},LABELS"
    )
    with ExitStack() as stack:
        with opening(str(path), fix):
            file = stack.enter_context(open_regular(path, inside))
            if file.read(2) == b"\x1f\x8b":
                file.seek(0)
                file = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file)))
            else:
                file.seek(0)
        yield file


def _header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    head = b""
    with suppress(*_BROKEN):  # a header that cannot be read is too short, which is checked below
        head = file.read(4)
        if len(head) == 4 and head[3] <= _AXES:
            head += file.read(4 * head[3])
    axes = head[3] if len(head) >= 4 else 0
    if not axes or head[:2] != b"\0\0" or head[2] not in _TYPES or len(head) != 4 + 4 * axes:
        raise SourceError(
            "this is not an IDX file",
            where=str(path),
            fix=f"use {_FILES} in the format of MNIST, plain or gzipped",
        )
    shape = tuple(int(n) for n in np.frombuffer(head[4:], dtype=">u4"))
    return shape, np.dtype(_TYPES[head[2]])


def _load(path: Path, inside: Path | None, *, small: bool) -> Records:
    """Every value. Large images stay in an uncompressed file, or go to a scratch file."""
    records: Records | None = None
    with _open(path, inside) as file:
        shape, dtype = _header(file, path)
        begin, size = file.tell(), math.prod(shape) * dtype.itemsize
        if small and size > most_bytes():
            raise SourceError(
                f"the header announces {size / 2**30:.1f} GiB, more than half of this machine's "
                "memory",
                where=str(path),
                fix="use fewer records, or a machine with more memory",
            )
        _check_length(file, path, size)
        try:
            if isinstance(file, gzip.GzipFile):
                records = records_in_stream(file, shape, dtype, str(path))
                records = None if file.read(1) else records
            else:
                records = records_in_file(file, begin, shape, dtype, str(path))
        except TooShort:
            pass
        except _BROKEN:
            raise SourceError(
                "the file is truncated or damaged", where=str(path), fix=_AGAIN
            ) from None
    if records is None:
        raise _other_length(path)
    return records


def _check_length(file: BinaryIO, path: Path, size: int) -> None:
    """Raise SourceError if a file, behind its header, does not hold this many bytes.

    A gzipped file is judged by the most that so short a file can hold. This is done before there is
    an array for each record: a header can announce any number of them.
    """
    length = os.fstat(file.fileno()).st_size
    fits = (
        size <= _RATIO * length if isinstance(file, gzip.GzipFile) else length == file.tell() + size
    )
    if not fits:
        raise _other_length(path)


def _other_length(path: Path) -> SourceError:
    what = "the length of the file does not match its header"
    return SourceError(what, where=str(path), fix=_AGAIN)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "IDX files like those of MNIST, plain or gzipped, in the folders that people have"
    return [ReaderSpec("idx", summary, describe, read, TAKES)]
