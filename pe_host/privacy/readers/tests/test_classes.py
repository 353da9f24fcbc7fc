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
    assert error.what == "labels count from 0, and none of these is 0"
    assert "--labels-from 1" in error.fix
    assert _read([1, 2, 1], labels_from=1) == (("1", "2"), [0, 1, 0], True)
    assert _read([1, 2, 1], labels_from=0) == (("0", "1", "2"), [1, 2, 1], True)
    declared = {"classes": ("a", "b"), "labels_from": 1}
    assert _read([1, 2, 1], **declared) == (("a", "b"), [0, 1, 0], False)
    for first in re.findall(r"--labels-from (\d+)", error.fix):
        assert min(_read([1, 2, 1], labels_from=int(first))[1]) >= 0


def test_no_private_label_is_quoted() -> None:
    for error in (_refusal([5, 7]), _refusal([5, 7], classes=("a", "b"))):
        assert not re.search("[57]", str(error) + error.fix)
    assert _read([5, 7], labels_from=5) == (("5", "6", "7"), [0, 2], True)


def test_names_for_labels_from_0_stand_for_them_in_order() -> None:
    assert _read([0, 1, 1], classes=("a", "b")) == (("a", "b"), [0, 1, 1], False)
    assert _read([1, 2], classes=("a", "b", "c")) == (("a", "b", "c"), [1, 2], False)


@pytest.mark.parametrize("labels", [[1, 2, 1], [0, 1, 2], [5]])
def test_no_record_decides_what_the_labels_of_others_mean(labels: list[int]) -> None:
    """Where integers start is declared: one record could move all others otherwise."""
    error = _refusal(labels, classes=("a", "b"))
    assert error.what.startswith("labels count from 0, and one is larger than 1")
    assert "--labels-from 1" in error.fix and "--labels-from 0" in error.fix
    from_0 = _read(labels, classes=("a", "b"), labels_from=0)[1]
    assert from_0 == [label if label < 2 else -1 for label in labels]
    found = find_classes(np.array([0, 1]), SourceOptions(classes=("a", "b")), "here")
    assert found.options.labels_from is None
    assert _read([0, -1, 1], classes=("a", "b"))[1] == [0, -1, 1]


def test_names_that_are_numbers_stand_for_themselves() -> None:
    assert _read([1, 7, 0], classes=("7", "none"))[1] == [1, -1, 0]
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


@pytest.mark.parametrize("labels", [[2, 3, 3], [1, 2, 4], ["2", "3"], ["a", "2"]])
@pytest.mark.parametrize("first", [0, 1])
def test_labels_that_are_public_names_count_nothing(labels: list[Any], first: int) -> None:
    """Else a label that one record adds would move all others to another class."""
    error = _refusal(labels, public_classes=True, labels_from=first)
    assert "--labels-from and --public-classes contradict each other" in error.what
    assert "leave out" in error.fix
    _read(labels, public_classes=True)


def test_declared_names_count_also_if_labels_are_public() -> None:
    declared = {"classes": ("a", "b"), "public_classes": True, "labels_from": 1}
    assert _read([1, 2, 1], **declared) == (("a", "b"), [0, 1, 0], False)


def test_a_label_that_is_too_large_to_be_one_is_refused() -> None:
    assert len(_read([0, MOST - 1])[0]) == MOST
    for labels in ([0, MOST], [123_456_789], np.array([2**64 - 1], np.uint64)):
        error = _refusal(labels)
        assert "10,000 classes" in error.what
        assert "--public-classes" in error.fix and "--labels " in error.fix
    declared = {"classes": ("a", "b"), "labels_from": 0}
    assert _read(np.array([2**64 - 1], np.uint64), **declared)[1] == [-1]


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
