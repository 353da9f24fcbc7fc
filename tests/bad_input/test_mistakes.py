"""Mistakes in the product, each of which the cases of the slow tier catch."""

import itertools

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.mistakes import MISTAKES
from bad_input.tiers import CASES, until

MOST = 150
"""Cases in which a mistake is caught. More are tried with BAD_INPUT_CASES."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(bench: Bench, name: str) -> None:
    mistake = MISTAKES[name]
    kind = KINDS[mistake.kind]
    tried = itertools.count()

    def holds(case: object) -> None:
        next(tried)
        kind.check(bench, case)

    bench.run.mistake = name
    try:
        report = until(kind.cases(), CASES or MOST, holds)
    finally:
        bench.run.mistake = None
    print(f"{name}: {next(tried)} cases of {mistake.kind}")
    assert mistake.says in report and report, report
