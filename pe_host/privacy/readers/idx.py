"""Reader `idx`: the format of MNIST, plain or gzipped.

The location is a folder with training files, or `IMAGES,LABELS`.
"""

import gzip
import math
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from pe_host.files import NotAFile, most_bytes, open_regular
from pe_host.privacy.readers.classes import find_classes
from pe_host.privacy.records import converted
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

_UINT8 = 0x08
_BROKEN = (OSError, EOFError, zlib.error)
_AGAIN = "download or copy the file again"


def describe(location: str) -> SourceInfo:
    """Spec of a record, from the header of the image file.

    The format has no class names: they are the numbers up to the largest label.

    Raises:
        SourceError: files are missing, or are not IDX images of unsigned bytes.
    """
    images, labels = _files(location)
    found = find_classes(_load(labels, 1)[:], SourceOptions(), location)
    return SourceInfo(
        OutputSpec.image(*_shape(images, 3)[1:]),
        found.names,
        layout="IDX files, as MNIST has them",
        names_from=found.origin,
        counted=found.counted,
    )


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record; label i is the i-th class name.

    Raises:
        SourceError: see `describe`; or files are truncated, differ in length, or do not have the
            shape of `output`.
    """
    images, labels = _files(location)
    data, marks = _load(images, 3), _load(labels, 1)[:]
    if (*data.shape[1:], 1) != output.shape:
        fix = "use files whose images have the planned size"
        shape = (*data.shape[1:], 1)
        raise SourceError(
            f"records have the shape {shape}, expected {output.shape}", where=str(images), fix=fix
        )
    if data.shape[0] != len(marks):
        fix = "pass the images and the labels of one data set, as IMAGES,LABELS"
        raise SourceError(
            "the two files have different numbers of records", where=location, fix=fix
        )
    images_of = converted(data, lambda block: block[..., None], output.shape, np.uint8)
    return Table(images_of, marks.astype(np.int64))


def _files(location: str) -> tuple[Path, Path]:
    path = Path(location)
    if not path.is_dir():
        parts = location.split(",")
        if len(parts) == 2:
            return Path(parts[0]), Path(parts[1])
        if "idx3" in path.name:
            return path, path.with_name(
                path.name.replace("images", "labels").replace("idx3", "idx1")
            )
        fix = "pass a folder with *-idx3-ubyte and *-idx1-ubyte files, or IMAGES,LABELS"
        raise SourceError("this is not a pair of IDX files", where=location, fix=fix)
    try:
        there = sorted(path.iterdir())
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=location, fix="fix its permissions") from None
    found = []
    for kind in ("idx3", "idx1"):
        entries = [e for e in there if f"-{kind}-ubyte" in e.name]
        train = [e for e in entries if e.name.startswith("train")] or entries
        # A file may be there both plain and gzipped.
        plain = [e for e in train if e.suffix != ".gz"] or train
        if len(plain) != 1:
            raise SourceError(
                f"expected one training file *-{kind}-ubyte, found {len(plain)}",
                where=location,
                fix="pass IMAGES,LABELS",
            )
        found.append(plain[0])
    return found[0], found[1]


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open a plain or gzipped file; the first two bytes decide, not its name."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(path))
            if file.read(2) == b"\x1f\x8b":
                file.seek(0)
                file = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file)))
            else:
                file.seek(0)
        except (OSError, NotAFile) as error:
            fix = (
                "check the path and its permissions; if images and labels are in different "
                "places, pass IMAGES,LABELS"
            )
            cause = error.strerror if isinstance(error, OSError) else f"it is {error}"
            raise SourceError(f"cannot be opened ({cause})", where=str(path), fix=fix) from None
        yield file


def _header(file: BinaryIO, path: Path, axes: int) -> tuple[int, ...]:
    head = b""
    with suppress(*_BROKEN):  # a header that cannot be read is too short, which is checked below
        head = file.read(4 + 4 * axes)
    if len(head) < 4 + 4 * axes or head[:4] != bytes([0, 0, _UINT8, axes]):
        raise SourceError(
            f"this is not an IDX file of unsigned bytes with {axes} axes",
            where=str(path),
            fix="use images (*-idx3-ubyte) and labels (*-idx1-ubyte) in the format of MNIST, plain "
            "or gzipped",
        )
    return tuple(int(n) for n in np.frombuffer(head[4:], dtype=">u4"))


def _shape(path: Path, axes: int) -> tuple[int, ...]:
    with _open(path) as file:
        return _header(file, path, axes)


def _load(path: Path, axes: int) -> Records:
    """Every value. Large images stay in an uncompressed file, or go to a scratch file."""
    records: Records | None = None
    with _open(path) as file:
        shape = _header(file, path, axes)
        size, begin = math.prod(shape), file.tell()
        if axes == 1 and size > most_bytes():
            raise SourceError(
                f"the header announces {size / 2**30:.1f} GiB, more than half of this machine's "
                "memory",
                where=str(path),
                fix="use fewer records, or a machine with more memory",
            )
        try:
            if isinstance(file, gzip.GzipFile):
                records = records_in_stream(file, shape, np.uint8, str(path))
                records = None if file.read(1) else records
            elif os.fstat(file.fileno()).st_size == begin + size:
                records = records_in_file(file, begin, shape, np.uint8, str(path))
        except TooShort:
            pass
        except _BROKEN:
            raise SourceError(
                "the file is truncated or damaged", where=str(path), fix=_AGAIN
            ) from None
    if records is None:
        raise SourceError(
            "the length of the file does not match its header", where=str(path), fix=_AGAIN
        )
    return records


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            "idx",
            "IDX files like those of MNIST, plain or gzipped; class names from --classes",
            describe,
            read,
        )
    ]
