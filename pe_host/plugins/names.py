"""Kinds of plugin, normalised names, and safe display of text from plugins."""

import re

GENERATOR, EMBEDDING, READER, DOCTOR = "generator", "embedding", "reader", "doctor"

KINDS = (GENERATOR, EMBEDDING, READER, DOCTOR)

WITH_OPTIONS = (GENERATOR, EMBEDDING)

GROUPS = {
    "pe.plugins": GENERATOR,
    "pe.embeddings": EMBEDDING,
    "pe.readers": READER,
    "pe.doctor": DOCTOR,
}
"""Kind of plugin, by entry-point group."""

HOST = "pe-host"
"""The distribution whose plugins are built in."""

DEV = "dev"
"""Distribution and version of a plugin from PE_DEV_PLUGIN."""


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
