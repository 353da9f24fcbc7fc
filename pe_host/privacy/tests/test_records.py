from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.privacy.records import PrivateRecords, blocks, bounds, converted
from pe_host.privacy.scratch_array import ScratchArray
from pe_sdk import SourceError

VALUES = np.random.default_rng(1).integers(0, 256, (1000, 4, 5), np.uint8)
KEPT = np.flatnonzero(np.random.default_rng(2).random(1000) < 0.9)


def on_disk(values: NDArray[Any] = VALUES) -> ScratchArray:
    records = ScratchArray(values.shape, values.dtype, "x")
    records[:] = values
    return records


class Theirs:
    """What keeps its rows elsewhere, as of another package; it knows slices only."""

    shape, dtype = VALUES.shape, VALUES.dtype

    def __getitem__(self, rows: slice) -> Any:
        assert isinstance(rows, slice) and rows.step in (None, 1)
        return VALUES[rows]


def sources(tmp_path: Path) -> list[Any]:
    np.save(tmp_path / "x.npy", VALUES)
    mapped = [np.load(tmp_path / "x.npy", mmap_mode=mode) for mode in ("r", "c")]
    return [VALUES, on_disk(), Theirs(), *mapped]


@pytest.mark.parametrize("kept", [None, KEPT])
def test_rows_are_those_of_the_array_in_the_order_asked_for(tmp_path: Path, kept: Any) -> None:
    whole = VALUES if kept is None else VALUES[kept]
    random = np.random.default_rng(3).permutation(len(whole))[:200]
    repeated = np.array([5, 5, 0, len(whole) - 1])
    chosen = [
        slice(None),
        slice(0, 256),
        slice(800, 2000),
        slice(7, 7),
        random,
        repeated,
        random[:0],
    ]
    for source in sources(tmp_path):
        records = PrivateRecords(source, kept, "x")
        assert records.shape == whole.shape and len(records) == len(whole)
        for rows in chosen:
            assert np.array_equal(records[rows], whole[rows]), (source, rows)


def test_changes_of_a_private_map_are_kept(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", VALUES)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="c")
    mapped[3] = 9
    assert (PrivateRecords(mapped, None, "x")[3:4] == 9).all() and (mapped[3] == 9).all()


def test_blocks_are_the_whole_in_order() -> None:
    assert list(bounds(VALUES, 7 * 20))[:2] == [(0, 7), (7, 14)]
    assert list(bounds(VALUES, 1)) == [(row, row + 1) for row in range(1000)]
    parts = list(blocks(on_disk(), 7 * 20))
    assert [start for start, _ in parts] == list(range(0, 1000, 7))
    assert np.array_equal(np.concatenate([block for _, block in parts]), VALUES)
    assert list(blocks(VALUES[:0])) == []


def test_what_is_on_disk_is_converted_when_it_is_read() -> None:
    calls = []

    def convert(block: NDArray[Any]) -> NDArray[Any]:
        calls.append(len(block))
        return block.astype(np.float32).transpose(0, 2, 1) / 255

    whole = converted(VALUES, convert, (5, 4), np.float32)
    lazy = converted(on_disk(), convert, (5, 4), np.float32)
    assert calls == [1000] and lazy.shape == (1000, 5, 4) and lazy.dtype == np.float32
    assert np.array_equal(lazy[10:12], whole[10:12]) and calls == [1000, 2]
    records = PrivateRecords(lazy, KEPT, "x")
    assert np.array_equal(records[:], whole[:][KEPT])


@pytest.mark.parametrize(
    "answer", [VALUES[:2], VALUES[:3].astype(int), VALUES[:3, 1:], None, [1, 2, 3]]
)
def test_a_source_that_answers_with_other_rows_is_an_error(answer: Any) -> None:
    class Odd(Theirs):
        def __getitem__(self, rows: slice) -> Any:
            return answer

    with pytest.raises(DataError, match="x: reading records ") as caught:
        PrivateRecords(Odd(), None, "x")[0:3]
    assert caught.value.__context__ is None and caught.value.fix


def test_an_error_of_a_source_does_not_show_a_record() -> None:
    class Odd(Theirs):
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __getitem__(self, rows: slice) -> Any:
            raise self.error

    with pytest.raises(DataError) as caught:
        PrivateRecords(Odd(ValueError("secret")), None, "x")[0:3]
    assert caught.value.what == "reading records failed with ValueError"
    assert caught.value.__context__ is None
    error = SourceError("the file has changed", where="f", fix="stop that")
    with pytest.raises(DataError, match="^f: the file has changed$") as caught:
        PrivateRecords(Odd(error), None, "x")[0:3]
    assert caught.value.__context__ is None and caught.value.fix == "stop that"
