"""Exports as the libraries that people use load them: equal pixels, labels and names."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from pe_host.export import check_release, write_built_in
from pe_sdk import OutputSpec

NAMES = ("zebra", "a cat", "größe")
CARD = '---\npretty_name: "Nine: samples"\nlicense: other\ntags:\n- synthetic\n---\n\n# Nine\n'


@pytest.fixture(params=[1, 3])
def release(request):
    images = np.random.default_rng(5).integers(0, 256, (9, 6, 4, request.param), dtype=np.uint8)
    labels = np.array([0, 2, 1, 1, 0, 2, 2, 0, 1])
    return check_release(OutputSpec.image(6, 4, request.param), images, labels, NAMES, CARD)


def pixels(picture):
    found = np.asarray(picture)
    return found[..., None] if found.ndim == 2 else found


@pytest.mark.parametrize("form", ["parquet", "huggingface"])
def test_datasets_loads_images_and_class_labels(tmp_path, release, form, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="a library of the tests")
    path = write_built_in(form, tmp_path / "out.parquet", release)
    where = {"data_files": str(path)} if form == "parquet" else {}
    kind = "parquet" if form == "parquet" else str(path)
    found = datasets.load_dataset(kind, **where, split="train", cache_dir=str(tmp_path / "cache"))
    assert isinstance(found.features["image"], datasets.Image)
    assert found.features["label"] == datasets.ClassLabel(names=list(NAMES))
    np.testing.assert_array_equal(found["label"], release.labels)
    for row, image in zip(found, release.data, strict=True):
        np.testing.assert_array_equal(pixels(row["image"]), image)


def test_the_card_of_a_hub_folder_is_one_that_the_hub_reads(tmp_path, release):
    hub = pytest.importorskip("huggingface_hub", reason="a library of the tests")
    path = write_built_in("huggingface", tmp_path / "out", release)
    card = hub.DatasetCard.load(path / "README.md")
    assert card.data.pretty_name == "Nine: samples" and card.data.license == "other"
    assert card.data.tags == ["synthetic"] and card.data.size_categories == ["n<1K"]
    assert card.data.task_categories == ["image-classification"]
    files = card.data.to_dict()["configs"][0]["data_files"]
    assert files == [{"split": "train", "path": "data/train-*.parquet"}]
    assert card.text.strip().startswith("# Nine")
    bare = check_release(release.output, release.data, release.labels, NAMES)
    path = write_built_in("huggingface", tmp_path / "bare", bare)
    assert hub.DatasetCard.load(path / "README.md").data.size_categories == ["n<1K"]


# It leaves the closing of its files to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_the_shards_in_order(tmp_path, release):
    webdataset = pytest.importorskip("webdataset", reason="a library of the tests")
    path = write_built_in("webdataset", tmp_path / "out", release)
    shards = sorted(map(str, path.glob("*.tar")))
    found = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
    names = json.loads((path / "classes.json").read_text())
    assert tuple(names) == NAMES
    assert [int(sample["cls"]) for sample in found] == release.labels.tolist()
    for sample, image in zip(found, release.data, strict=True):
        np.testing.assert_array_equal(pixels(sample["png"])[..., : image.shape[2]], image)


def test_a_walk_over_an_image_folder_finds_every_class(tmp_path, release):
    path = write_built_in("imagefolder", tmp_path / "out", release)
    listing = json.loads((path / "labels.json").read_text())["folders"]
    found = {}
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        for file in folder.iterdir():
            found[int(file.stem)] = listing[folder.name], pixels(Image.open(file))
    for row, (label, image) in enumerate(zip(release.labels, release.data, strict=True)):
        assert found[row][0] == NAMES[label]
        np.testing.assert_array_equal(found[row][1], image)


@pytest.fixture
def series():
    data = np.random.default_rng(5).normal(size=(4, 5, 2)).astype(np.float32)
    output = OutputSpec.series(5, ["load", "heat, kW"], step=0.5, step_unit="h")
    return check_release(output, data, np.array([0, 2, 1, 1]), NAMES)


def test_pandas_reads_series_from_csv(tmp_path, series):
    pandas = pytest.importorskip("pandas", reason="a library of the tests")
    path = write_built_in("csv", tmp_path / "out.csv", series)
    table = pandas.read_csv(path, dtype={"load": np.float32, "heat, kW": np.float32})
    assert table.columns.tolist() == ["series", "label", "time", "load", "heat, kW"]
    values = table[["load", "heat, kW"]].to_numpy().reshape(series.data.shape)
    np.testing.assert_array_equal(values, series.data)
    assert table["label"][::5].tolist() == [NAMES[label] for label in series.labels]
    np.testing.assert_allclose(table["time"][:5], [0, 0.5, 1, 1.5, 2])


def test_csv_needs_no_library_and_keeps_every_bit(tmp_path, series):
    path = write_built_in("csv", tmp_path / "out.csv", series)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    read = np.array([row["load"] for row in rows], np.float32).reshape(4, 5)
    np.testing.assert_array_equal(read, series.data[..., 0])


def test_pandas_reads_series_from_parquet(tmp_path, series):
    pandas = pytest.importorskip("pandas", reason="a library of the tests")
    table = pandas.read_parquet(write_built_in("parquet", tmp_path / "out.parquet", series))
    assert table["label"].tolist() == [NAMES[label] for label in series.labels]
    np.testing.assert_array_equal(np.stack(table["load"].tolist()), series.data[..., 0])
