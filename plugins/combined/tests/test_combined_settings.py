"""Parsing of the options `stages` and `mix`."""

import pytest

import pe_combined
from pe_combined.settings import AUTO, RELEASE, Stage, read_mix, read_stages
from pe_sdk import CannotMake


def test_what_stages_say():
    assert read_stages("a:0-4,b:5-8") == (Stage("a", 0, 4), Stage("b", 5, 8))
    assert read_stages(" a:0 , b:1-3, c:4- ") == (Stage("a", 0, 0), Stage("b", 1, 3), Stage("c", 4))
    assert read_stages("a,b:auto") == (Stage("a", 0), Stage("b", AUTO))
    assert read_stages("a,b:release") == (Stage("a", 0), Stage("b", RELEASE))
    assert read_mix("a:3,b:1") == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "names no generator"),
        ("a:1-", "must begin at 0"),
        ("a:0-2,b:4-", "must begin at 3"),
        ("a:0-,b:3-", "no iteration is left for it"),
        ("a:0-2,a:3-", "named twice"),
        ("a:0-2,b:auto", "takes no numbers"),
        ("a:0-2,b:release", "takes no numbers"),
        ("a:0,b:1,c:release", "is not a stage"),
        ("a:2-1", "must begin at 0"),
        ("a:0-1,b:2-1", "ends before it begins"),
        ("a:x", "is not a stage"),
        ("a,b", "is not a stage"),
    ],
)
def test_invalid_stages_are_refused(text, what):
    with pytest.raises(CannotMake, match=what):
        read_stages(text)


@pytest.mark.parametrize("text", ["a", "a:0", "a:-1,b:2", "a:x", "a:1,a:2", "", "a:inf", "a:nan"])
def test_invalid_shares_are_refused(text):
    with pytest.raises(CannotMake, match="mix"):
        read_mix(text)


def test_stages_and_mix_exclude_each_other():
    with pytest.raises(ValueError, match="exclude each other"):
        pe_combined.Options(stages="a:0-", mix="b:1")
