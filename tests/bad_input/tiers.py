"""How many cases a test run does.

The fast tier does a few of each kind and the slow tier more, always the same ones. With
`BAD_INPUT_CASES=N`, each test of the slow tier does N, which are other ones each time (or those of
`--hypothesis-seed`), and prints how they ended:

    BAD_INPUT_CASES=1000 python -m pytest tests/bad_input -m slow
"""

import os
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning
from hypothesis.internal.conjecture.engine import ConjectureRunner

CASES = int(os.environ.get("BAD_INPUT_CASES", "0"))


def tiers(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test twice, with these numbers of cases, in the fast and in the slow tier."""
    slow = pytest.param(CASES or many, id="many", marks=pytest.mark.slow)
    return pytest.mark.parametrize("count", [pytest.param(few, id="few"), slow])


def for_each(strategy: st.SearchStrategy[Any], count: int, holds: Callable[[Any], None]) -> None:
    """Try a property on so many cases."""
    fixed = settings(
        max_examples=count,
        derandomize=not CASES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
        report_multiple_bugs=False,
    )
    # By default, most cases repeat an earlier one with a value changed. Here each is a new one.
    name = "generate_mutations_from"
    replaced = mock.patch.object(ConjectureRunner, name, lambda *_: None, create=True)
    with replaced, warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # a case that fails can be a long text
        fixed(given(strategy)(holds))()


class Tally(Counter[int]):
    """The exit codes of the cases of a test."""

    def check(self, *refused: int) -> None:
        """Assert that some cases ended well and some in one of these codes, if there are many."""
        if self.total() >= 20:
            assert self[0] and any(self[code] for code in refused), str(self)

    def __str__(self) -> str:
        codes = ", ".join(f"code {code}: {count:,}" for code, count in sorted(self.items()))
        return f"{self.total():,} cases ({codes})"
