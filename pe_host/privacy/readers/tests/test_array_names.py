"""Which reader a path has, by names alone, and what is said of files that none reads."""

from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.readers import guess_scheme
from pe_host.privacy.readers.array_names import idx_name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("train-images-idx3-ubyte", ("", "train", False)),
        ("t10k-labels.idx1-ubyte", ("", "test", True)),
        ("emnist-letters-test-labels-idx1-ubyte.gz", ("emnist-letters", "test", True)),
        ("qmnist-train-labels-idx2-int.gz", ("qmnist", "train", True)),
        ("images.idx3", ("", "", False)),
        ("IMAGES-IDX4-UBYTE", ("", "", False)),
        ("foo-idx1-ubyte", ("foo", "", True)),
        ("labels.idx", ("", "", True)),
    ],
)
def test_names_of_idx_files(name: str, said: tuple[str, str, bool]) -> None:
    found = idx_name(name)
    assert found is not None and (found.dataset, found.split, found.labels) == said


@pytest.mark.parametrize("name", ["index.html", "myidx", "x-idx3-ubyte.zip", "images.npy", "a.png"])
def test_names_that_are_none_of_idx_files(name: str) -> None:
    assert idx_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "a.pt",
        "a.PTH",
        "a.pkl",
        "a.pickle",
        "a.joblib",
        "a.h5",
        "a.hdf5",
        "a.mat",
        "a.tfrecord",
        "a.safetensors",
    ],
)
def test_files_that_are_not_read_say_what_to_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK")
    for place in (path, tmp_path):  # also a folder that holds nothing else
        with pytest.raises(DataError) as caught:
            guess_scheme(place)
        assert "does not read it" in caught.value.what and caught.value.where == str(path)
        assert "numpy.savez" in caught.value.fix and "--data data.npz" in caught.value.fix


def test_class_folders_with_such_a_file_beside_them_are_class_folders(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "weights.pt").write_bytes(b"")
    assert guess_scheme(tmp_path) == "folder"


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        (["a.npz"], "npz"),
        (["a.NPZ"], "npz"),
        (["images.npy"], "npy"),
        (["cifar-10-python.tar.gz"], "cifar"),
        (["x.tar.gz"], "webdataset"),
    ],
)
def test_a_path_determines_its_reader(tmp_path: Path, names: list[str], scheme: str) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
        assert guess_scheme(tmp_path / name) == scheme


def test_a_pair_with_a_comma_is_no_missing_file(tmp_path: Path) -> None:
    for name in ("a-images-idx3-ubyte", "b", "x.npy", "y.npy"):
        (tmp_path / name).write_bytes(b"")
    assert guess_scheme(Path(f"{tmp_path}/a-images-idx3-ubyte,{tmp_path}/b")) == "idx"
    assert guess_scheme(Path(f"{tmp_path}/x.npy,{tmp_path}/y.npy")) == "npy"
    with pytest.raises(DataError, match="no such file"):
        guess_scheme(Path(f"{tmp_path}/x.npy,{tmp_path}/none.npy"))
