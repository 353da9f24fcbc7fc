"""Labels as files have them, and the class names that stand for them.

Integers count from 0, or from what the user or the format declares: never from the least label,
since then one record would decide what the labels of all others mean. They may have no names. Then
the classes are numbers up to the largest label, which counts as public, and the plan says so.

Names that stand only in the labels of records are private: one that a single record has would give
it away. So the user declares them, or declares them public. Integers whose numbers the user
declares public are names like any others.
"""

import re
from dataclasses import dataclass
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
        options: the options, with what a format decides filled in.
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
        SourceError: the labels have no names and cannot be counted, their names are private, or
            they are names that are declared public and are to count as well.
    """
    numbers = values.dtype.kind in "iu"
    if options.classes:
        if numbers and not _all_numbers(options.classes):  # such names stand for themselves
            named = [int(name) for name in options.classes if re.fullmatch("-?[0-9]{1,18}", name)]
            check_first(values[~np.isin(values, named)], options.classes, options, where)
        return Classes(options.classes, "--classes", False, options)
    if numbers and not options.public_classes:
        return _counted(values, options, where)
    if not options.public_classes:
        raise SourceError(
            "the class names stand only in the labels of the records, which are private",
            where=where,
            fix=f"{DECLARE}, or add --public-classes if all names that occur may be published",
        )
    if options.labels_from is not None:
        # A label that one record adds would change what the integers of all others stand for.
        raise SourceError(
            "--labels-from and --public-classes contradict each other: with --public-classes a "
            "label is the name of its class, and counts nothing",
            where=where,
            fix="leave out --public-classes if integers count classes; else leave out "
            "--labels-from",
        )
    names = sorted({str(value) for value in np.unique(values).tolist()}, key=natural)
    return Classes(tuple(names), "the labels that occur, declared public", False, options)


def check_first(
    values: NDArray[Any], names: tuple[str, ...], options: SourceOptions, where: str
) -> None:
    """Check that labels which count names do so from 0, unless it is declared where they start.

    Args:
        values: the labels [n]; texts count nothing.
        names: the class names, in order.
        options: what the user declares: the integer of the first name.
        where: the source, for errors.

    Raises:
        SourceError: a label is larger than the last name from 0 on stands for.
    """
    if options.labels_from is not None or values.dtype.kind not in "iu":
        return
    if (values >= len(names)).any():
        raise SourceError(
            f"labels count from 0, and one is larger than {len(names) - 1}, the last of "
            f"{len(names)} class names",
            where=where,
            fix="add --labels-from 1 if 1 stands for the first name; or name every class; or add "
            "--labels-from 0, and such a label is a fault of its record",
        )


def positions(
    values: NDArray[Any], names: tuple[str, ...], options: SourceOptions
) -> NDArray[np.int64]:
    """Return the position of each label [n] in the names; -1 where there is none.

    Strings are matched by name. Integers count from `labels_from`. If it is not given, they are
    matched by name where every name is an integer, else they count from 0.
    """
    counts = options.labels_from is not None or not _all_numbers(names)
    if values.dtype.kind in "iu" and counts:
        first = options.labels_from or 0
        inside = (values >= first) & (values < first + len(names))
        return np.where(inside, values.astype(np.int64) - first, -1)
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(str(value), -1) for value in values.tolist()], dtype=np.int64)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts names as people do: numbers in them by value."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple(_number(p) if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts)


def _number(digits: str) -> tuple[int, int, str]:
    """A key that sorts digits by value, however many they are: `int` reads some thousand."""
    plain = digits.lstrip("0")
    return 0, len(plain), f"{plain} {digits}"


def _counted(values: NDArray[Any], options: SourceOptions, where: str) -> Classes:
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    first = options.labels_from or 0
    if most - first >= MOST:
        raise SourceError(
            f"the largest label stands for more than {MOST:,} classes",
            where=where,
            fix=f"{DECLARE}; add --public-classes if the labels that occur may be published; or "
            "give --labels if the labels are elsewhere",
        )
    if options.labels_from is None and least >= 1:
        raise SourceError(
            "labels count from 0, and none of these is 0",
            where=where,
            fix="add --labels-from 1 if the first class is 1, or --labels-from 0 if the class 0 "
            "has no records",
        )
    # A label below the first is a fault of its record.
    names = tuple(str(number) for number in range(first, max(most, first) + 1))
    return Classes(names, "numbers up to the largest label", True, options)


def _all_numbers(names: tuple[str, ...]) -> bool:
    return all(re.fullmatch("-?[0-9]+", name) for name in names)
