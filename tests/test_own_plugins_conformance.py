"""The embeddings and readers of the host and of the plugins keep the contract."""

import numpy as np
import pytest

from pe_host.export import RecordTable, write_npz, write_parquet
from pe_sdk import OutputSpec
from pe_sdk.testing import check_embedding, check_reader


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("pixels", None),
        ("values", None),
        ("simulator-features", None),
        ("face-parameters", None),
        ("values", OutputSpec.series(48, 2)),
        ("simulator-features", OutputSpec.series(48, 2)),
    ],
)
def test_embeddings_keep_the_contract(name, output):
    options = {"steps": "20"} if name == "simulator-features" else None
    check_embedding(name, options=options, output=output).raise_for_failures()


@pytest.mark.parametrize(
    ("name", "location"),
    [
        ("sklearn", "digits"),
        ("idx", ""),
        ("npy", ""),
        ("cifar", ""),
        ("hf", ""),
        ("folder", ""),
        ("zip", ""),
        ("webdataset", ""),
        ("demo", ""),
        ("demo-shapes", ""),
    ],
)
def test_readers_keep_the_contract(name, location):
    # Those without a location here have records in tests of their own.
    check_reader(name, location=location).raise_for_failures()


@pytest.mark.parametrize(("name", "write"), [("npz", write_npz), ("parquet", write_parquet)])
def test_readers_of_files_keep_the_contract(tmp_path, name, write):
    output = OutputSpec.series(9, 2)
    data = np.random.default_rng(0).normal(size=(20, 9, 2)).astype(np.float32)
    path = write(
        tmp_path / "private", RecordTable.check(output, data, np.arange(20) % 2, ("a", "b"))
    )
    report = check_reader(name, location=str(path))
    report.raise_for_failures()
    assert not [result for result in report.results if result.status == "skipped"]
