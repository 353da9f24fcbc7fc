"""How many cases a test run does.

The fast tier does a few of each kind and the slow tier more, always the same ones. With
`BAD_INPUT_CASES=N`, each test of the slow tier does N, which are other ones each time (or those of
`--hypothesis-seed`). It goes on after one that fails, and prints how they ended:

    BAD_INPUT_CASES=1000 python -m pytest tests/bad_input -m slow
"""

import os
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.engine import ConjectureRunner

CASES = int(os.environ.get("BAD_INPUT_CASES", "0"))

SEED = 1
"""Of the cases of the tiers, which are the same in every test run."""

SHOWN = 20
"""Cases that fail whose report is shown."""


def tiers(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test twice, with these numbers of cases, in the fast and in the slow tier."""
    slow = pytest.param(CASES or many, id="many", marks=pytest.mark.slow)
    return pytest.mark.parametrize("count", [pytest.param(few, id="few"), slow])


def for_each(strategy: st.SearchStrategy[Any], count: int, holds: Callable[[Any], None]) -> None:
    """Try a property on so many cases."""
    if CASES:
        _count_failures(strategy, count, holds)
    else:
        _run(strategy, count, holds, [Phase.generate, Phase.shrink])


def until(
    strategy: st.SearchStrategy[Any], count: int, holds: Callable[[Any], None], first: int = SEED
) -> str:
    """Try a property on at most so many cases; return how the first one fails, "" for none.

    Args:
        strategy: of the cases.
        count: how many.
        holds: the property.
        first: their seed, where the cases are the same in every test run.
    """

    class Caught(BaseException):
        """Ends the search: Hypothesis would go on after an Exception."""

    def stops(case: Any) -> None:
        try:
            holds(case)
        except AssertionError as error:
            raise Caught(str(error)) from None

    try:
        _run(strategy, count, stops, [Phase.generate], first)
    except Caught as caught:
        return str(caught) or "an assertion without a message"
    return ""


def _count_failures(
    strategy: st.SearchStrategy[Any], count: int, holds: Callable[[Any], None]
) -> None:
    failed: list[str] = []

    def counts(case: Any) -> None:
        try:
            holds(case)
        except AssertionError as error:
            failed.append(f"{case!r}\n{error}")

    _run(strategy, count, counts, [Phase.generate])
    report = "\n\n".join(text[:4_000] for text in failed[:SHOWN])
    assert not failed, f"{len(failed)} of {count} cases fail\n\n{report}"


def _run(
    strategy: st.SearchStrategy[Any],
    count: int,
    holds: Callable[[Any], None],
    phases: list[Phase],
    first: int = SEED,
) -> None:
    fixed = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=[*HealthCheck],
        report_multiple_bugs=False,
    )
    # By default, most cases repeat an earlier one with a value changed. Here each is a new one.
    mutations = mock.patch.object(
        ConjectureRunner, "generate_mutations_from", lambda *_: None, create=True
    )
    # By default, cases hold constants of all imported modules: other ones in each test run.
    constants = mock.patch.object(providers, "_get_local_constants", providers.Constants)
    with mutations, constants, warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # a case that fails can be a long text
        test = given(strategy)(holds)
        fixed(test if CASES else seed(first)(test))()


class Tally(Counter[int]):
    """The exit codes of the cases of a test."""

    def counted(self, check: Callable[..., int], *before: Any) -> Callable[[Any], None]:
        """A property of cases that counts their exit codes."""

        def holds(case: Any) -> None:
            self[check(*before, case)] += 1

        return holds

    def check(self, *refused: int) -> None:
        """Assert that some cases ended well and some in one of these codes, if there are many."""
        if self.total() >= 20:
            assert self[0] and any(self[code] for code in refused), str(self)

    def __str__(self) -> str:
        codes = ", ".join(f"code {code}: {count:,}" for code, count in sorted(self.items()))
        return f"{self.total():,} cases ({codes})"
