"""Patterns of a user: what they find, and an end to those that would take for ever."""

import re

import pytest

from pe_host.formats import patterns
from pe_host.formats.patterns import PatternError, search_all

NAMES = ("anna_1.png", "b_2.png", "\udcff_\n3.png", "none.png", "")


@pytest.mark.parametrize(
    "text", ["^([^_]+)_", "[0-9]", "(?:x|([a-z]))_", r"(?<=_)(.)(?=\.png)", r"(.)\1", "(?s)_(.*)"]
)
def test_a_pattern_finds_what_python_finds(text: str) -> None:
    expected = []
    for name in NAMES:
        found = re.search(text, name)
        expected.append("" if found is None else found[re.compile(text).groups and 1] or "")
    assert search_all(text, NAMES) == expected


def test_more_names_than_a_pipe_holds() -> None:
    names = [f"{i}_{'x' * 90}" for i in range(20_000)]
    assert search_all("^([0-9]+)_", names) == [str(i) for i in range(20_000)]


@pytest.mark.parametrize("text", ["^(a|a)*$", "^(a*)*b", "^([a-z]|[a-z]a)*$"])
def test_a_pattern_that_backtracks_ends(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 1)
    with pytest.raises(PatternError, match="takes more than 1 s") as caught:
        search_all(text, ["a" * 200 + "!"])
    assert "aaa" not in str(caught.value)


@pytest.mark.parametrize("text", ["(", "a{9999999999999999}", "(" * 5_000 + ")" * 5_000, "[z-a]"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternError, match="not a regular expression"):
        search_all(text, NAMES)


def test_a_large_count_takes_no_memory() -> None:
    assert search_all("a{1000000000}", NAMES) == [""] * len(NAMES)


def test_a_process_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_CHILD", "pe_host.formats.no_such_module")
    with pytest.raises(PatternError, match="does not start"):
        search_all("a", NAMES)
