"""Cells of a table as values. What a cell is follows from the cell only."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")

MISSING = frozenset(
    {"", "?", "-", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "nat", "null", "none", "nil"}
)
"""What stands for a missing value, in any case."""

_NO_LABEL = frozenset({"", "?", "nan", "<na>"})
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.0*)?([eE][+-]?[0-9]{1,2})?")

_DATES = ("%d.%m.%Y", "%Y/%m/%d")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f")


def is_text(value: str) -> bool:
    """Whether the value is UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def to_number(cell: str, comma: bool = False) -> float | None:
    """Return the number in a cell, NaN where it is missing, or None where it is something else.

    Args:
        cell: the text.
        comma: whether a comma is the decimal sign.
    """
    try:
        return _float(cell)
    except ValueError:
        pass
    if is_missing(cell):
        return math.nan
    if comma and "." not in cell and cell.count(",") == 1:
        return to_number(cell.replace(",", "."))
    return None


def _float(cell: str) -> float:
    """The number; unlike in Python, no underscore stands between its digits.

    Raises:
        ValueError: the cell is not a number.
    """
    if "_" in cell:
        raise ValueError
    return float(cell)


def numbers(cells: Sequence[str], comma: bool) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read cells as numbers, and return which of them are something else; these are NaN too."""
    try:
        return np.array(list(map(_float, cells)), np.float64), np.zeros(len(cells), np.bool_)
    except ValueError:
        read = [to_number(cell, comma) for cell in cells]
    odd = np.array([value is None for value in read], np.bool_)
    return np.array([math.nan if v is None else v for v in read], np.float64), odd


def to_time(cell: str) -> float:
    """Return a number as it is, a date as seconds since 1970, and NaN for anything else.

    Dates are ISO 8601, or `31.1.2024`, `2024/01/31`, each with or without a clock time. Dates that
    begin with the month are not read: they could begin with the day. A time without a zone counts
    as UTC.
    """
    try:
        value = _float(cell)
        return value if math.isfinite(value) else math.nan
    except ValueError:
        pass
    found = _date(cell)
    if found is None:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _date(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        pass
    for date in _DATES:
        for clock in _CLOCKS:
            try:
                return datetime.strptime(cell, date + clock)
            except ValueError:
                continue
    return None


def to_label(cell: str) -> str:
    """Return the label in a cell, "" where it is missing; `1.0` and `1e0` are the label 1."""
    if cell.lower() in _NO_LABEL:
        return ""
    if not _WHOLE.fullmatch(cell):
        return cell
    value = float(cell)
    return str(int(value)) if abs(value) < 2**53 and value == int(value) else cell


def label_of(cell: str) -> str:
    """Return `to_label`; a label that is not UTF-8 counts as missing."""
    label = to_label(cell)
    return label if is_text(label) else ""


def read_cells(cells: Sequence[str], read: Callable[[str], Value]) -> list[Value]:
    """Read every cell; equal ones are read once."""
    known = {cell: read(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]
