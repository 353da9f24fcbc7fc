"""Kinds of plugin, when two names are the same name, and how the texts of plugins are shown."""

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
"""Entry-point group -> kind."""

HOST = "pe-host"
"""The distribution whose plugins are built in."""

DEV = "dev"
"""Stands in for the distribution and the version of what PE_DEV_PLUGIN gives."""


def normalise(name: str) -> str:
    """The form names are compared and shown in: lower case, with runs of `-`, `_` and `.` as one `-`."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def split(name: str) -> tuple[str, str]:
    """`distribution/name` or `name` -> (distribution or "", name), both normalised."""
    distribution, _, plain = name.rpartition("/")
    return normalise(distribution), normalise(plain)


def one_line(text: str) -> str:
    """A text without line breaks and control characters, which could rewrite the terminal."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
