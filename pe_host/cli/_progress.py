"""Progress on stderr: rich bars on a terminal, elsewhere one line per iteration."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pe_host.reporting import Reporter, Silent, Stage, visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def make_reporter() -> Reporter:
    """Return the reporter that suits stderr."""
    return TerminalReporter() if sys.stderr.isatty() else LineReporter()


class LineReporter:
    """Writes a line for each note, warning and iteration, and no bars."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def note(self, text: str) -> None:
        self._show(text)

    def warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._show(f"warning: {text}")

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Stage]:
        yield Silent()

    def iteration(self, t: int, T: int, text: str) -> None:
        self._show(f"iteration {t}/{T}: {text}")

    def _show(self, text: str) -> None:
        """Write a text whose paths could rewrite the terminal."""
        self._write(visible(text, kept="\n"))

    def _write(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201  this is where progress is printed


class TerminalReporter(LineReporter):
    """Writes the same lines, with a bar below them during a stage."""

    def __init__(self) -> None:
        from rich.console import Console

        super().__init__()
        self._console = Console(stderr=True)

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Stage]:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            yield _Bar(progress, progress.add_task(name, total=total))

    def _write(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class _Bar:
    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self._progress, self._task = progress, task

    def advance(self, n: int = 1) -> None:
        self._progress.advance(self._task, n)
