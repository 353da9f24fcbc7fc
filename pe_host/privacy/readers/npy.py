"""Reader `npy`: arrays in NumPy files of their own.

The location is a file of images, `IMAGES,LABELS`, or a folder of files such as images.npy and
labels.npy, or x_train.npy, y_train.npy, x_test.npy and y_test.npy.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pe_host.files import exists
from pe_host.privacy.readers import arrays
from pe_host.privacy.readers.arrays.files import Files, open_file
from pe_host.privacy.readers.arrays.store import ArrayStore
from pe_host.privacy.readers.opening import entries_of
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl

_SUFFIX = ".npy"


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    Raises:
        SourceError: there are no such files; or see `pe_host.privacy.readers.arrays.describe`.
    """
    with _open_store(location, options) as (store, given):
        info = arrays.describe(store, given)
    if not _is_pair(location):
        return info
    # The location says where the labels are.
    return replace(info, options=replace(info.options or given, labels=""))


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`.
    """
    with _open_store(location, options) as (store, given):
        return arrays.read(store, output, label_names, given)


@contextmanager
def _open_store(
    location: str, options: SourceOptions
) -> Iterator[tuple[ArrayStore, SourceOptions]]:
    """The files as a store, and the options with what the location says."""
    path, parts = Path(location), location.split(",")
    if path.is_dir():
        yield Files(_in_folder(path), location, "folder of NumPy files", path), options
        return
    if _is_pair(location):
        if options.labels:
            raise SourceError(
                "labels are given twice, behind the comma and by --labels",
                where=location,
                fix="leave out one of them",
            )
        path, options = Path(parts[0]), replace(options, labels=str(Path(parts[1]).absolute()))
    with open_file(str(path)) as store:
        names = store.names()
        if len(names) == 1 and not options.images:
            options = replace(options, images=names[0])
        yield store, options


def _is_pair(location: str) -> bool:
    return not exists(location) and len(location.split(",")) == 2


def _in_folder(folder: Path) -> dict[str, Path]:
    paths = [path for path in entries_of(folder) if path.suffix.lower() == _SUFFIX]
    if not paths:
        raise SourceError(
            "there are no npy files in this folder",
            where=str(folder),
            fix="pass --data a folder with images.npy and labels.npy, or a file",
        )
    return {path.stem: path for path in paths}


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            "npy",
            "NumPy files of images and of labels: a file, IMAGES,LABELS, or a folder of them",
            describe,
            read,
            arrays.TAKES,
        )
    ]
