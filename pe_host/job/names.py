"""The check of the class names of a run, wherever they come from."""

from collections.abc import Sequence

from pe_host.errors import PeError
from pe_host.plugins.names import LONGEST_NAME, wrong_name

MOST = 10_000
"""Most classes of a run. Each has candidates, a row of every report and a noisy count."""


def check_class_names(names: Sequence[str], kind: type[PeError], where: str) -> None:
    """Check class names.

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
        if wrong := wrong_name(name):
            raise kind(
                f"the name of class {number} {wrong}",
                where=where,
                fix=f"use one line of 1 to {LONGEST_NAME} visible characters for each class",
            )
