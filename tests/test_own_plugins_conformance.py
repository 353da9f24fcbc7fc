"""The embeddings and readers of the host and of the plugins keep the contract."""

import numpy as np
import pytest

from pe_host.export import check_release, write_built_in
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
        ("series", ""),
        ("demo", ""),
        ("demo-shapes", ""),
        ("demo-series", "pumps,records=50"),
    ],
)
def test_readers_keep_the_contract(name, location):
    # Those without a location here have records in tests of their own.
    check_reader(name, location=location).raise_for_failures()


@pytest.mark.parametrize("name", ["npz", "parquet"])
def test_readers_of_files_keep_the_contract(tmp_path, name):
    output = OutputSpec.series(9, 2)
    data = np.random.default_rng(0).normal(size=(20, 9, 2)).astype(np.float32)
    path = write_built_in(
        name, tmp_path / "private", check_release(output, data, np.arange(20) % 2, ("a", "b"))
    )
    report = check_reader(name, location=str(path))
    report.raise_for_failures()
    assert not [result for result in report.results if result.status == "skipped"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "long.csv",
            "id,time,load,label\n" + "".join(f"{i // 9},{i % 9},{i},0\n" for i in range(90)),
        ),
        ("wide.tsv", "label\tt0\tt1\n" + "0\t1\t2\n1\t3\t4\n" * 10),
        ("Gun_TRAIN.tsv", "1\t0.5\t1\n2\t3\t4\n" * 10),
        ("Gun.ts", "@classLabel true a b\n@data\n" + "1,2,3:a\n4,5,6:b\n" * 10),
    ],
)
def test_readers_of_series_keep_the_contract(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    report = check_reader("series", location=str(tmp_path / name))
    report.raise_for_failures()
    assert not [result for result in report.results if result.status == "skipped"]
