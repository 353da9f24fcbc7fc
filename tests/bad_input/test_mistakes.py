"""Mistakes in the product, each of which the cases catch.

Those of `SELDOM` take more cases than the slow tier does: they are tried with BAD_INPUT_CASES=1000.
"""

import itertools

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.mistakes import MISTAKES
from bad_input.tiers import CASES, until

MOST = 40
"""Cases of the slow tier in which a mistake is caught."""

SELDOM = (
    "a label of a label file is quoted",
    "a TokenError of numpy passes",
    "flags of a worker are not checked",
    "a text of a worker is shown as it is",
    "an answer that is nested too deeply",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(bench: Bench, name: str) -> None:
    if name in SELDOM and not CASES:
        pytest.skip("takes more cases: BAD_INPUT_CASES=1000")
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
