import copy
import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.metrics import bins_of
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.plan import PrivacyPlan, make_plan
from pe_sdk import Int, OutputSpec, ReaderSpec, SourceError, SourceInfo, Table

OUTPUT = OutputSpec.image(2, 3)


def _images(n: int, shape: tuple[int, ...] = (2, 3, 1), dtype: Any = np.uint8) -> Any:
    return np.full((n, *shape), 77, dtype=dtype)


def _make(data: Any, labels: Any, clients: Any = None) -> PrivateDataset:
    return PrivateDataset(Table(data, np.asarray(labels), clients), OUTPUT, 3, "npz:x")


def test_fault_15_an_empty_class_is_fine() -> None:
    """In the reference a class without records is a KeyError."""
    assert _make(_images(4), [0, 2, 2, 2]).class_counts().tolist() == [1, 0, 3]


def test_fault_15_a_wrong_image_size_is_said() -> None:
    """In the reference it is a bare AssertionError."""
    with pytest.raises(DataError, match=r"npz:x: records must have the shape \(2, 3, 1\)"):
        _make(_images(4, (3, 2, 1)), [0] * 4)


@pytest.mark.parametrize("bad", [-1, 3, 2**40])
def test_fault_16_a_label_out_of_range_is_an_error(bad: int) -> None:
    """In the reference such rows are dropped silently. The error names the row, not the label."""
    with pytest.raises(DataError, match="label") as caught:
        _make(_images(4), [0, 1, bad, bad])
    # The same message whatever the label is.
    assert caught.value.what == "the label in row 2 is not one of the 3 classes"


@pytest.mark.parametrize(
    "labels", [[0.0, 1.0], [0.0, np.nan], ["a", "b"], [[0], [1]], [True, False]]
)
def test_fault_16_labels_that_are_no_integers_are_an_error(labels: Any) -> None:
    with pytest.raises(DataError):
        _make(_images(2), labels)


@pytest.mark.parametrize("rows", [[None, []], [[1], [1, 2]], [0, {}]])
def test_what_a_reader_returns_for_labels_or_clients_may_be_no_array(rows: Any) -> None:
    for labels, clients in ((rows, None), (np.array([0, 1]), rows)):
        with pytest.raises(DataError):
            PrivateDataset(Table(_images(2), labels, clients), OUTPUT, 3, "npz:x")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, bool])
def test_fault_16_images_that_are_not_uint8_are_an_error(dtype: Any) -> None:
    with pytest.raises(DataError, match="uint8"):
        _make(_images(2, dtype=dtype), [0, 1])


def test_no_records_is_an_error() -> None:
    with pytest.raises(DataError, match="no records") as caught:
        _make(_images(0), np.zeros(0, np.int64))
    assert caught.value.fix


def test_no_floating_records_are_the_same_error() -> None:
    """Checking finiteness first would fail with numpy's error about reshaping."""
    series = OutputSpec.series(4, 2)
    with pytest.raises(DataError, match="no records"):
        PrivateDataset(Table(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.int64)), series, 2)


def _plan(output: OutputSpec = OUTPUT) -> PrivacyPlan:
    return make_plan(
        epsilon=math.inf,
        rounds=1,
        votes=1,
        class_names=("a", "b"),
        output=output,
        reader="x",
        embeddings=("e",),
    )


def _reading(result: Any) -> ReaderSpec:
    def read(*_: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    return ReaderSpec("theirs", "", lambda _: SourceInfo(OUTPUT), read)


@pytest.mark.parametrize("returned", [None, 3, (_images(1), [0])])
def test_a_reader_that_returns_no_table_is_named(returned: Any) -> None:
    with pytest.raises(
        DataError, match="theirs:here: the reader returned .*, not a Table"
    ) as caught:
        PrivateDataset.read(_reading(returned), "here", _plan())
    assert caught.value.fix


def test_a_reader_says_what_is_wrong_with_its_source() -> None:
    error = SourceError("the table has no column 'label'", fix="add one")
    with pytest.raises(DataError, match="^theirs:here: the table has no column 'label'$") as caught:
        PrivateDataset.read(_reading(error), "here", _plan())
    assert caught.value.fix == "add one" and caught.value.__context__ is None


def test_fewer_labels_or_clients_than_records_is_an_error() -> None:
    with pytest.raises(DataError):
        _make(_images(3), [0, 1])
    with pytest.raises(DataError, match="client"):
        _make(_images(2), [0, 1], np.array([1]))
    with pytest.raises(DataError, match="clients"):
        _make(_images(2), [0, 1], np.array([1.5, 2.0]))


@pytest.mark.parametrize(
    "bad",
    [
        {"x": np.zeros(2)},
        {"x": np.zeros((3, 2))},
        {"x": np.array(["a", "b", "c"])},
        {"x": np.array([0.0, np.nan, 1.0])},
        {"fine": np.zeros(3), "x": [0.0, 0.0, 0.0]},
        {0: np.zeros(3)},
        [np.zeros(3)],
        np.zeros((3, 2)),
        {"x": np.array([0.0, np.inf, 1.0])},
        {"x": np.array([1, 2, 2**63], np.uint64)},
        {"x": np.array([True, False, True])},
    ],
)
def test_parameters_that_do_not_fit_are_an_error_that_names_nothing(bad: Any) -> None:
    with pytest.raises(DataError, match="parameter") as caught:
        PrivateDataset(Table(_images(3), np.zeros(3, np.int64), parameters=bad), OUTPUT, 3, "npz:x")
    assert "'x'" not in str(caught.value) and caught.value.fix


def test_parameters_are_kept_and_do_not_show() -> None:
    columns = {"age": np.array([41.0, 42, 43]), "hair": np.array([0, 1, 1])}
    data = PrivateDataset(Table(_images(3), np.zeros(3, np.int64), parameters=columns), OUTPUT, 3)
    assert data.parameters["age"].tolist() == [41, 42, 43] and set(data.parameters) == {
        "age",
        "hair",
    }
    assert "age" not in repr(data) and _make(_images(3), [0, 1, 2]).parameters == {}


def test_columns_of_parameters_become_64_bits() -> None:
    """Narrow integers wrap around when bounds are subtracted, as the histograms do."""
    columns = {
        "byte": np.array([0, 200, 255], np.uint8),
        "big": np.array([1, 2, 3], np.uint64),
        "half": np.float16([1, 2, 3]),
    }
    data = PrivateDataset(Table(_images(3), np.zeros(3, np.int64), parameters=columns), OUTPUT, 3)
    assert [data.parameters[name].dtype for name in columns] == [np.int64, np.int64, np.float64]
    assert bins_of(Int(100, 299)).shares(data.parameters["byte"])[
        [0, 10, 15]
    ].tolist() == pytest.approx([1 / 3] * 3)


SERIES = OutputSpec.series(2, 1)


def _odd_and_good() -> tuple[Table, NDArray[np.bool_]]:
    """Eight series of clients 5, 6 and 7, and which are good; client 6 has no good one."""
    data = np.arange(16, dtype=np.float32).reshape(8, 2, 1)
    data[1, 0] = np.nan
    data[3, 1] = np.inf
    labels = np.array([0, 1, 2, 1, 7, -1, 0, 1])
    clients = np.array([5, 6, 5, 7, 7, 6, 7, 7])
    faults = {6: SourceError("the file in row 6 is damaged", where="x/a", name="jane.png")}
    good = np.array([True, False, True, False, False, False, False, True])
    return Table(data, labels, clients, {"size": np.arange(8.0)}, faults), good


def test_dropping_gives_the_same_as_if_the_bad_records_were_not_there() -> None:
    """So one record more or less, good or bad, changes what is left by one record at most."""
    table, good = _odd_and_good()
    assert table.clients is not None and table.parameters is not None
    dropped = PrivateDataset(table, SERIES, 3, drop=True)
    columns = {"size": table.parameters["size"][good]}
    without = PrivateDataset(
        Table(table.data[good], table.labels[good], table.clients[good], columns), SERIES, 3
    )
    assert np.array_equal(dropped.data[:], without.data[:])
    assert np.array_equal(dropped.labels, without.labels)
    assert dropped.clients is not None and without.clients is not None
    assert np.array_equal(dropped.clients, without.clients)
    assert np.array_equal(dropped.parameters["size"], without.parameters["size"])
    assert dropped.class_counts().tolist() == without.class_counts().tolist() == [1, 1, 0]
    assert dropped.units == 2, "a client without a good record contributes nothing"


def test_a_record_is_dropped_or_kept_whatever_the_others_are() -> None:
    table, good = _odd_and_good()
    assert table.clients is not None and table.faults is not None
    for row in range(8):
        fault = {0: table.faults[row]} if row in table.faults else None
        one = slice(row, row + 1)
        alone = Table(table.data[one], table.labels[one], table.clients[one], faults=fault)
        if good[row]:
            assert len(PrivateDataset(alone, SERIES, 3, drop=True).labels) == 1
        else:
            with pytest.raises(DataError, match="no record that can be used"):
                PrivateDataset(alone, SERIES, 3, drop=True)


def test_without_dropping_the_first_fault_of_the_reader_is_the_error() -> None:
    table, _ = _odd_and_good()
    with pytest.raises(DataError, match="^x/a: the file in row 6 is damaged$") as caught:
        PrivateDataset(table, SERIES, 3)
    assert caught.value.name == "jane.png"
    without = Table(table.data, table.labels)
    with pytest.raises(DataError, match="the record in row 1 has a value that is not finite") as c:
        PrivateDataset(without, SERIES, 3)
    assert "--bad-records drop" in c.value.fix


@pytest.mark.parametrize("faults", [{8: SourceError("x")}, {-1: SourceError("x")}, {0: "x"}, [0]])
def test_faults_that_are_no_faults_are_the_readers(faults: Any) -> None:
    table = Table(np.zeros((8, 2, 1), np.float32), np.zeros(8, np.int64), faults=faults)
    for drop in (False, True):
        with pytest.raises(DataError, match="the reader reports faults"):
            PrivateDataset(table, SERIES, 3, drop=drop)


def test_the_plan_says_whether_records_are_dropped() -> None:
    images = Table(_images(3), np.array([0, 9, 1]))
    reader = _reading(images)
    with pytest.raises(DataError, match="row 1"):
        PrivateDataset.read(reader, "here", _plan())
    dropping = dataclasses.replace(_plan(), bad_records="drop")
    assert PrivateDataset.read(reader, "here", dropping).labels.tolist() == [0, 1]


def test_a_client_counts_once_for_its_most_frequent_class() -> None:
    data = _make(_images(7), [2, 1, 1, 0, 2, 2, 0], np.array([900, 900, 900, -3, -3, 5, 5]))
    # Clients -3 and 5 have ties, which go to the lower class.
    assert data.class_counts().tolist() == [2, 1, 0]
    assert data.units == 3


def test_records_do_not_show() -> None:
    data = _make(_images(4), [0, 1, 2, 0])
    assert (
        "77" not in repr(data)
        and "77" not in str(data)
        and repr(data) == "PrivateDataset(withheld)"
    )
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled"):
            copying(data)
