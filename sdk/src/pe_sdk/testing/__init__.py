"""The conformance kit: small named checks of generators, embeddings, readers and exporters.

It needs only numpy and pluggy.
"""

from pe_sdk.testing.registry import Check, checks
from pe_sdk.testing.report import CheckReport, CheckResult, ConformanceError
from pe_sdk.testing.runner import (
    check_embedding,
    check_exporter,
    check_generator,
    check_reader,
    parametrize_with_checks,
)

__all__ = [
    "Check",
    "CheckReport",
    "CheckResult",
    "ConformanceError",
    "check_embedding",
    "check_exporter",
    "check_generator",
    "check_reader",
    "checks",
    "parametrize_with_checks",
]
