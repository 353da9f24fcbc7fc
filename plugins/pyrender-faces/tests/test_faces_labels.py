import pytest

from pe_pyrender_faces.labels import label_spaces
from pe_pyrender_faces.space import BEARDED, SPACE
from pe_sdk import CannotMake, random

SEEDS = random.derive(3, "labels", 500)


def drawn(text):
    return label_spaces(SPACE, ("plain", "asked"), {"asked": text})["asked"].sample(SEEDS)


def test_a_label_without_constraints_has_the_whole_space():
    assert label_spaces(SPACE, ("plain", "asked"), {"asked": "sex:0..0.5"})["plain"] is SPACE


def test_choices_and_ranges_hold_for_every_draw():
    people = drawn("expression:smile|laugh, age:18..30,glasses:none")
    choices = SPACE["expression"].choices
    assert {choices[code] for code in people["expression"]} == {"smile", "laugh"}
    assert people["age"].min() >= 18 and people["age"].max() <= 30
    assert {SPACE["glasses"].choices[code] for code in people["glasses"]} == {"none"}
    assert SPACE.contains(people).all()


def test_a_variation_stays_within_the_constraint():
    space = label_spaces(SPACE, ("asked",), {"asked": "expression:laugh,yaw:-5..5"})["asked"]
    moved = space.vary(space.sample(SEEDS), 1.0, SEEDS)
    assert space.contains(moved).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("expression", "write PARAMETER"),
        ("smile:yes", "no parameter 'smile'"),
        ("expression:grin", "cannot be 'grin'"),
        ("age:young", "needs a range"),
        ("age:30..20", "low below high"),
        ("age:10..20", "18..85"),
        ("age:nan..20", "18..85"),
        ("age:20..30,age:40..50", "twice"),
        ("facial_hair:full_beard", "sex:0.4..1"),
    ],
)
def test_invalid_constraints_are_refused(text, said):
    with pytest.raises(CannotMake, match=said) as caught:
        label_spaces(SPACE, ("smiling",), {"smiling": text})
    assert "labels.smiling" in str(caught.value)


def test_facial_hair_that_is_asked_for_shows():
    people = drawn("facial_hair:full_beard,sex:0.5..1")
    assert people["sex"].min() > BEARDED


def test_constraints_for_an_unknown_label_are_refused():
    with pytest.raises(CannotMake, match="grinning"):
        label_spaces(SPACE, ("smiling",), {"grinning": "age:20..30"})
