"""Labels as arrays store them: integers, texts, whole floats, one-hot rows, `[n, 1]`.

What the labels are follows from shape and dtype. A record whose label does not fit them has a
fault, which follows from this label only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.readers.clients import number_clients
from pe_sdk import SourceError

_EXACT = 2.0**53
"""The first whole number from which on not every one is a float64."""

_INTEGERS = "int64"


@dataclass(frozen=True)
class PlainLabels:
    """Labels [n] as `pe_host.privacy.readers.classes` takes them.

    Args:
        values: integers or texts; rows that have a fault hold anything.
        faults: what is wrong with a label, a clause whose subject is it, by row.
        classes: number of classes, where the shape of the array gives it.
    """

    values: NDArray[Any]
    faults: dict[int, str]
    classes: int | None = None

    @property
    def good(self) -> NDArray[Any]:
        """The values of the rows that have no fault."""
        if not self.faults:
            return self.values
        return np.delete(self.values, list(self.faults))


def plain_labels(
    stored: NDArray[Any], name: str, column: int | None, rows: int, where: str
) -> PlainLabels:
    """Bring labels to one integer or text a record.

    Args:
        stored: the array.
        name: its name, for errors.
        column: which column to take; None for a row a label.
        rows: number of records.
        where: the source, for errors.

    Raises:
        SourceError: these are not labels, or not one a record.
    """
    if stored.ndim == 0 or len(stored) != rows:
        raise SourceError(
            f"{name} must be one per record: it is {list(stored.shape)}, for {rows} records",
            where=where,
            fix="store one label per record, in the order of the records",
        )
    if column is not None:
        if stored.ndim != 2 or column >= stored.shape[1]:
            raise SourceError(
                f"{name} is {list(stored.shape)} and has no column {column}",
                where=where,
                fix="give a column that it has, counted from 0",
            )
        stored = stored[:, column]
    if stored.ndim == 2 and stored.shape[1] == 1:
        stored = stored[:, 0]
    if stored.ndim == 2 and stored.shape[1] and stored.dtype.kind in "biuf":
        return _one_hot(stored)
    if stored.ndim != 1:
        raise SourceError(
            f"{name} must be one per record, [n] or one-hot [n, K], not {list(stored.shape)}",
            where=where,
            fix="store one label per record",
        )
    kind = stored.dtype.kind
    if kind == "b":
        return PlainLabels(stored.astype(np.uint8), {})
    if kind in "iuU":
        return PlainLabels(stored.astype(stored.dtype.newbyteorder("=")), {})
    if kind == "S":
        return _decoded(stored)
    if kind == "f":
        return _whole(stored)
    raise SourceError(
        f"{name} holds {stored.dtype}, which cannot be labels",
        where=where,
        fix="store integers or texts, or give --labels the array that does",
    )


def _one_hot(stored: NDArray[Any]) -> PlainLabels:
    """Rows with a single 1 among zeros; the number of columns is the number of classes."""
    ones = stored == 1
    good = (ones | (stored == 0)).all(axis=1) & (ones.sum(axis=1) == 1)
    what = "is not one-hot, a single 1 among zeros; --labels KEY:COLUMN takes one column"
    faults = {int(row): what for row in np.flatnonzero(~good)}
    return PlainLabels(ones.argmax(axis=1), faults, stored.shape[1])


def _decoded(stored: NDArray[Any]) -> PlainLabels:
    texts, faults = [], {}
    for row, value in enumerate(stored.tolist()):
        try:
            texts.append(value.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append("")
            faults[row] = "is not UTF-8 text"
    return PlainLabels(np.array(texts, np.str_), faults)


def _whole(stored: NDArray[Any]) -> PlainLabels:
    values = stored.astype(np.float64)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < _EXACT)
    faults = {int(row): "is not a whole number" for row in np.flatnonzero(~good)}
    return PlainLabels(np.where(good, values, 0).astype(_INTEGERS), faults)


def client_codes(stored: NDArray[Any], name: str, rows: int, where: str) -> PlainLabels:
    """Bring client ids, integers or texts, to an int64 a record.

    Raises:
        SourceError: see `plain_labels`.
    """
    plain = plain_labels(stored, name, None, rows, where)
    if plain.values.dtype.kind in "iu":
        return PlainLabels(plain.values.astype(np.int64), plain.faults)
    codes, missing = number_clients(plain.values.tolist())
    faults = {int(row): "is missing" for row in np.flatnonzero(missing)}
    return PlainLabels(codes, {**faults, **plain.faults})


def class_names(stored: NDArray[Any], name: str, where: str) -> tuple[str, ...]:
    """Return the class names in an array.

    Raises:
        SourceError: it does not hold distinct texts.
    """
    names: tuple[str, ...] = ()
    if stored.ndim == 1 and stored.dtype.kind in "US":
        plain = plain_labels(stored, name, None, len(stored), where)
        names = () if plain.faults else tuple(str(text) for text in plain.values)
    if not names or len(set(names)) != len(names):
        raise SourceError(
            f"{name} must be an array of distinct strings",
            where=where,
            fix="store numpy.array([name, …]) with one distinct name per label, in order",
        )
    return names
