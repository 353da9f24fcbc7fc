"""Mistakes in the product, each of which the cases of the slow tier catch."""

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.mistakes import MISTAKES
from bad_input.tiers import CASES, until

MOST = 60
"""Cases in which a mistake is caught. More are tried with BAD_INPUT_CASES."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(bench: Bench, name: str) -> None:
    mistake = MISTAKES[name]
    kind = KINDS[mistake.kind]
    bench.run.mistake = name
    try:
        report = until(kind.cases(), CASES or MOST, lambda case: kind.check(bench, case))
    finally:
        bench.run.mistake = None
    assert mistake.says in report and report, report
