"""Arrays in npz archives and in npy files, as stores."""

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pe_host.files import open_regular
from pe_host.formats.archives import (
    ArchiveError,
    array_names,
    npy_header,
    open_archive,
    read_array,
    read_header,
    read_npy,
)
from pe_host.privacy.readers.arrays.keys import is_known
from pe_host.privacy.readers.arrays.store import ArrayStore
from pe_host.privacy.readers.opening import opening
from pe_host.privacy.stored import records_in_archive, records_in_npy
from pe_sdk import Records, SourceError

SUFFIXES = (".npy", ".npz")


class Archive:
    """The arrays of an open npz archive."""

    layout = "NumPy archive"
    hint = "numpy.savez(path, images=…, labels=…), or series=…, stores arrays under known names"
    private_names = False

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._archive, self.where = archive, where

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(array_names(self._archive)))

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        with reported(self.where):
            return read_header(self._archive, name)

    def array(self, name: str) -> NDArray[Any]:
        with reported(self.where):
            return read_array(self._archive, name)

    def records(self, name: str) -> Records:
        with reported(self.where):
            return records_in_archive(self._archive, name, self.where)


class Files:
    """Arrays in npy files, each of which holds one.

    Args:
        paths: the files, by the names of the arrays.
        where: the source, for errors.
        layout: what the files are.
        inside: the folder that they must lie in; None for files that the user named.
    """

    hint = "numpy.save(path, array) stores an array"

    def __init__(
        self, paths: Mapping[str, Path], where: str, layout: str, inside: Path | None = None
    ) -> None:
        self._paths, self.where, self.layout, self._inside = paths, where, layout, inside
        self.private_names = inside is not None

    def names(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        with self._open(name) as (file, size, shown):
            return npy_header(file, size, shown)[:2]

    def array(self, name: str) -> NDArray[Any]:
        with self._open(name) as (file, size, shown):
            return read_npy(file, size, shown)

    def records(self, name: str) -> Records:
        with self._open(name) as (file, size, shown):
            npy_header(file, size, shown)
            file.seek(0)
            return records_in_npy(file, str(self._paths[name]))

    @contextmanager
    def _open(self, name: str) -> Iterator[tuple[BinaryIO, int, str]]:
        """Open a file: the file, its size, and what to call its array in errors."""
        path = self._paths[name]
        where, shown, private = str(path), name, ""
        if self.private_names and not is_known(name):
            where, shown, private = self.where, f"file {[*self._paths].index(name)}", path.name
        with ExitStack() as stack, reported(where, private):
            file = stack.enter_context(open_regular(path, self._inside))
            yield file, os.fstat(file.fileno()).st_size, shown


@contextmanager
def open_npz(location: str) -> Iterator[ArrayStore]:
    """Open an npz file.

    Raises:
        SourceError: it cannot be opened, or is none. What is wrong with an array is raised when it
            is read.
    """
    with ExitStack() as stack:
        with reported(location):
            archive = stack.enter_context(open_archive(stack.enter_context(open_regular(location))))
        yield Archive(archive, location)


@contextmanager
def open_file(location: str) -> Iterator[ArrayStore]:
    """Open an npy or npz file, by its suffix; see `open_npz`."""
    path = Path(location)
    if path.suffix.lower() == ".npy":
        yield Files({path.stem: path}, location, "NumPy file")
        return
    with open_npz(location) as store:
        yield store


@contextmanager
def reported(where: str, name: str = "") -> Iterator[None]:
    """Turn what is wrong with a file or its arrays into a SourceError; see `opening`."""
    try:
        with opening(where, "pass the path of an npz or npy file", name):
            yield
    except ArchiveError as error:
        raise SourceError(error.what, where=where, fix=error.fix, name=error.name or name) from None
