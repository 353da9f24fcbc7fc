"""Labels as files have them, and the class names that stand for them.

Integers may have no names. Then the classes are numbers up to the largest label, which counts as
public, and the plan says so. Names that stand only in the labels of records are private: one that a
single record has would give it away. So the user declares them, or declares them public.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import SourceError, SourceOptions

MOST = 10_000
"""Most classes that are counted. A larger label is an id or a mistake."""

DECLARE = "name them, in order, with --classes A,B,…"


@dataclass(frozen=True)
class Classes:
    """The classes of a source.

    Args:
        names: the class names, in order.
        origin: where they come from, in a few words.
        counted: whether they are numbers up to the largest label.
        options: the options, with `labels_from` filled in.
    """

    names: tuple[str, ...]
    origin: str
    counted: bool
    options: SourceOptions


def find_classes(values: NDArray[Any], options: SourceOptions, where: str) -> Classes:
    """Find the classes of labels that come without a list of names.

    Args:
        values: the labels [n], integers or strings.
        options: what the user declares: class names, whether names are public, the first integer.
        where: the source, for errors.

    Raises:
        SourceError: the labels have no names and cannot be counted, or their names are private.
    """
    if options.classes:
        first = options.labels_from
        if first is None and values.dtype.kind in "iu" and not _all_numbers(options.classes):
            # K names for 1..K. The least and the largest label count as public.
            ends = (int(values.min()), int(values.max())) if len(values) else (0, 0)
            first = 1 if ends[0] >= 1 and ends[1] == len(options.classes) else None
        return Classes(options.classes, "--classes", False, replace(options, labels_from=first))
    if values.dtype.kind in "iu":
        return _counted(values, options, where)
    if not options.public_classes:
        raise SourceError(
            "the class names stand only in the labels of the records, which are private",
            where=where,
            fix=f"{DECLARE}, or add --public-classes if all names that occur may be published",
        )
    names = tuple(sorted({str(value) for value in values}, key=natural))
    return Classes(names, "the names in the labels, declared public", False, options)


def positions(
    values: NDArray[Any], names: tuple[str, ...], options: SourceOptions
) -> NDArray[np.int64]:
    """Return the position of each label [n] in the names; -1 where there is none.

    Strings are matched by name. So are integers, if every name is an integer; else they count from
    `labels_from`.
    """
    if values.dtype.kind in "iu" and not _all_numbers(names):
        first = options.labels_from or 0
        inside = (values >= first) & (values < first + len(names))
        return np.where(inside, values.astype(np.int64) - first, -1)
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(str(value), -1) for value in values.tolist()], dtype=np.int64)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts names as people do: numbers in them by value."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(p), p) if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts)


def _counted(values: NDArray[Any], options: SourceOptions, where: str) -> Classes:
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if options.labels_from is None and least >= 1:
        raise SourceError(
            f"labels count from 0, but the least label of these is {least}",
            where=where,
            fix="add --labels-from 1, or --labels-from 0 if class 0 has no records, or "
            "name all classes with --classes A,B,…",
        )
    first = options.labels_from or 0
    if most - first >= MOST:
        raise SourceError(
            f"the largest label stands for more than {MOST:,} classes",
            where=where,
            fix=f"{DECLARE}; give --labels if they are elsewhere",
        )
    # A label below the first is a fault of its record.
    names = tuple(str(number) for number in range(first, max(most, first) + 1))
    return Classes(names, "numbers up to the largest label", True, options)


def _all_numbers(names: tuple[str, ...]) -> bool:
    return all(re.fullmatch("-?[0-9]+", name) for name in names)
