"""Results of the checks of one plugin."""

from dataclasses import asdict, dataclass
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class ConformanceError(AssertionError):
    """A plugin that breaks rules; the message names each broken rule and what was observed."""


@dataclass(frozen=True)
class CheckResult:
    """Result of one check: name, rule, status (passed, failed or skipped) and what was observed."""

    name: str
    rule: str
    status: str
    detail: str = ""


@dataclass(frozen=True)
class CheckReport:
    """Results for one plugin, in the order of the checks."""

    subject: str
    kind: str
    level: str
    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        return tuple(r for r in self.results if r.status == FAILED)

    def raise_for_failures(self) -> None:
        """Raise ConformanceError if a check failed."""
        if self.failures:
            lines = [f"{r.name}: {r.rule} {r.detail}" for r in self.failures]
            raise ConformanceError(
                f"{self.kind} {self.subject!r} breaks {len(lines)} rule(s)\n" + "\n".join(lines)
            )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "results": [asdict(r) for r in self.results]}
