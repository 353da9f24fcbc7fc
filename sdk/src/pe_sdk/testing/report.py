"""What came of the checks of one plugin."""

from dataclasses import asdict, dataclass
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class ConformanceError(AssertionError):
    """A plugin breaks rules of the contract; the message names each with its rule and what was seen."""


@dataclass(frozen=True)
class CheckResult:
    """One check: its name, its rule in one sentence, passed, failed or skipped, and what was seen."""

    name: str
    rule: str
    status: str
    detail: str = ""


@dataclass(frozen=True)
class CheckReport:
    """The results of one plugin, in the order of the checks."""

    subject: str
    kind: str
    level: str
    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        return tuple(r for r in self.results if r.status == FAILED)

    def raise_for_failures(self) -> None:
        """Raise ConformanceError where a check failed."""
        if self.failures:
            lines = [f"{r.name}: {r.rule} {r.detail}" for r in self.failures]
            raise ConformanceError(
                f"{self.kind} {self.subject!r} breaks {len(lines)} rule(s)\n" + "\n".join(lines)
            )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "results": [asdict(r) for r in self.results]}
