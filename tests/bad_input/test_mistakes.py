"""Mistakes in the product, each of which the cases catch.

In the slow tier, each is tried with cases of a seed that shows it soon; the tests of the kinds have
those of one seed. `SELDOM` are those that take some hundred cases. With BAD_INPUT_CASES=1000 and
another seed, all were caught: most within 100 cases, a label that is quoted after 322, and an
exporter's link after 910.
"""

import itertools

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.mistakes import MISTAKES
from bad_input.tiers import CASES, SEED, until

MOST = 40
"""Cases of the slow tier in which a mistake is caught."""

SELDOM = ("a label is quoted",)

SEEDS = {
    "a label of a label file is quoted": 4,
    "a ValueError of tomllib passes": 2,
    "flags of a worker are not checked": 3,
    "the space of a worker is not checked": 6,
    "an answer that is nested too deeply": 5,
}
"""Seeds of the cases, where it is not that of the other tests."""


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
        report = until(kind.cases(), CASES or MOST, holds, SEEDS.get(name, SEED))
    finally:
        bench.run.mistake = None
    print(f"{name}: {next(tried)} cases of {mistake.kind}")
    assert mistake.says in report and report, report
