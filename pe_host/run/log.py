"""The log of a run: a reporter that also writes to a file."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from pe_host.durable import make_private_folder, owner_only
from pe_host.reporting import Reporter, Stage


class LoggingReporter:
    """Passes everything on, and appends notes, warnings and iterations to a file.

    Each is one line that begins with the time in UTC. The file is for its owner only.
    """

    def __init__(self, reporter: Reporter, path: Path) -> None:
        self._reporter, self._path = reporter, path
        self._seen: set[str] = set()
        make_private_folder(path.parent)

    def note(self, text: str) -> None:
        self._reporter.note(text)
        self._append(text)

    def warn(self, text: str) -> None:
        self._reporter.warn(text)
        if text not in self._seen:
            self._seen.add(text)
            self._append(f"warning: {text}")

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:
        return self._reporter.stage(name, total)

    def iteration(self, t: int, T: int, text: str) -> None:
        self._reporter.iteration(t, T, text)
        self._append(f"iteration {t}/{T}: {text}")

    def _append(self, text: str) -> None:
        with owner_only(), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")
