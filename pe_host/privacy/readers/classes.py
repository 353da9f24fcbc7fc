"""Labels as files have them, and the class names that stand for them.

Integers may have no names. Then the classes are numbers up to the largest label, which counts as
public, and the plan says so. Names that stand only in the labels of records are private: one that a
single record has would give it away. So the user declares them, or declares them public. Integers
whose numbers the user declares public are names like any others.
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
    numbers = values.dtype.kind in "iu"
    if options.classes:
        # Names that are numbers stand for themselves.
        undecided = options.labels_from is None and not _all_numbers(options.classes)
        if undecided and counts_from_1(values, len(options.classes)):
            options = replace(options, labels_from=1)
        return Classes(options.classes, "--classes", False, options)
    if numbers and not options.public_classes:
        return _counted(values, options, where)
    if not options.public_classes:
        raise SourceError(
            "the class names stand only in the labels of the records, which are private",
            where=where,
            fix=f"{DECLARE}, or add --public-classes if all names that occur may be published",
        )
    names = sorted({str(value) for value in np.unique(values).tolist()}, key=natural)
    return Classes(tuple(names), "the labels that occur, declared public", False, options)


def counts_from_1(values: NDArray[Any], names: int) -> bool:
    """Whether these are K labels 1..K for K names. The least and the largest count as public."""
    if values.dtype.kind not in "iu" or not len(values):
        return False
    return int(values.min()) >= 1 and int(values.max()) == names


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
        count = most - least + 1
        several = f"{count} classes" if count > 1 else "class"
        raise SourceError(
            f"labels count from 0, but the least of these is {least}",
            where=where,
            fix=f"add --labels-from {least} (or --labels-from 0 if the classes before it have no "
            f"records), or name the {several} with --classes A,B,…",
        )
    # A label below the first is a fault of its record.
    names = tuple(str(number) for number in range(first, max(most, first) + 1))
    return Classes(names, "numbers up to the largest label", True, options)


def _all_numbers(names: tuple[str, ...]) -> bool:
    return all(re.fullmatch("-?[0-9]+", name) for name in names)
