from typing import Any

import numpy as np
import pytest

from pe_host.privacy import stored
from pe_host.privacy.readers.series import fit as module
from pe_host.privacy.readers.series.fit import Fitted, Ragged, describe_fit, fit
from pe_sdk import OutputSpec, SourceOptions

NAN = np.nan


def _fit(series: list[list[float]], length: int, **options: Any) -> Fitted:
    values = np.array([value for one in series for value in one], np.float32)[:, None]
    lengths = np.array([len(one) for one in series], np.int64)
    ragged = Ragged(values, lengths, lambda i: f"row {i}", {})
    return fit(ragged, OutputSpec.series(length, 1), SourceOptions(**options), "f.csv")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("hold", [1, 1, 1, 4, 4]),
        ("interpolate", [1, 2, 3, 4, 4]),
        ("zero", [0, 0, 0, 4, 0]),
    ],
)
def test_what_stands_for_missing_values(policy: str, expected: list[float]) -> None:
    gappy = [1, NAN, NAN, 4, NAN] if policy != "zero" else [NAN, NAN, NAN, 4, NAN]
    found = _fit([gappy, [1, 2, 3, 4, 5]], 5, missing=policy)
    assert found.data[..., 0].tolist() == [expected, [1, 2, 3, 4, 5]] and not found.faults


@pytest.mark.parametrize("policy", ["hold", "interpolate"])
def test_a_gap_at_the_beginning_is_held_backwards(policy: str) -> None:
    assert _fit([[NAN, NAN, 3, 5]], 4, missing=policy).data[0, :, 0].tolist() == [3, 3, 3, 5]


@pytest.mark.parametrize("policy", ["", "refuse"])
def test_a_missing_value_is_a_fault_unless_there_is_a_policy(policy: str) -> None:
    found = _fit([[1, 2], [1, NAN]], 2, missing=policy)
    assert list(found.faults) == [1] and found.kept.all()
    assert found.faults[1].what == "a value is missing in row 1"
    assert "--missing hold" in found.faults[1].fix and found.data[1].tolist() == [[0], [0]]


def test_drop_leaves_such_series_out_and_numbers_the_faults_of_the_others() -> None:
    found = _fit([[NAN, 1], [1, 2], [1, 2, 3]], 2, missing="drop")
    assert found.kept.tolist() == [False, True, True] and found.data.shape == (2, 2, 1)
    table = found.table(np.array([5, 6, 7]), np.array([1, 2, 3]), {0: found.faults[2]})
    assert table.labels.tolist() == [6, 7] and table.clients is not None
    assert table.clients.tolist() == [2, 3] and table.faults is not None
    assert list(table.faults) == [1] and "row 2 has 3 steps" in table.faults[1].what


@pytest.mark.parametrize("policy", ["hold", "interpolate"])
def test_a_series_without_any_value_cannot_be_filled(policy: str) -> None:
    found = _fit([[NAN, NAN]], 2, missing=policy)
    assert "no value at all" in found.faults[0].what
    assert not _fit([[NAN, NAN]], 2, missing="zero").faults


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("crop", [None, [1, 2, 3], [1, 2, 3]]),
        ("pad", [[1, 2, 2], [1, 2, 3], [1, 2, 3]]),
        ("stretch", [[1, 1.5, 2], [1, 2, 3], [1, 3, 5]]),
    ],
)
def test_lengths(how: str, expected: list[list[float] | None]) -> None:
    found = _fit([[1, 2], [1, 2, 3], [1, 2, 3, 4, 5]], 3, fit=how)
    for i, values in enumerate(expected):
        if values is None:
            assert "row 0 has 2 steps, expected 3" in found.faults[i].what
        else:
            assert found.data[i, :, 0].tolist() == values


def test_another_length_is_a_fault_that_names_the_option() -> None:
    found = _fit([[1, 2], [1, 2, 3]], 2)
    assert list(found.faults) == [1]
    assert "--length 2 --fit pad" in found.faults[1].fix


@pytest.mark.parametrize("how", ["pad", "stretch"])
def test_a_series_of_one_step_and_one_of_none(how: str) -> None:
    found = _fit([[7], []], 3, fit=how)
    assert found.data[0, :, 0].tolist() == [7, 7, 7] and list(found.faults) == [1]


def test_a_gap_that_is_cut_off_is_no_gap() -> None:
    assert not _fit([[1, 2, NAN]], 2, fit="crop").faults


def test_infinite_values_stay_for_the_data_set_to_refuse() -> None:
    found = _fit([[1, np.inf, NAN, 2]], 4, missing="interpolate")
    assert not np.isfinite(found.data).all() and not found.faults


@pytest.mark.parametrize("policy", ["", "drop", "hold", "interpolate", "zero"])
@pytest.mark.parametrize("how", ["", "crop", "pad", "stretch"])
def test_a_series_is_treated_the_same_beside_any_others(
    monkeypatch: pytest.MonkeyPatch, policy: str, how: str
) -> None:
    """Bit for bit, with what is wrong with it: nothing depends on another record."""
    monkeypatch.setattr(module, "_BLOCK", 64)  # so that there are several blocks
    rng = np.random.default_rng(11)
    series = [rng.normal(size=rng.integers(0, 14)).tolist() for _ in range(60)]
    for one in series[::3]:
        one[:] = [NAN if rng.random() < 0.4 else value for value in one]
    together = _fit(series, 9, missing=policy, fit=how)
    for i, one in enumerate(series):
        alone = _fit([one], 9, missing=policy, fit=how)
        assert alone.kept[0] == together.kept[i]
        assert (0 in alone.faults) == (i in together.faults)
        if together.kept[i]:
            place = int(np.cumsum(together.kept)[i]) - 1
            np.testing.assert_array_equal(alone.data[:1], together.data[place : place + 1])


def test_large_series_stay_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    series = [[float(i), NAN if i % 4 == 0 else 1.0] for i in range(50)]
    inside = _fit(series, 2, missing="drop")
    monkeypatch.setattr(stored, "_LARGE", 100)
    outside = _fit(series, 2, missing="drop")
    assert isinstance(inside.data, np.ndarray) and not isinstance(outside.data, np.ndarray)
    np.testing.assert_array_equal(outside.data[0:37], inside.data)


def test_the_policies_in_words() -> None:
    assert describe_fit(48, SourceOptions()) == (
        "missing values: refused (--missing decides otherwise)",
    )
    said = describe_fit(48, SourceOptions(fit="pad", missing="zero"))
    assert said == (
        "shorter series repeat their last value up to 48 steps, longer ones are cut to them",
        "missing values: zero",
    )
