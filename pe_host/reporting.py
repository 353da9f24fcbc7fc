"""How long work tells of itself, without knowing what shows it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Stage(Protocol):
    """One piece of work in progress."""

    def advance(self, n: int = 1) -> None:
        """n more units are done."""


class Reporter(Protocol):
    """Where progress goes. Texts are for the operator and never hold the content of a private record."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def warn(self, text: str) -> None:
        """Something that may need action; the same text is shown once."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:
        """A piece of work of `total` units, over when the block ends."""

    def iteration(self, t: int, T: int, text: str) -> None:
        """Iteration t of T is done; one line."""


class Silent:
    """A Reporter that shows nothing: for use as a library."""

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
