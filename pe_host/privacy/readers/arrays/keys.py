"""Which of several arrays hold records, labels, class names and clients, by name and header."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pe_host.formats.npz import METADATA, RECORDS, SERIES
from pe_host.privacy.readers.arrays.images import count_of
from pe_host.privacy.readers.arrays.store import ArrayStore
from pe_host.privacy.readers.split_names import normalised, split_of
from pe_sdk import SourceError, SourceOptions

NONE = "none"
"""The value of --labels for records without labels."""

IMAGES = ("images", "image", "imgs", "img", "x", "data", "samples", "pixels", "pictures", "arr_0")
LABELS = ("labels", "label", "lbls", "y", "targets", "target", "classes", "class", "arr_1")
NAMES = ("class_names", "target_names", "classes")
"""Names of arrays of class names, other than `label_names`. They must not be one a record."""

CLIENTS = ("clients", "client")

_OTHERS = ("label_names", SERIES.array, RECORDS.array, *METADATA)
_KNOWN = frozenset((*IMAGES, *LABELS, *NAMES, *CLIENTS, *_OTHERS))

_SHOWN = 30
_Headers = Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]


@dataclass(frozen=True)
class Keys:
    """The arrays to read.

    Args:
        images: the array of the records.
        labels: the array of the labels; "" if there are none.
        column: which column of it; None for all.
        names: the array of the class names, or "".
        clients: the array of the clients, or "".
        split: the part that was chosen among several; "" if there is one only.
        parts: the parts that there are.
        unread: other arrays.
    """

    images: str
    labels: str
    column: int | None
    names: str
    clients: str
    split: str
    parts: tuple[str, ...]
    unread: tuple[str, ...]


def choose(store: ArrayStore, options: SourceOptions, records: str = "") -> Keys:
    """Choose the arrays, by their names and headers and by what the user says.

    Args:
        store: the arrays.
        options: what the user says.
        records: the array of the records, if it is known and does not hold images.

    Raises:
        SourceError: there is no array of this name, or it does not follow which to read.
    """
    names = store.names()
    headers = {name: store.header(name) for name in names}
    images, split, parts = (records, "", ("",)) if records else _images(store, headers, options)
    shape = headers[images][0]
    rows = shape[0] if records else count_of(shape, options)
    labels, column = _labels(store, headers, options, images, split, rows)
    lengths = _lengths(headers, rows)
    guessed = (name for name in NAMES if name != labels and _is_names(headers.get(name), lengths))
    class_names = "label_names" if "label_names" in names else next(guessed, "")
    clients = options.client or next((name for name in CLIENTS if name in names), "")
    if clients not in ("", *names):
        raise _missing(store, headers, clients, "--client")
    read = (images, labels, class_names, clients)
    unread = tuple(name for name in names if name not in read)
    return Keys(images, labels, column, class_names, clients, split, parts, unread)


def _images(
    store: ArrayStore, headers: _Headers, options: SourceOptions
) -> tuple[str, str, tuple[str, ...]]:
    """The array of the images, its part of the data set, and all the parts."""
    if options.images:
        if options.images not in headers:
            raise _missing(store, headers, options.images, "--images")
        split = _split_of(options.images)[0]
        if options.split and split != normalised(options.split):
            raise SourceError(
                f"the array {options.images!r} is not of the part {options.split!r}",
                where=store.where,
                fix="leave out --split, or --images",
            )
        return options.images, split, (split,)
    found: dict[str, list[str]] = {}
    thin: dict[str, list[str]] = {}
    for name, (shape, _) in headers.items():
        split, rest = _split_of(name)
        if rest in IMAGES and shape:
            (found if len(shape) >= 2 else thin).setdefault(split, []).append(name)
    for split, named in thin.items():  # no images, but nothing else may take their place unsaid
        if split not in found and (split == "train" or not found):
            found[split] = named
    if not found:
        raise SourceError(
            f"none of its arrays is known to hold images; {_listed(store, headers)}",
            where=store.where,
            name=_withheld(store, headers),
            fix=f"say which does with --images KEY, and --labels KEY for labels; {store.hint}",
        )
    split = _part(store, tuple(found), options.split)
    if len(found[split]) > 1 and "images" not in found[split]:
        both = " and ".join(map(repr, found[split]))
        raise SourceError(
            f"{both} may all be the images",
            where=store.where,
            fix=f"say which it is, as in --images {found[split][0]}",
        )
    name = "images" if "images" in found[split] else found[split][0]
    return name, split, tuple(found)


def _part(store: ArrayStore, parts: tuple[str, ...], wanted: str) -> str:
    """The part to read: what the user says, or what training data are usually called."""
    if wanted:
        chosen = normalised(wanted)
        if chosen in parts or (chosen == "train" and parts == ("",)):
            return chosen if chosen in parts else ""
        there = ", ".join(part or "one without a name" for part in parts)
        raise SourceError(
            f"there is no part {wanted!r}; the parts are: {there}",
            where=store.where,
            fix="name one of them with --split, or leave it out",
        )
    for part in ("", "train"):
        if part in parts:
            return part
    if len(parts) == 1:
        return parts[0]
    raise SourceError(
        f"there are several parts: {', '.join(parts)}",
        where=store.where,
        fix=f"choose one, as in --split {parts[0]}",
    )


def _labels(
    store: ArrayStore,
    headers: _Headers,
    options: SourceOptions,
    images: str,
    split: str,
    rows: int,
) -> tuple[str, int | None]:
    """The array of the labels and, if the user names one, its column; "" if there are no labels."""
    if options.labels:
        return _named_labels(store, headers, options.labels)
    others = [name for name in headers if name not in (images, *CLIENTS, options.client)]
    known = [name for name in others if _is_label(name, split)]
    known = [name for name in known if headers[name][0][:1] == (rows,)] or known
    if "labels" in known:
        return "labels", None
    if len(known) == 1:
        return known[0], None
    fitting = [name for name in others if _may_be_labels(name, headers[name][0], rows)]
    if candidates := known or fitting:
        example = next(iter(shown_names(store, candidates)), "KEY")
        raise SourceError(
            f"it does not follow which array holds the labels; {_listed(store, headers)}",
            where=store.where,
            fix=f"say which does, as in --labels {example}, or --labels {NONE} for one class",
            name=_withheld(store, headers),
        )
    return "", None


def _named_labels(store: ArrayStore, headers: _Headers, named: str) -> tuple[str, int | None]:
    if named in headers:
        return named, None
    if named == NONE:
        return "", None
    key, _, column = named.rpartition(":")
    if key in headers and re.fullmatch("[0-9]{1,9}", column):
        return key, int(column)
    raise _missing(store, headers, named, "--labels")


def _is_label(name: str, split: str) -> bool:
    part, rest = _split_of(name)
    return part == split and rest in LABELS


def _may_be_labels(name: str, shape: tuple[int, ...], rows: int) -> bool:
    """Whether an array may hold the labels: by its shape, or by its name if it is of no part."""
    return shape in ((rows,), (rows, 1)) or (shape[:1] == (rows,) and _is_label(name, ""))


def _split_of(name: str) -> tuple[str, str]:
    """The part and the other words of a name; a name with other letters has no known words."""
    return split_of(name) if name.isascii() else ("", name)


def is_known(name: str) -> bool:
    """Whether the name of an array consists of words that anybody would choose."""
    return _split_of(name)[1] in _KNOWN


def shown_names(store: ArrayStore, names: Iterable[str]) -> list[str]:
    """Return those of the names that may be shown: not those of files, which can name persons."""
    return [name for name in names if not store.private_names or is_known(name)]


def _withheld(store: ArrayStore, headers: _Headers) -> str:
    """The other names, for an operator who asks for them."""
    shown = {*shown_names(store, headers)}
    return ", ".join([name for name in headers if name not in shown][:_SHOWN])


def _lengths(headers: _Headers, rows: int) -> set[int]:
    """The numbers of records that the parts of the data set have, alone and together.

    Args:
        headers: of all arrays.
        rows: the number of the records that are read.
    """
    found, longest = {rows}, dict[str, int]()
    for name, (shape, _) in headers.items():
        part, rest = _split_of(name)
        if shape and rest in (*IMAGES, *LABELS) and name not in NAMES:
            found.add(shape[0])
            longest[part] = max(shape[0], longest.get(part, 0))
    sums = {0}
    for count in longest.values():
        sums |= {total + count for total in sums}
    return found | sums


def _is_names(header: tuple[tuple[int, ...], np.dtype[Any]] | None, lengths: set[int]) -> bool:
    """Whether an array may hold class names: texts that are not one a record, which are private.

    Args:
        header: its shape and type.
        lengths: numbers of records, of the part that is read and of others.
    """
    if header is None or len(header[0]) != 1 or header[1].kind not in "USO":
        return False
    return header[0][0] not in lengths


def _missing(store: ArrayStore, headers: _Headers, name: str, option: str) -> SourceError:
    return SourceError(
        f"there is no array {name!r}; {_listed(store, headers)}",
        where=store.where,
        name=_withheld(store, headers),
        fix=f"give {option} one of these names; {store.hint}",
    )


def _listed(store: ArrayStore, headers: _Headers) -> str:
    shown = [f"{name} {list(headers[name][0])}" for name in shown_names(store, headers)[:_SHOWN]]
    if not shown:
        return f"there are {len(headers):,} of other names" if headers else "there are none"
    others = len(headers) - len(shown)
    return f"there are {', '.join(shown)}" + (f" and {others:,} more" if others else "")
