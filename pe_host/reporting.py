"""How work reports its progress and its result, without knowing what shows them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol


class Stage(Protocol):
    """One piece of work in progress."""

    def advance(self, n: int = 1) -> None:
        """Count n more units as done."""


class Reporter(Protocol):
    """Where progress goes. Texts are for the operator and never quote a private record."""

    def note(self, text: str) -> None:
        """Show something worth knowing."""

    def warn(self, text: str) -> None:
        """Show something that may need action; the same text once."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:
        """Show a piece of work of `total` units until the block ends."""

    def iteration(self, t: int, T: int, text: str) -> None:
        """Show that iteration t of T is done, on one line."""


class Silent:
    """A Reporter that shows nothing, for use as a library."""

    def note(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Stage]:
        yield self

    def advance(self, n: int = 1) -> None:
        pass

    def iteration(self, t: int, T: int, text: str) -> None:
        pass


@dataclass(frozen=True)
class CommandResult:
    """The result of a command: `document` for --json, `text` for people, a line each."""

    document: Mapping[str, Any]
    text: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        return self.document

    def lines(self) -> tuple[str, ...]:
        return self.text
