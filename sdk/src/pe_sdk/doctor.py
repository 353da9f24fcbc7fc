"""What a plugin needs of the machine, for `pe doctor`: a spec with a check, whose findings are shown line by line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["ok", "warning", "bad"]
"""ok: it works. warning: something is missing, but the plugin works without it. bad: the plugin does not work here."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what it is, in a word or two: a backend, a driver, a file of weights.
        level: see `Level`.
        detail: what was found, in a sentence.
        fix: what to do next where it is not ok.
    """

    name: str
    level: Level
    detail: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level not in get_args(Level):
            raise ValueError(
                f"the level of a finding is one of {', '.join(get_args(Level))}, got {self.level!r}"
            )


@dataclass(frozen=True)
class DoctorSpec:
    """A check of this machine.

    Args:
        name: the same as the entry point's name; that of the generator it belongs to, say.
        summary: one line.
        check: gives one or more findings. It runs in a process of its own, with a time limit: it may load drivers and
            fail in any way, which is a finding too. It should try what the plugin does, not only look for files.
    """

    name: str
    summary: str
    check: Callable[[], Iterable[Finding]]
