import re
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers.classes import MOST, find_classes, natural, positions
from pe_sdk import SourceError, SourceOptions


def _read(labels: Any, **options: Any) -> tuple[tuple[str, ...], list[int], bool]:
    """Class names, the position of each label, and whether the names are counted."""
    values = np.asarray(labels)
    found = find_classes(values, SourceOptions(**options), "here")
    return found.names, positions(values, found.names, found.options).tolist(), found.counted


def _refusal(labels: Any, **options: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        _read(labels, **options)
    assert caught.value.where == "here"
    return caught.value


def test_integers_without_names_are_numbers_up_to_the_largest() -> None:
    assert _read([0, 2, 1, 2]) == (("0", "1", "2"), [0, 2, 1, 2], True)
    assert _read(np.array([0, 3], np.uint8)) == (("0", "1", "2", "3"), [0, 3], True)


def test_a_negative_label_is_the_fault_of_its_record() -> None:
    assert _read([0, -1, 1]) == (("0", "1"), [0, -1, 1], True)


def test_labels_that_start_at_1_need_to_be_declared() -> None:
    """The message shows what to type: it works when it is copied."""
    error = _refusal([1, 2, 1])
    assert error.what == "labels count from 0, but the least of these is 1"
    assert "--labels-from 1" in error.fix and "name the 2 classes with --classes" in error.fix
    assert _read([1, 2, 1], labels_from=1) == (("1", "2"), [0, 1, 0], True)
    assert _read([1, 2, 1], labels_from=0) == (("0", "1", "2"), [1, 2, 1], True)
    assert _read([1, 2, 1], classes=("a", "b")) == (("a", "b"), [0, 1, 0], False)
    for first in re.findall(r"--labels-from (\d+)", error.fix):
        assert min(_read([1, 2, 1], labels_from=int(first))[1]) >= 0


def test_labels_that_start_higher_are_named_with_their_least() -> None:
    assert "--labels-from 5" in _refusal([5, 7]).fix
    assert _read([5, 7], labels_from=5) == (("5", "6", "7"), [0, 2], True)


def test_names_for_labels_from_0_stand_for_them_in_order() -> None:
    assert _read([0, 1, 1], classes=("a", "b")) == (("a", "b"), [0, 1, 1], False)
    # As many names as the largest label, but 0 occurs: the largest label has no name.
    assert _read([0, 1, 2], classes=("a", "b")) == (("a", "b"), [0, 1, -1], False)
    assert _read([1, 2], classes=("a", "b", "c")) == (("a", "b", "c"), [1, 2], False)


def test_what_counts_from_1_is_a_decision_of_describe_that_read_repeats() -> None:
    """One record more or less does not move the others: the decision is in the options."""
    found = find_classes(np.array([1, 2]), SourceOptions(classes=("a", "b")), "here")
    assert found.options.labels_from == 1
    assert positions(np.array([2, 0]), found.names, found.options).tolist() == [1, -1]


def test_names_that_are_numbers_stand_for_themselves() -> None:
    assert _read([3, 7, 3], classes=("7", "3")) == (("7", "3"), [1, 0, 1], False)
    assert _read([1, 2], classes=("1", "2")) == (("1", "2"), [0, 1], False)
    assert _read([1, 2], classes=("0", "1"), labels_from=1)[1] == [0, 1]


def test_text_labels_are_private_until_they_are_declared() -> None:
    error = _refusal(["bar", "disc"])
    assert "private" in error.what
    assert "--classes A,B,…" in error.fix and "--public-classes" in error.fix
    assert "bar" not in str(error) + error.fix
    assert _read(["bar", "disc", "x"], classes=("disc", "bar"))[1] == [1, 0, -1]
    assert _read(["b10", "b9", "b10"], public_classes=True) == (("b9", "b10"), [1, 0, 1], False)


def test_public_integers_are_names_of_their_own() -> None:
    labels = np.array([40, 9, 10**12], np.int64)
    assert _read(labels, public_classes=True) == (("9", "40", str(10**12)), [1, 0, 2], False)


def test_a_label_that_is_too_large_to_be_one_is_refused() -> None:
    assert len(_read([0, MOST - 1])[0]) == MOST
    for labels in ([0, MOST], [123_456_789], np.array([2**64 - 1], np.uint64)):
        error = _refusal(labels)
        assert "10,000 classes" in error.what
        assert "--public-classes" in error.fix and "--labels " in error.fix
    assert _read(np.array([2**64 - 1], np.uint64), classes=("a", "b"))[1] == [-1]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        (["b2", "b10", "a"], ["a", "b2", "b10"]),
        (["x", "3", "", "12y"], ["", "3", "12y", "x"]),
        (["٣", "3"], ["3", "٣"]),  # a digit of another script is no number here
    ],
)
def test_names_are_sorted_as_people_do(names: list[str], ordered: list[str]) -> None:
    assert sorted(names, key=natural) == ordered


def test_no_labels_at_all_are_no_error_here() -> None:
    assert _read(np.array([], np.int64)) == (("0",), [], True)
