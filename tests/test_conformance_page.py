"""The page of the conformance rules: it repeats the rules that the checks' docstrings state."""

from pathlib import Path

import pytest

from pe_sdk.testing.rules import rules

PAGE = Path(__file__).parents[1] / "docs" / "conformance.md"


@pytest.mark.parametrize("kind", ["generator", "embedding", "reader", "exporter"])
def test_the_page_has_the_rules_of_the_docstrings(kind):
    # `python -m pe_sdk.testing.rules` prints what belongs there.
    assert rules(kind) in PAGE.read_text(encoding="utf-8")
