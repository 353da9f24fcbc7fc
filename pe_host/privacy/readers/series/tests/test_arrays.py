"""Series in npz files: `series` [n, T, F] or [n, T]."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.formats.npz import SERIES
from pe_host.privacy.readers import npz
from pe_host.privacy.readers.series.arrays import describe_array, fit_array
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

VALUES = np.arange(24, dtype=np.float64).reshape(6, 4)


def _read(path: Path, array: Any, **options: Any) -> tuple[SourceInfo, Table]:
    np.savez(path / "d.npz", series=array, labels=np.arange(len(array)) % 2)
    given, where = SourceOptions(**options), str(path / "d.npz")
    info = npz.describe(where, given)
    return info, npz.read(where, info.output, info.label_names, given)


def test_one_feature_needs_no_axis(tmp_path: Path) -> None:
    info, table = _read(tmp_path, VALUES)
    assert info.output == OutputSpec.series(4, 1)
    np.testing.assert_array_equal(table.data[:, :, 0], VALUES)
    assert table.labels.tolist() == [0, 1, 0, 1, 0, 1]
    with pytest.raises(SourceError, match=r"\[n, T, F\] or \[n, T\]"):
        SERIES.spec((6,), np.dtype("f4"), lambda name: None)


def test_a_missing_value_needs_a_policy(tmp_path: Path) -> None:
    gappy = VALUES.copy()
    gappy[3, 1:3] = np.nan
    info, table = _read(tmp_path, gappy)
    assert table.faults is not None and list(table.faults) == [3]
    assert table.faults[3].what == "a value is missing in row 3"
    assert "missing values: refused (--missing decides otherwise)" in info.preparation
    _, filled = _read(tmp_path, gappy, missing="interpolate")
    np.testing.assert_array_equal(filled.data[:, :, 0], VALUES)
    _, dropped = _read(tmp_path, gappy, missing="drop")
    assert dropped.labels.tolist() == [0, 1, 0, 0, 1] and not dropped.faults
    np.testing.assert_array_equal(dropped.data[:, :, 0], np.delete(VALUES, 3, axis=0))


def test_a_length_and_declared_ranges(tmp_path: Path) -> None:
    info, table = _read(
        tmp_path, VALUES, length=2, fit="crop", feature_ranges={"x1": (0.0, 30.0)}, step=5.0
    )
    assert info.output.shape == (2, 1) and info.public_ranges and info.output.step == 5
    np.testing.assert_array_equal(table.data[:, :, 0], VALUES[:, :2])
    with pytest.raises(SourceError, match="the series have 4 steps, not 3") as caught:
        _read(tmp_path, VALUES, length=3)
    assert "--fit crop" in caught.value.fix


def test_blocks_name_the_rows_of_the_whole_array(monkeypatch: pytest.MonkeyPatch) -> None:
    from pe_host.privacy import records

    monkeypatch.setattr(records.blocks, "__defaults__", (64,))  # two rows at a time
    gappy = np.arange(24.0).reshape(6, 4, 1)
    gappy[5, 0] = np.nan
    output = describe_array(OutputSpec.series(4, 1), SourceOptions(), "f").output
    fitted = fit_array(gappy, output, SourceOptions(), "f")
    assert {i: fault.what for i, fault in fitted.faults.items()} == {
        5: "a value is missing in row 5"
    }
