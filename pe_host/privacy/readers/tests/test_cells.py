import math

import numpy as np
import pytest

from pe_host.privacy.readers.cells import (
    label_of,
    numbers,
    read_cells,
    to_label,
    to_number,
    to_time,
)


@pytest.mark.parametrize("cell", ["", "NA", "NaN", "nan", "null", "?", "-", "None", "#N/A", "<NA>"])
def test_what_stands_for_a_missing_value(cell: str) -> None:
    value = to_number(cell)
    assert value is not None and math.isnan(value)


@pytest.mark.parametrize(
    ("cell", "comma", "value"),
    [
        ("1.5", False, 1.5),
        ("-2e3", False, -2000.0),
        ("1,5", True, 1.5),
        ("1,5", False, None),
        ("1.000,5", True, None),
        ("1,000,5", True, None),
        ("low", False, None),
        ("1_000", False, None),
        ("1_0,5", True, None),
        ("inf", False, math.inf),
    ],
)
def test_numbers(cell: str, comma: bool, value: float | None) -> None:
    assert to_number(cell, comma) == value


def test_a_cell_is_read_the_same_beside_any_other() -> None:
    """The quick way of a column of numbers and the slow one agree, cell by cell."""
    cells = ["1", "0.1", "1e-3", "nan", "-7.25", "1e400"]
    quick, odd = numbers(cells, False)
    slow, others = numbers([*cells, "low"], False)
    np.testing.assert_array_equal(quick, slow[:-1])
    assert not odd.any() and others.tolist() == [False] * 6 + [True]
    assert numbers([*cells, "1_0"], False)[1].tolist() == [False] * 6 + [True]


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-31 13:45",
        "2024-01-31T13:45:00",
        "2024-01-31T13:45:00Z",
        "2024-01-31T14:45+01:00",
        "31.01.2024 13:45",
        "2024/01/31 13:45:00",
    ],
)
def test_dates_in_many_forms_are_one_time(cell: str) -> None:
    assert to_time(cell) == 1_706_708_700


@pytest.mark.parametrize("cell", ["01/31/2024", "31/01/2024", "noon", "", "nan", "inf", "1_0"])
def test_what_is_no_time_or_an_ambiguous_one(cell: str) -> None:
    assert math.isnan(to_time(cell))


def test_numbers_are_times_as_they_are() -> None:
    assert to_time("17.5") == 17.5 and to_time("20240131") == 20_240_131


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("1.0000000e+00", "1"),
        ("-1.0e0", "-1"),
        ("1.5", "1.5"),
        ("007", "007"),
        ("1_0", "1_0"),
        ("walk", "walk"),
        ("None", "None"),
        ("", ""),
        ("?", ""),
        ("NaN", ""),
    ],
)
def test_labels(cell: str, label: str) -> None:
    assert to_label(cell) == label


def test_a_label_that_is_not_utf_8_is_missing() -> None:
    assert label_of("a\udcfc") == "" and label_of("ä") == "ä"


def test_equal_cells_are_read_once() -> None:
    seen: list[str] = []

    def read(cell: str) -> str:
        seen.append(cell)
        return cell * 2

    assert read_cells(["a", "b", "a"], read) == ["aa", "bb", "aa"] and sorted(seen) == ["a", "b"]
