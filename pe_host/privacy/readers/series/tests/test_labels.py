from typing import Any

import pytest

from pe_host.privacy.readers.series.labels import (
    as_values,
    classes_of,
    client_codes,
    label_faults,
    one_class,
    to_positions,
)
from pe_sdk import SourceError, SourceOptions


def _positions(labels: list[str], names: tuple[str, ...], **options: Any) -> list[int]:
    named = options.pop("named", False)
    return to_positions(labels, names, SourceOptions(**options), named=named).tolist()


def test_a_label_is_a_name_or_counts_the_names() -> None:
    assert _positions(["b", "a", "", "c"], ("a", "b")) == [1, 0, -1, -1]
    assert _positions(["1", "0", "2", "-1"], ("a", "b")) == [1, 0, -1, -1]
    assert _positions(["1", "2", "3"], ("a", "b"), labels_from=1) == [0, 1, -1]
    assert _positions(["7", "5"], ("5", "7")) == [1, 0]
    assert _positions(["1", "-1"], ("-1", "1")) == [1, 0]


def test_numbers_among_names_are_names() -> None:
    """A class 1 beside a class none: label 1 is not the class in place 1."""
    assert _positions(["1", "none", "0"], ("1", "none")) == [0, 1, -1]


def test_names_that_the_file_declares_are_not_counted() -> None:
    assert _positions(["1", "walk"], ("walk", "run"), named=True) == [-1, 0]


def test_integers_are_integers_only_together() -> None:
    assert as_values(["3", "-1"]).dtype.kind == "i"
    assert as_values(["3", "x"]).dtype.kind == "U"
    assert as_values(["9" * 30]).dtype.kind == "U"


def test_ucr_files_count_from_one() -> None:
    found = classes_of({"1", "3"}, SourceOptions(), "f", from_one=True)
    assert found.names == ("1", "2", "3") and found.options.labels_from == 1 and found.counted
    for labels in ({"0", "1"}, {"-987654", "1"}):
        for classes in ((), ("a", "b")):
            with pytest.raises(SourceError, match="count from 1 in this format") as caught:
                classes_of(labels, SourceOptions(classes=classes), "f", from_one=True)
            assert "--labels-from 0" in caught.value.fix and "--classes=-1,1" in caught.value.fix
            assert "987654" not in str(caught.value)
    declared = SourceOptions(labels_from=0)
    assert classes_of({"0", "1"}, declared, "f", from_one=True).names == ("0", "1")
    with pytest.raises(SourceError, match="count from 0"):
        classes_of({"1", "3"}, SourceOptions(), "f")


@pytest.mark.parametrize("labels", [{"1", "2"}, {"1", "2", "x"}, {"x"}, set[str]()])
def test_the_format_decides_where_labels_start_and_no_label(labels: set[str]) -> None:
    names = SourceOptions(classes=("a", "b"))
    assert classes_of(labels, names, "f", from_one=True).options.labels_from == 1
    named = SourceOptions(classes=("1", "2"))
    assert classes_of(labels, named, "f", from_one=True).options.labels_from is None
    public = SourceOptions(public_classes=True)
    assert classes_of(labels, public, "f", from_one=True).options.labels_from is None
    if "2" in labels:  # a text among numbers changes nothing
        with pytest.raises(SourceError, match="labels count from 0") as caught:
            classes_of(labels, names, "f")
        assert "--labels-from 1" in caught.value.fix


def test_one_class() -> None:
    assert one_class(SourceOptions(), "f").names == ("all",)
    assert one_class(SourceOptions(classes=("homes",)), "f").names == ("homes",)
    with pytest.raises(SourceError, match="no column of labels"):
        one_class(SourceOptions(classes=("a", "b")), "f")


def test_faults_name_the_place_and_not_the_label() -> None:
    found = to_positions(["a", "", "secret"], ("a",), SourceOptions())
    faults = label_faults(["a", "", "secret"], found, lambda i: f"row {i}", "f")
    assert {i: fault.what for i, fault in faults.items()} == {
        1: "the label of row 1 is missing",
        2: "the label of row 2 is not one of the classes",
    }
    assert "secret" not in faults[2].fix


def test_clients_are_numbered() -> None:
    codes, faults = client_codes(["x", "y", "x", ""], lambda i: f"row {i}", "f")
    assert codes.tolist() == [0, 1, 0, 2] and list(faults) == [3]


def test_clients_are_read_as_labels_are() -> None:
    cells = ["7", "7.0", "nan", "8", "NA", "M\udcfcller", "M\udce4ller"]
    codes, faults = client_codes(cells, lambda i: f"row {i}", "f")
    assert codes[0] == codes[1] and len(set(codes.tolist())) == 5 and list(faults) == [2, 4]
    assert faults[2].what == "the client of row 2 is missing"
