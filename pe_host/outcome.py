"""What a command has to show when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """A result in both forms: `document` for --json, `text` for people, a line each."""

    document: Mapping[str, Any]
    text: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        return self.document

    def lines(self) -> tuple[str, ...]:
        return self.text
