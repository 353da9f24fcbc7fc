"""The conformance kit: small named checks of generators, embeddings and readers. Needs numpy and pluggy alone."""

from pe_sdk.testing.fronts import (
    check_embedding,
    check_generator,
    check_reader,
    parametrize_with_checks,
)
from pe_sdk.testing.registry import Check, checks
from pe_sdk.testing.report import CheckReport, CheckResult, ConformanceError

__all__ = [
    "Check",
    "CheckReport",
    "CheckResult",
    "ConformanceError",
    "check_embedding",
    "check_generator",
    "check_reader",
    "checks",
    "parametrize_with_checks",
]
