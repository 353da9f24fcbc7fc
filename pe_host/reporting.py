"""Progress and results, as commands report them without knowing what shows them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol


class Stage(Protocol):
    """A piece of work in progress."""

    def advance(self, n: int = 1) -> None:
        """Count n more units as done."""


class Reporter(Protocol):
    """The sink of progress messages. They are for the operator and never quote a private record."""

    def note(self, text: str) -> None:
        """Show a message that is worth knowing."""

    def warn(self, text: str) -> None:
        """Show a message that may need action; the same text is shown once."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:
        """Show a piece of work of `total` units until the block ends."""

    def iteration(self, t: int, T: int, text: str) -> None:
        """Show on one line that iteration t of T is done."""


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


def visible(text: str, kept: str = "") -> str:
    """The text with control characters as escapes: paths and plugins could rewrite the terminal.

    Args:
        text: what is shown.
        kept: control characters that stay, such as line ends.
    """
    return "".join(c if c.isprintable() or c in kept else ascii(c)[1:-1] for c in text)


@dataclass(frozen=True)
class CommandResult:
    """The result of a command: `document` for --json, and `text`, lines for people."""

    document: Mapping[str, Any]
    text: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        return self.document

    def lines(self) -> tuple[str, ...]:
        return self.text
