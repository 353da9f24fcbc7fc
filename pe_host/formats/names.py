"""Names of files: their natural order, and those that belong to a system and not to the data."""

import re

_DIGITS = re.compile(r"[0-9]+")
_WIDTH = 20
"""Digits of the largest number that is compared by value; longer ones are compared as text."""

SYSTEM = (
    "__MACOSX",
    "Thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "Icon\r",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
    "@eaDir",
    "__pycache__",
)
"""Files and folders that systems and programs leave beside the data, in any case of letters."""

_SYSTEM = {name.lower(): name.strip() for name in SYSTEM}
_KNOWN_HIDDEN = (".DS_Store", ".ipynb_checkpoints", ".git", ".gitignore", ".cache")


def natural_key(name: str) -> tuple[str, str]:
    """Return a key that sorts names as people do: numbers in them by value."""
    return _DIGITS.sub(lambda found: found.group().zfill(_WIDTH), name), name


def passed_over(name: str) -> str:
    """Return the rule by which a file or folder of this name is no part of the data, or ""."""
    if name.startswith("."):
        return name if name in _KNOWN_HIDDEN else "names that start with a dot"
    return _SYSTEM.get(name.lower(), "")


def suffix(name: str) -> str:
    """Return the end of a file name from its last dot on, in lower case."""
    stem, dot, end = name.rpartition("/")[2].rpartition(".")
    return dot + end.lower() if stem else ""
