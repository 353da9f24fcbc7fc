"""Labels and clients of records that are files, as texts: from their names or from a label file."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.patterns import PatternError, search_all
from pe_host.privacy.readers.classes import Classes, find_classes
from pe_host.privacy.readers.clients import client_of
from pe_sdk import SourceError, SourceOptions

Texts = Mapping[int, str]
"""A text for each record, by number; those without one are missing."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")


def by_regex(way: str, names: Sequence[str], option: str, where: str) -> Texts:
    """Take a part of each name: the first group of the pattern, or all that it matches.

    Args:
        way: `name:REGEX` for the name of the file, `path:REGEX` for its path in the source.
        names: paths of the files in the source.
        option: the option that the pattern comes from.
        where: the source, for errors.

    Raises:
        SourceError: the pattern is none, no name matches it, or matching takes too long.
    """
    kind, _, pattern = way.partition(":")
    searched = names if kind == "path" else [name.rpartition("/")[2] for name in names]
    try:
        texts = search_all(pattern, searched)
    except PatternError as error:
        raise SourceError(
            f"{option}: {error}",
            where=where,
            fix=f"write one as in {option} 'name:^([^_]+)_', without repetitions of repetitions",
        ) from None
    found = {number: text for number, text in enumerate(texts) if text}
    if not found:
        raise SourceError(
            f"{option}: no {kind} of a file matches the pattern",
            where=where,
            fix=f"it is searched for in the {_WHAT[kind]}, as in {option} '{kind}:^([^_]+)_'",
        )
    return found


_WHAT = {"name": "name of each file", "path": "path of each file, relative to the source"}


def is_regex(way: str) -> bool:
    return way.startswith(("name:", "path:"))


def classes_of(texts: Texts, options: SourceOptions, where: str) -> Classes:
    """Find the classes of labels that come without a list of names; see `find_classes`.

    Raises:
        SourceError: they are private names, or numbers that cannot be counted.
    """
    # Each once: an array of texts has room for the longest one in every place.
    values = list(dict.fromkeys(texts.values()))
    whole = [value for value in values if _INTEGER.fullmatch(value)]
    numbers = np.array([_number(value) for value in whole], np.int64)
    # With declared names, a text among numbers is a fault of its record.
    if len(whole) == len(values) or (options.classes and whole):
        return find_classes(numbers, options, where)
    # A number is the same name whether or not another record has a text.
    names = {str(_number(value)) if _INTEGER.fullmatch(value) else value for value in values}
    return find_classes(np.array(sorted(names), np.str_), options, where)


def positions_of(
    texts: Texts, count: int, names: tuple[str, ...], options: SourceOptions
) -> NDArray[np.int64]:
    """Return the position of each record's label in the names, -1 for none.

    As in `classes.positions`, a number counts from `labels_from`; if that is not given, it is a
    name, or else it counts from 0 unless all names are numbers. A label depends on no other record.
    """
    place = {name: position for position, name in enumerate(names)}
    first = options.labels_from
    counted = first is not None or not all(_INTEGER.fullmatch(name) for name in names)
    found = np.full(count, -1, np.int64)
    for number, text in texts.items():
        position = place.get(text, -1)
        if _INTEGER.fullmatch(text) and (position < 0 or first is not None):
            value = _number(text)
            position = place.get(str(value), -1) if first is None else -1
            if position < 0 and counted and 0 <= value - (first or 0) < len(names):
                position = value - (first or 0)
        found[number] = position
    return found


def clients_in(texts: Texts) -> Texts:
    """Return the clients that texts name: as in all readers, 7 and 7.0 are one, nan is missing."""
    return {row: client for row, text in texts.items() if (client := client_of(text))}


def ids_of(texts: Texts, count: int) -> NDArray[np.int64]:
    """Return a number for each text, the same for equal ones; 0 where there is none."""
    found = np.zeros(count, np.int64)
    number_of: dict[str, int] = {}
    for number, text in texts.items():
        found[number] = number_of.setdefault(text, len(number_of))
    return found


def _number(text: str) -> int:
    return int(text.partition(".")[0])
