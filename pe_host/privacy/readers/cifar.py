"""Reader `cifar`: CIFAR-10 and CIFAR-100 as they are distributed.

The location is the folder of the Python or of the binary version, a folder that holds it, or the
tar file of either. The Python version is pickled; nothing of it is run.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.files import check_inside, open_regular
from pe_host.formats.pickles import PickleError, load_plain
from pe_host.formats.tar_shards import members
from pe_host.privacy.readers import arrays
from pe_host.privacy.readers.array_names import cifar_places
from pe_host.privacy.readers.arrays.keys import NONE
from pe_host.privacy.readers.arrays.store import InMemory
from pe_host.privacy.readers.collection_errors import source_errors
from pe_host.privacy.readers.opening import entries_of, opening
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl
from pe_sdk.pictures import FILE_BYTES

TAKES = (
    *("labels", "split", "labels_from", "public_classes"),
    *("size", "fit", "colour", "background"),
)

SHAPE = (3, 32, 32)
"""An image in the files, channels first."""

FINE, COARSE = "fine_labels", "coarse_labels"
"""Values of --labels for CIFAR-100."""

_PASS = "pass --data the folder cifar-10-batches-py, say, or cifar-10-python.tar.gz"
_TRAIN = re.compile(r"data_batch_\d+(\.bin)?|train(\.bin)?")
_TEST = re.compile(r"test_batch(\.bin)?|test(\.bin)?")
_NAME_LISTS = {"fine_label_names.txt": FINE, "coarse_label_names.txt": COARSE}
_NAMES = ("batches.meta", "meta", "batches.meta.txt", *_NAME_LISTS)
_PIXELS = 3 * 32 * 32
_MOST_NAMES, _LONGEST_NAME = 1000, 1000


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record, and the class names that the files have.

    Raises:
        SourceError: files are missing or damaged, or an option does not fit them.
    """
    store, given = _open_store(location, options)
    info = arrays.describe(store, given)
    kept = info.options or given
    return replace(info, options=replace(kept, images="", labels=options.labels))


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
    store, given = _open_store(location, options)
    return arrays.read(store, output, label_names, given)


@dataclass(frozen=True)
class _Batch:
    """Images uint8 [n, 3, 32, 32], and labels int64 [n] by kind: "", FINE or COARSE."""

    images: NDArray[np.uint8]
    labels: Mapping[str, NDArray[np.int64]]


def _open_store(location: str, options: SourceOptions) -> tuple[InMemory, SourceOptions]:
    """The arrays, and the options in their names."""
    parts: dict[str, list[_Batch]] = {"train": [], "test": []}
    names: dict[str, tuple[str, ...]] = {}
    for name, content in _files(location):
        where = f"{location}/{name}"
        if part := "train" if _TRAIN.fullmatch(name) else "test" if _TEST.fullmatch(name) else "":
            parts[part].append(_batch(name, content, where))
        else:
            names |= _names(name, content, where)
    batches = [batch for found in parts.values() for batch in found]
    if not batches:
        raise SourceError(
            "there are no batches of CIFAR here",
            where=location,
            fix=_PASS,
        )
    kind, given = _kind(batches[0], options, location)
    if not all(kind in batch.labels for batch in batches):
        raise _damaged(location)
    found: dict[str, NDArray[Any]] = {}
    for part, of_part in parts.items():
        if of_part:
            found[f"{part}_images"] = np.concatenate([batch.images for batch in of_part])
            found[f"{part}_labels"] = np.concatenate([batch.labels[kind] for batch in of_part])
    if names.get(kind):
        found["label_names"] = np.array(names[kind])
    layout = f"CIFAR-100, {kind}" if kind else "CIFAR-10"
    return InMemory(found, location, layout, "it has the parts train and test"), given


def _kind(batch: _Batch, options: SourceOptions, where: str) -> tuple[str, SourceOptions]:
    """Which labels are read, and the options without their name."""
    kinds = [kind for kind in batch.labels if kind]
    if options.labels in ("", NONE):
        return (FINE if kinds else ""), options
    if options.labels not in kinds:
        raise SourceError(
            f"there are no labels {options.labels!r}",
            where=where,
            fix=f"give --labels {FINE} or {COARSE}" if kinds else "leave out --labels",
        )
    return options.labels, replace(options, labels="")


def _files(location: str) -> Iterator[tuple[str, bytes]]:
    """The files of CIFAR at a location, by name, in the order of their numbers."""
    place = Path(location)
    if place.is_dir():
        with opening(location, _PASS):
            places = cifar_places(place)
        if len(places) != 1:
            raise SourceError(
                "there are several versions of CIFAR here" if places else "CIFAR is not here",
                where=location,
                fix=f"pass one of them, as in --data cifar:{places[0]}" if places else _PASS,
            )
        place = places[0]
        with opening(str(place), _PASS):  # it may be a link
            check_inside(place, Path(location))
    yield from sorted(
        _in_folder(place, Path(location)) if place.is_dir() else _in_archive(place), key=_order
    )


def _order(file: tuple[str, bytes]) -> tuple[int, str]:
    number = re.search(r"\d+", file[0])
    return (int(number.group()) if number else 0), file[0]


def _in_folder(folder: Path, inside: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, which must lie inside another one once links are followed."""
    for path in entries_of(folder):
        if not _is_known(path.name):
            continue
        with opening(str(path), _PASS), open_regular(path, inside) as file:
            content = file.read(FILE_BYTES + 1)
        if len(content) > FILE_BYTES:
            raise _damaged(str(path))
        yield path.name, content


def _in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    with source_errors():
        for member in members(str(path)):
            name = member.name.rpartition("/")[2]
            if _is_known(name):
                yield name, member.read()


def _is_known(name: str) -> bool:
    return bool(_TRAIN.fullmatch(name) or _TEST.fullmatch(name)) or name in _NAMES


def _batch(name: str, content: bytes, where: str) -> _Batch:
    try:
        return _binary(content) if name.endswith(".bin") else _pickled(content)
    except (PickleError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise _damaged(where) from None


def _binary(content: bytes) -> _Batch:
    """Rows of one label, or of a coarse and a fine one, and the pixels.

    The length decides how many labels there are: it is a multiple of 3073 or of 3074 bytes.
    """
    kinds = ("",) if len(content) % (_PIXELS + 1) == 0 else (COARSE, FINE)
    rows = np.frombuffer(content, np.uint8).reshape(-1, _PIXELS + len(kinds))
    labels = {kind: rows[:, i].astype(np.int64) for i, kind in enumerate(kinds)}
    return _Batch(rows[:, len(kinds) :].reshape(-1, *SHAPE), labels)


def _pickled(content: bytes) -> _Batch:
    values = _dictionary(content)
    images = values["data"]
    if images.dtype != np.uint8:
        raise ValueError
    images = images.reshape(-1, *SHAPE)
    labels = {}
    for key, kind in (("labels", ""), (FINE, FINE), (COARSE, COARSE)):
        if key in values:
            found = values[key]
            if not all(type(label) is int for label in found) or len(found) != len(images):
                raise ValueError
            labels[kind] = np.array(found, np.int64)
    return _Batch(images, labels)


def _names(name: str, content: bytes, where: str) -> dict[str, tuple[str, ...]]:
    """The class names in a file, by kind of label."""
    try:
        if name.endswith(".txt"):
            lines = [line.strip() for line in content.decode("utf-8").split("\n")]
            return {_NAME_LISTS.get(name, ""): _class_names([line for line in lines if line])}
        values = _dictionary(content)
        found = {
            kind: values[key]
            for key, kind in (
                ("label_names", ""),
                ("fine_label_names", FINE),
                ("coarse_label_names", COARSE),
            )
            if key in values
        }
        return {kind: _class_names(names) for kind, names in found.items()}
    except (PickleError, ValueError, KeyError, TypeError):
        raise _damaged(where) from None


def _class_names(names: Sequence[Any]) -> tuple[str, ...]:
    """The names as texts, which are not so many and so long that they would fill the memory."""
    if len(names) > _MOST_NAMES or any(len(name) > _LONGEST_NAME for name in names):
        raise ValueError
    return tuple(map(_text, names))


def _dictionary(content: bytes) -> dict[str, Any]:
    values = load_plain(io.BytesIO(content))
    if not isinstance(values, dict):
        raise PickleError
    return {_text(key): value for key, value in values.items()}


def _text(value: Any) -> str:
    """A text; those of Python 2 are bytes."""
    text = value.decode("utf-8") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise TypeError
    return text


def _damaged(where: str) -> SourceError:
    what = "this is not a file of CIFAR, or it is damaged"
    return SourceError(what, where=where, fix="download or unpack it again")


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "CIFAR-10 and CIFAR-100 as they are distributed, in Python or binary files"
    return [ReaderSpec("cifar", summary, describe, read, TAKES)]
