"""Parsing of the options `stages` and `mix`."""

import re
from dataclasses import dataclass

from pe_sdk import CannotMake

AUTO, RELEASE = -1, -2
"""Starts of stages that are not population numbers."""

_WORDS = {"auto": AUTO, "release": RELEASE}
_RANGE = re.compile(r"(\d+)(?:(-)(\d*))?")


@dataclass(frozen=True)
class Stage:
    """A generator and its iterations.

    Args:
        name: name of the generator.
        start: the first population it makes, 0 for the random samples; AUTO if the votes decide;
            RELEASE if it makes only the release, after the stage before it.
        end: the last population it makes, or None if it goes on to the end.
    """

    name: str
    start: int
    end: int | None = None


def read_stages(text: str) -> tuple[Stage, ...]:
    """Parse `NAME:FROM-TO,NAME:FROM-`, or `NAME,NAME:auto`, or `NAME,NAME:release`.

    Raises:
        CannotMake: the syntax is invalid, stages leave a gap or overlap, or a name occurs twice.
    """
    entries = [
        tuple(part.strip() for part in entry.partition(":"))
        for entry in text.split(",")
        if entry.strip()
    ]
    _check_names(text, "stages", [name for name, _, _ in entries])
    if len(entries) == 2 and entries[1][2] in _WORDS:
        if entries[0][2]:
            raise CannotMake(
                f"stages: {text!r}: the stage before one with {entries[1][2]} takes no numbers"
            )
        return Stage(entries[0][0], 0), Stage(entries[1][0], _WORDS[entries[1][2]])
    stages: list[Stage] = []
    free: int | None = 0
    for name, _, numbers in entries:
        found = _RANGE.fullmatch(numbers)
        if not found:
            raise CannotMake(
                f"stages: {name}:{numbers} is not a stage; write NAME:FROM-TO, or NAME:FROM- for "
                "the last, or NAME,NAME:auto or NAME,NAME:release"
            )
        first, dash, last = int(found[1]), found[2], found[3]
        if first != free:
            wanted = "no iteration is left for it" if free is None else f"it must begin at {free}"
            raise CannotMake(
                f"stages: {name}:{numbers}: {wanted}; stages follow each other from 0 without gaps"
            )
        end = first if not dash else int(last) if last else None
        if end is not None and end < first:
            raise CannotMake(f"stages: {name}:{numbers} ends before it begins")
        stages.append(Stage(name, first, end))
        free = None if end is None else end + 1
    return tuple(stages)


def check_end(stages: tuple[Stage, ...], iterations: int) -> None:
    """Check that every stage has its turn and the last goes on to the release, population T.

    Raises:
        CannotMake: the stages do not fit T iterations.
    """
    last = stages[-1]
    if last.start > iterations:
        raise CannotMake(
            f"stages: {last.name} begins at {last.start}, but the run has only {iterations} "
            "iterations; begin it earlier, or raise --iterations"
        )
    if last.end is not None and last.end < iterations:
        raise CannotMake(
            f"stages: {last.name} ends at {last.end}, but the run has {iterations} iterations; "
            f"write {last.name}:{last.start}-"
        )


def read_mix(text: str) -> dict[str, float]:
    """Parse `NAME:SHARE,NAME:SHARE` into shares that sum to one.

    Raises:
        CannotMake: the syntax is invalid, a share is not positive, or a name occurs twice.
    """
    entries = [
        tuple(part.strip() for part in entry.partition(":"))
        for entry in text.split(",")
        if entry.strip()
    ]
    _check_names(text, "mix", [name for name, _, _ in entries])
    shares = {}
    for name, _, number in entries:
        try:
            share = float(number)
        except ValueError:
            share = 0.0
        if not 0 < share < float("inf"):
            raise CannotMake(
                f"mix: {name}:{number} has no positive share; write NAME:SHARE,NAME:SHARE"
            )
        shares[name] = share
    return {name: share / sum(shares.values()) for name, share in shares.items()}


def _check_names(text: str, option: str, names: list[str]) -> None:
    if not names or "" in names:
        raise CannotMake(f"{option}: {text!r} names no generator")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise CannotMake(f"{option}: {twice} is named twice")
