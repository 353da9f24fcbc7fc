"""Checks of the machine for `pe doctor`: a spec with a check, and the findings it returns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["ok", "warning", "bad"]
"""Level of a finding.

"ok": it works. "warning": something is missing, but the plugin works without it. "bad": the plugin
does not work here.
"""


@dataclass(frozen=True)
class Finding:
    """One result of a check.

    Args:
        name: what was checked, in a word or two: a backend, a driver, a file of weights.
        level: see `Level`.
        detail: what was found, in a sentence.
        fix: what to do next if the level is not "ok".
    """

    name: str
    level: Level
    detail: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level not in get_args(Level):
            raise ValueError(
                f"level must be one of {', '.join(get_args(Level))}, got {self.level!r}"
            )


@dataclass(frozen=True)
class DoctorSpec:
    """A check of the machine.

    Args:
        name: name of the entry point, such as that of the generator it belongs to.
        summary: one line.
        check: returns one or more findings. It runs in a process of its own, with a time limit: it
            may load drivers and fail in any way, which is reported as a finding too. It should try
            what the plugin does, not only look for files.
    """

    name: str
    summary: str
    check: Callable[[], Iterable[Finding]]
