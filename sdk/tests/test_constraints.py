"""Constraints that `labels.NAME=…` puts on a space."""

import pytest

from pe_sdk import (
    CannotMake,
    Categorical,
    Float,
    Int,
    ParameterSpace,
    label_spaces,
    narrowed,
    random,
)

SPACE = ParameterSpace(
    {
        "shape": Categorical(("bag", "icon", "shoe")),
        "size": Float(0.5, 8, log=True),
        "angle": Float(0, 360, wrap=True),
        "count": Int(2, 9),
    }
)
SEEDS = random.derive(3, "constraints", 300)


def test_choices_and_ranges_hold_for_every_draw_and_variation():
    space = label_spaces(SPACE, ("a",), {"a": "shape:bag|icon, size:1..2,count:3..5,angle:0..90"})[
        "a"
    ]
    for columns in (space.sample(SEEDS), space.vary(space.sample(SEEDS), 1.0, SEEDS)):
        assert {SPACE["shape"].choices[code] for code in columns["shape"]} == {"bag", "icon"}
        assert columns["size"].min() >= 1 and columns["size"].max() <= 2
        assert set(columns["count"]) == {3, 4, 5}
        assert SPACE.contains(columns).all() and space.contains(columns).all()


def test_an_angle_wraps_only_over_its_whole_circle():
    assert not narrowed(SPACE, "angle:0..90", "x")["angle"].wrap
    assert narrowed(SPACE, "angle:0..360", "x")["angle"] == SPACE["angle"]
    assert narrowed(SPACE, "size:1..2", "x")["size"].log


def test_a_label_without_constraints_has_the_whole_space():
    assert label_spaces(SPACE, ("plain", "asked"), {"asked": "size:1..2"})["plain"] is SPACE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shape", "write PARAMETER"),
        ("colour:red", "no parameter 'colour'"),
        ("shape:hat", "cannot be 'hat'"),
        ("size:high", "needs a range"),
        ("size:7..1", "low below high"),
        ("size:0..2", "0.5..8"),
        ("size:nan..2", "0.5..8"),
        ("count:2.5..4", "2..9"),
        ("size:1..2,size:3..4", "twice"),
    ],
)
def test_invalid_constraints_are_explained(text, said):
    with pytest.raises(CannotMake, match=said) as caught:
        label_spaces(SPACE, ("thing",), {"thing": text})
    assert "labels.thing" in str(caught.value)


def test_constraints_for_an_unknown_label_are_refused():
    with pytest.raises(CannotMake, match="hat"):
        label_spaces(SPACE, ("bag",), {"hat": "shape:bag"})
