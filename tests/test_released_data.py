"""A release where people work: each export of a run, as the library that it is for loads it."""

import json

import numpy as np
import pytest
from PIL import Image


def with_channels(pictures):
    stack = np.stack([np.asarray(picture) for picture in pictures])
    return stack[..., None] if stack.ndim == 3 else stack


def by_datasets(path, cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="a library of the tests")
    words = (str(path),) if path.is_dir() else ("parquet", None, None, str(path))
    found = datasets.load_dataset(*words, split="train", cache_dir=str(cache))
    assert isinstance(found.features["image"], datasets.Image)
    return with_channels(found["image"]), found["label"], found.features["label"].names


def by_webdataset(path, cache, monkeypatch):
    webdataset = pytest.importorskip("webdataset", reason="a library of the tests")
    shards = sorted(map(str, path.glob("*.tar")))
    found = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
    images = with_channels([sample["png"].convert("L") for sample in found])
    names = json.loads((path / "classes.json").read_text())
    return images, [sample["cls"] for sample in found], names


def by_folder_walk(path, cache, monkeypatch):
    """As torchvision's `ImageFolder`: classes are the folders in the order of their names."""
    names = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
    files = [(file, label) for label, name in enumerate(names) for file in (path / name).iterdir()]
    files.sort(key=lambda found: int(found[0].stem))
    return with_channels([Image.open(file) for file, _ in files]), [c for _, c in files], names


def by_numpy(path, cache, monkeypatch):
    with np.load(path) as stored:
        return with_channels(stored["images"]), stored["labels"], stored["label_names"].tolist()


LOADERS = {
    "parquet": ("out.parquet", by_datasets),
    "huggingface": ("out", by_datasets),
    "webdataset": ("out", by_webdataset),
    "imagefolder": ("out", by_folder_walk),
    "npz": ("out.npz", by_numpy),
}


# webdataset leaves the closing of its files to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", LOADERS)
def test_its_library_loads_what_the_run_released(pe, finished, tmp_path, monkeypatch, form):
    name, load = LOADERS[form]
    done = pe("export", "run", "--to", form, "--out", name)
    assert done.returncode == 0, done.stderr
    images, labels, names = load(pe.folder / name, tmp_path / "cache", monkeypatch)
    with np.load(finished.run / "release/samples.npz") as released:
        np.testing.assert_array_equal(images[..., 0], released["images"])
        np.testing.assert_array_equal(labels, released["labels"])
        assert list(names) == released["label_names"].tolist() == ["dark", "light"]


def test_the_hub_reads_the_card_of_a_run_before_and_after_its_export(pe, finished):
    hub = pytest.importorskip("huggingface_hub", reason="a library of the tests")
    assert pe("export", "run", "--to", "huggingface", "--out", "out").returncode == 0
    cards = [
        hub.DatasetCard.load(folder / "README.md")
        for folder in (finished.run / "release", pe.folder / "out")
    ]
    files = "\n\nFiles: samples.npz, README.md, report.html."  # of the run, not of the export
    assert files in cards[0].text and "ε = 4" in cards[0].text
    assert cards[0].text.replace(files, "").strip() == cards[1].text.strip()
    tags = {"synthetic", "differential-privacy"}
    assert all(tags <= set(card.data.tags) for card in cards)
    assert all(card.data.license == "other" for card in cards)
    assert cards[1].data.size_categories == ["n<1K"]
    (config,) = cards[1].data.to_dict()["configs"]
    assert config["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]


@pytest.fixture
def series(pe):
    """A run on 40 series of two features, and its released series and labels."""
    labels = np.arange(40) % 2
    about = {
        "feature_names": np.array(["load", "heat"]),
        "feature_ranges": np.array([[0.0, 1.0], [0.0, 1.0]]),
        "label_names": np.array(["home", "pump"]),
    }
    data = np.random.default_rng(3).uniform(0, 1, (40, 24, 2)).astype(np.float32)
    np.savez(pe.folder / "series.npz", series=data, labels=labels, **about)
    small = ["--candidates=40", "--samples=12", "--iterations=2", "--workers=1", "--epsilon=2"]
    words = ["--plugin=series-basic", "--embedding=values", "--public-ranges", *small, "--out=run"]
    done = pe("generate", "--data", pe.folder / "series.npz", *words)
    assert done.returncode == 0, done.stderr
    with np.load(pe.folder / "run/release/samples.npz") as stored:
        names = stored["label_names"].tolist()
        return stored["series"], [names[label] for label in stored["labels"]]


def test_pandas_loads_the_series_that_a_run_released(pe, series):
    pandas = pytest.importorskip("pandas", reason="a library of the tests")
    values, labels = series
    for form, name in (("csv", "out.csv"), ("parquet", "out.parquet")):
        done = pe("export", "run", "--to", form, "--out", name)
        assert done.returncode == 0, done.stderr
    types = {"load": np.float32, "heat": np.float32}
    table = pandas.read_csv(pe.folder / "out.csv", dtype=types)
    found = table[["load", "heat"]].to_numpy().reshape(values.shape)
    np.testing.assert_array_equal(found, values)
    assert table["label"][:: values.shape[1]].tolist() == labels
    table = pandas.read_parquet(pe.folder / "out.parquet")
    found = np.stack([np.stack(table[name].tolist()) for name in ("load", "heat")], axis=-1)
    np.testing.assert_array_equal(found, values)
    assert table["label"].tolist() == labels
