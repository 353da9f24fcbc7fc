"""What each kind of parameter accepts and writes."""

import pytest

from pe_sdk import Categorical, Float, Int


def test_among_is_written_only_if_it_leaves_out_choices():
    assert Categorical(("a", "b")).to_json() == {"kind": "categorical", "choices": ["a", "b"]}
    assert Categorical(("a", "b"), among=("b",)).to_json()["among"] == ["b"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Float(1, 1),
        lambda: Float(0, float("inf")),
        lambda: Float(0, 1, log=True),
        lambda: Int(3, 2),
        lambda: Categorical(()),
        lambda: Categorical(("a", "a")),
        lambda: Categorical(("a", "b"), among=("c",)),
    ],
)
def test_impossible_parameters_are_refused(make):
    with pytest.raises(ValueError, match="needs|among"):
        make()
