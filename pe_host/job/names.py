"""What a class name may be: it stands on terminals, in files, in reports and in the card."""

import unicodedata
from collections.abc import Sequence

from pe_host.errors import PeError

LONGEST = 200
"""Most characters of a class name; a feature's name may have as many."""

MOST = 10_000
"""Most classes of a run. Each has candidates, a row of every report and a noisy count."""

_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, lone surrogates, line ends."""

_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text after them on a terminal or a page."""


def check_class_names(names: Sequence[str], kind: type[PeError], where: str) -> None:
    """Check class names, wherever they come from.

    Args:
        names: the names, in the order of the labels.
        kind: the error to raise.
        where: their origin, for the error.

    Raises:
        PeError: of this kind; there are too many, or one is empty, too long, or not one line of
            visible characters.
    """
    if len(names) > MOST:
        raise kind(
            f"{len(names):,} classes are too many", where=where, fix=f"use at most {MOST:,} classes"
        )
    for number, name in enumerate(names):
        if wrong := _wrong(name):
            raise kind(
                f"the name of class {number} {wrong}",
                where=where,
                fix=f"use one line of 1 to {LONGEST} visible characters for each class",
            )


def _wrong(name: object) -> str:
    if not isinstance(name, str):
        return f"is {type(name).__name__}, not text"
    if not name.strip():
        return "is empty"
    if len(name) > LONGEST:
        return f"has {len(name):,} characters"
    for character in name:
        if unicodedata.category(character) in _FORBIDDEN or character in _DIRECTIONS:
            return f"holds the character U+{ord(character):04X}"
    return ""
