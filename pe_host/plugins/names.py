"""Kinds of plugin, normalised names, and safe display of text from plugins."""

import re
import unicodedata

GENERATOR, EMBEDDING, READER, DOCTOR = "generator", "embedding", "reader", "doctor"
EXPORTER = "exporter"

KINDS = (GENERATOR, EMBEDDING, READER, EXPORTER, DOCTOR)

WITH_OPTIONS = (GENERATOR, EMBEDDING)

GROUPS = {
    "pe.plugins": GENERATOR,
    "pe.embeddings": EMBEDDING,
    "pe.readers": READER,
    "pe.exporters": EXPORTER,
    "pe.doctor": DOCTOR,
}
"""Kind of plugin, by entry-point group."""

HOST = "pe-host"
"""The distribution whose plugins are built in."""

DEV = "dev"
"""Distribution and version of a plugin from PE_DEV_PLUGIN."""


LONGEST_NAME = 200
"""Most characters of the name of a class, an option or a parameter."""

_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, lone surrogates, line ends."""

_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text after them on a terminal or a page."""


def wrong_name(name: object) -> str:
    """Return what keeps a value from being a name, or "".

    A name stands on terminals, in files and in reports: it is one line of visible characters.
    """
    if not isinstance(name, str):
        return f"is {type(name).__name__}, not text"
    if not name.strip():
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"has {len(name):,} characters"
    for character in name:
        if unicodedata.category(character) in _FORBIDDEN or character in _DIRECTIONS:
            return f"holds the character U+{ord(character):04X}"
    return ""


def normalise(name: str) -> str:
    """The name as it is compared and shown: lower case, each run of `-`, `_` and `.` as one `-`."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def split(name: str) -> tuple[str, str]:
    """Split `distribution/name` or `name` into (distribution or "", name), both normalised."""
    distribution, _, plain = name.rpartition("/")
    return normalise(distribution), normalise(plain)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, which could rewrite the terminal."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
