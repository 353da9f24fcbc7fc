"""Breaks the rule `options_documented`."""

from dataclasses import dataclass

from bad_plugins.good import spec


@dataclass(frozen=True)
class Options:
    size: int = 3


SPEC = spec(options=Options)
