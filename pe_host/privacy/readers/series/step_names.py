"""Columns that count or date the steps of features, by their names."""

import re
from collections.abc import Sequence
from itertools import pairwise

_TABULAR = re.compile(
    r"(pixels?|pix|px|v|f|feat|features?|vars?|variables?|attr?|attributes?|columns?|cols?|pc|dim"
    r"|emb|embedding|q|questions?|items?|factors?|genes?)[\s_.-]*",
    re.IGNORECASE,
)
"""What numbered columns that are not steps are often called."""

_STEP_NAME = re.compile(
    r"(|t|ts|time|x|y|v|val|values?|s|sec|m|min|h|hr|hours?|d|days?|w|weeks?|months?|steps?|att"
    r"|obs|k)[\s_.:-]*",
    re.IGNORECASE,
)
"""What steps are often called: such a prefix is not the name of a feature."""

_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d{1,18})(?P<suffix>\D*)")
_GRID = re.compile(r"\d+\s*[x×]\s*\d+")
_TIME_NAME = re.compile(
    r"\d{1,2}:\d{2}(:\d{2})?|\d{4}-\d{2}(-\d{2}([ T]\d{1,2}:\d{2}(:\d{2})?)?)?"
    r"|\d{1,4}[/.]\d{1,2}[/.]\d{1,4}"
)

Group = tuple[str, tuple[str, ...]]
"""A feature, and the columns of its steps."""


def step_groups(names: Sequence[str]) -> list[Group]:
    """Return the columns that count or date the steps of features, all of one length."""
    dated = [name for name in names if _TIME_NAME.fullmatch(name)]
    if len(dated) > 1:
        return [("x1", tuple(dated))]
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name in names:
        if _GRID.fullmatch(name):
            return []
        if match := _NUMBERED.fullmatch(name):
            key = (match["prefix"], match["suffix"])
            found.setdefault(key, []).append((int(match["number"]), name))
    groups = []
    for (prefix, suffix), steps in found.items():
        counted = [number for number, _ in steps]
        if len(steps) > 1 and all(a < b for a, b in pairwise(counted)):
            groups.append((_feature(prefix, suffix), tuple(name for _, name in steps)))
    longest = max((len(columns) for _, columns in groups), default=0)
    groups = [group for group in groups if len(group[1]) == longest]
    if len(groups) == 1 and _STEP_NAME.fullmatch(groups[0][0]):
        return [("x1", groups[0][1])]
    return groups


def _feature(prefix: str, suffix: str) -> str:
    return (prefix + suffix).strip(" _.-:[]()") or "x1"


def looks_tabular(groups: Sequence[Group]) -> bool:
    """Whether the columns of a single feature are called as those of a table often are."""
    if len(groups) != 1:
        return False
    match = _NUMBERED.fullmatch(groups[0][1][0])
    return bool(match and _TABULAR.fullmatch(match["prefix"]))


def is_aligned(groups: Sequence[Group]) -> bool:
    """Whether the columns of every feature count the same steps, where several do."""
    return len(groups) < 2 or len({tuple(map(_number, columns)) for _, columns in groups}) == 1


def _number(name: str) -> int:
    match = _NUMBERED.fullmatch(name)
    return int(match["number"]) if match else 0
