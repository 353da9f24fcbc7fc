"""The register of checks: functions of a bench whose docstring's first sentence is the rule."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

LEVELS = ("static", "basic", "full")

_MODULES = (
    *("embedding_checks", "exporter_checks", "generator_checks", "process_checks", "reader_checks"),
    "static_checks",
)
"""Modules that register checks: imported when the checks are first asked for."""


class Failed(Exception):
    """A broken rule; the message says what was observed."""


class Skipped(Exception):
    """A rule that does not apply or cannot be checked; the message says why."""


@dataclass(frozen=True)
class Check:
    """One rule; its function takes the bench and returns a remark, or raises Failed or Skipped."""

    name: str
    kind: str
    level: str
    function: Callable[[Any], str | None]

    @property
    def rule(self) -> str:
        text = " ".join((self.function.__doc__ or "").split())
        return text.partition(". ")[0].rstrip(".") + "."


_CHECKS: list[Check] = []  # filled only while the modules of the checks are imported


def check(
    kind: str, level: str
) -> Callable[[Callable[[Any], str | None]], Callable[[Any], str | None]]:
    """Register a function as a check under its own name."""

    def register(function: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        _CHECKS.append(Check(function.__name__, kind, level, function))
        return function

    return register


def checks(kind: str, level: str = "full") -> tuple[Check, ...]:
    """Return the checks of a kind up to a level, in the order in which they run.

    Raises:
        ValueError: an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; choose from {', '.join(LEVELS)}")
    for name in _MODULES:
        import_module(f"pe_sdk.testing.{name}")
    wanted = LEVELS[: LEVELS.index(level) + 1]
    found = [c for c in _CHECKS if c.kind == kind and c.level in wanted]
    return tuple(sorted(found, key=lambda c: LEVELS.index(c.level)))


def expect(condition: object, detail: str) -> None:
    """Raise `Failed` unless the condition holds."""
    if not condition:
        raise Failed(detail)
