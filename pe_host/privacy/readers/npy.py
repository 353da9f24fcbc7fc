"""Reader `npy`: arrays in NumPy files of their own.

The location is a file of images, `IMAGES,LABELS`, or a folder of files such as images.npy and
labels.npy, or x_train.npy, y_train.npy, x_test.npy and y_test.npy.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pe_host.privacy.readers import arrays
from pe_host.privacy.readers.arrays.files import Files
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl

_SUFFIX = ".npy"


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    Raises:
        SourceError: there are no such files; or see `pe_host.privacy.readers.arrays.describe`.
    """
    return arrays.describe(*_store(location, options))


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
    store, options = _store(location, options)
    return arrays.read(store, output, label_names, options)


def _store(location: str, options: SourceOptions) -> tuple[Files, SourceOptions]:
    """The files, and the options with the names of those that the location names."""
    path = Path(location)
    if path.is_dir():
        return Files(_in_folder(path), location, "folder of NumPy files", path), options
    parts = [Path(part) for part in location.split(",")]
    if path.exists() or len(parts) != 2:
        options = options if options.images else replace(options, images=path.stem)
        return Files({path.stem: path}, location, "NumPy file"), options
    # The plan says nothing about them: the location does.
    pair = dict(zip(("images", "labels"), parts, strict=True))
    return Files(pair, location, "pair of NumPy files"), options


def _in_folder(folder: Path) -> dict[str, Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == _SUFFIX)
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=str(folder), fix="fix its permissions") from None
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
