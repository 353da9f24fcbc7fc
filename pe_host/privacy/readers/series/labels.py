"""Labels and clients of series, as the texts of their cells."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.readers.cells import to_label
from pe_host.privacy.readers.classes import Classes, find_classes, natural, positions
from pe_host.privacy.readers.clients import number_clients
from pe_sdk import SourceError, SourceOptions

ONE = "all"
"""Name of the class of series without labels."""

TEXT_BYTES = 100
"""The memory, about, that the texts of a label and a client take."""


def classes_of(
    found: Collection[str], options: SourceOptions, where: str, *, from_one: bool = False
) -> Classes:
    """Find the classes, from the distinct labels.

    Args:
        found: the labels that occur, from `to_label`, without "".
        options: what the user declares.
        where: the file, for errors.
        from_one: whether the format counts classes from 1.

    Raises:
        SourceError: see `find_classes`; or a label is less than the first class of the format.
    """
    values = as_values(sorted(found, key=natural))
    if options.classes:
        counts = not any(map(_is_integer, options.classes))
        # With declared names, a text among numbers is a fault of its record.
        values = as_values(sorted(filter(_is_integer, found))) if counts else values
    else:
        counts = not options.public_classes
    if from_one and counts and options.labels_from is None:
        options = replace(options, labels_from=1)
        if values.dtype.kind == "i" and values.min(initial=1) < 1:
            raise SourceError(
                "labels count from 1 in this format, and one is less",
                where=where,
                fix="add --labels-from 0 if the first class is 0; or name the labels as they are, "
                "as in --classes=-1,1",
            )
    return find_classes(values, options, where)


def one_class(options: SourceOptions, where: str) -> Classes:
    """Return the single class of series without labels.

    Raises:
        SourceError: the user declares several.
    """
    if len(options.classes) > 1:
        raise SourceError(
            f"{len(options.classes)} classes are declared, but there is no column of labels",
            where=where,
            fix="name it with --labels COLUMN",
        )
    return Classes(options.classes or (ONE,), "one class: there are no labels", False, options)


def as_values(found: Sequence[str]) -> NDArray[np.int64] | NDArray[np.str_]:
    """The labels as integers if all are, else as texts."""
    if all(map(_is_integer, found)):
        return np.array([int(label) for label in found], np.int64)
    return np.array(found, np.str_)


def _is_integer(label: str) -> bool:
    return re.fullmatch("-?[0-9]{1,18}", label) is not None


def to_positions(
    labels: Sequence[str],
    names: tuple[str, ...],
    options: SourceOptions,
    *,
    named: bool = False,
) -> NDArray[np.int64]:
    """Return the position of each label in the class names, -1 where there is none.

    A label is a name. An integer counts the names, from `labels_from`; if that is not given, only
    where no name is an integer.

    Args:
        labels: from `to_label`, or names as they are.
        names: the class names.
        options: how labels are read.
        named: whether integers are names as well, because the file itself declares the names.
    """
    own = {form(name): i for form in (to_label, str) for i, name in enumerate(names)}
    counted = options.labels_from is not None or not any(map(_is_integer, own))
    places = {}
    for label in set(labels):
        counts = _is_integer(label) and counted and not named
        found = positions(as_values([label]), names, options)[0] if counts else own.get(label, -1)
        places[label] = int(found)
    return np.array([places[label] for label in labels], np.int64)


def label_faults(
    labels: Sequence[str],
    found: NDArray[np.int64],
    places: Callable[[int], str],
    where: str,
) -> dict[int, SourceError]:
    """The faults of series whose label is missing or is not one of the classes."""
    faults = {}
    for i in np.flatnonzero(found < 0).tolist():
        what = "is not one of the classes" if labels[i] else "is missing"
        faults[i] = SourceError(
            f"the label of {places(i)} {what}",
            where=where,
            fix="declare every class, as in --classes=A,B, or leave such records out with "
            "--bad-records drop",
        )
    return faults


def client_codes(
    cells: Sequence[str], places: Callable[[int], str], where: str
) -> tuple[NDArray[np.int64], dict[int, SourceError]]:
    """Number the clients, and return the faults of records without one.

    Args:
        cells: the clients as they are written.
        places: returns where record i is, for errors.
        where: the file, for errors.
    """
    numbers, missing = number_clients(cells)
    faults = {
        i: SourceError(
            f"the client of {places(i)} is missing",
            where=where,
            fix="fill it in, or leave such records out with --bad-records drop",
        )
        for i in np.flatnonzero(missing).tolist()
    }
    return numbers, faults
