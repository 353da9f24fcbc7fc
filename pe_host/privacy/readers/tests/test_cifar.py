"""CIFAR as it is distributed: pickles of Python 2 and 3, binary files, and the archives of both."""

import pickle
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import cifar, guess_scheme
from pe_host.privacy.readers.tests.reading import images, refusal, taken
from pe_sdk import OutputSpec
from pe_sdk.testing import check_reader

NAMES = ["airplane", "automobile", "bird"]
FINE, COARSE = [f"fine{i}" for i in range(6)], ["animal", "thing"]


def pixels(seed: int, count: int = 4) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def rows(values: Any) -> Any:
    """Images as the files have them: channel by channel, a row each."""
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2)).reshape(len(values), -1)


def old_pickle(values: dict[str, Any]) -> bytes:
    """A dictionary of an array and lists of integers or texts, as Python 2 has pickled it."""

    def text(value: str | bytes) -> bytes:
        value = value.encode() if isinstance(value, str) else value
        return b"T" + struct.pack("<I", len(value)) + value

    def whole(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    def array(value: Any) -> bytes:
        shape = b"(" + b"".join(map(whole, value.shape)) + b"t"
        dtype = b"cnumpy\ndtype\n(" + text("u1") + whole(0) + whole(1) + b"tR("
        dtype += whole(3) + text("|") + b"NNN" + whole(-1) + whole(-1) + whole(0) + b"tb"
        made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + whole(0)
        made += b"t" + text("b") + b"tR("
        return made + whole(1) + shape + dtype + b"I00\n" + text(value.tobytes()) + b"tb"

    def item(value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return array(value)
        if isinstance(value, list):
            return b"](" + b"".join(map(item, value)) + b"e"
        return whole(value) if isinstance(value, int) else text(value)

    pairs = b"".join(text(key) + item(value) for key, value in values.items())
    return b"\x80\x02}(" + pairs + b"u."


def test_the_old_pickles_of_these_tests_are_pickles() -> None:
    """Python itself reads them as Python 2 would."""
    content = old_pickle({"labels": [1, 2], "a": ["x"]})
    found = pickle.loads(content, encoding="latin1")  # noqa: S301
    assert found == {"labels": [1, 2], "a": ["x"]}


PICKLERS = {
    "Python 2": old_pickle,
    "protocol 2": lambda values: pickle.dumps(values, 2),
    "protocol 5": lambda values: pickle.dumps(values, 5),
}


def cifar_10(folder: Path, dump: Any) -> Path:
    folder.mkdir(parents=True)
    for batch in range(1, 6):
        values = {"batch_label": f"batch {batch}", "labels": [0, 1, 2, batch % 3]}
        values |= {"data": rows(pixels(batch)), "filenames": ["a.png"] * 4}
        (folder / f"data_batch_{batch}").write_bytes(dump(values))
    values = {"labels": [2, 2, 1, 0], "data": rows(pixels(9))}
    (folder / "test_batch").write_bytes(dump(values))
    meta = {"label_names": NAMES, "num_cases_per_batch": 4}
    (folder / "batches.meta").write_bytes(dump(meta))
    (folder / "readme.html").write_text("<html>")
    return folder


@pytest.mark.parametrize("pickler", PICKLERS)
def test_cifar_10_in_python_files(tmp_path: Path, pickler: str) -> None:
    where = cifar_10(tmp_path / "cifar-10-batches-py", PICKLERS[pickler])
    for place in (where, tmp_path):  # torchvision is given the folder around it
        assert guess_scheme(place) == "cifar"
        info, table = taken(cifar, place)
        assert info.output == OutputSpec.image(32, 32, 3) and info.label_names == tuple(NAMES)
        assert np.array_equal(images(table), np.concatenate([pixels(i) for i in range(1, 6)]))
        assert table.labels.tolist() == [x for i in range(1, 6) for x in (0, 1, 2, i % 3)]
        assert "the part train; --split test" in info.layout
    info, table = taken(cifar, where, split="test")
    assert np.array_equal(images(table), pixels(9)) and table.labels.tolist() == [2, 2, 1, 0]


@pytest.mark.parametrize("end", ["tar.gz", "tar"])
def test_the_archive_is_read_in_place(tmp_path: Path, end: str) -> None:
    folder = cifar_10(tmp_path / "made" / "cifar-10-batches-py", old_pickle)
    where = tmp_path / f"cifar-10-python.{end}"
    with tarfile.open(where, "w:gz" if end == "tar.gz" else "w") as archive:
        archive.add(folder, folder.name)
    assert guess_scheme(where) == "cifar"
    _, table = taken(cifar, where)
    _, other = taken(cifar, folder)
    assert np.array_equal(images(table), images(other))
    assert table.labels.tolist() == other.labels.tolist()


def test_cifar_10_in_binary_files(tmp_path: Path) -> None:
    where = tmp_path / "cifar-10-batches-bin"
    where.mkdir()
    for batch in (1, 2):
        content = np.concatenate([[[0], [1], [2], [2]], rows(pixels(batch))], axis=1)
        (where / f"data_batch_{batch}.bin").write_bytes(content.astype(np.uint8).tobytes())
    (where / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    info, table = taken(cifar, where)
    assert info.label_names == tuple(NAMES) and table.labels.tolist() == [0, 1, 2, 2] * 2
    assert np.array_equal(images(table), np.concatenate([pixels(1), pixels(2)]))


@pytest.mark.parametrize("binary", [True, False])
def test_cifar_100_has_fine_and_coarse_labels(tmp_path: Path, binary: bool) -> None:
    fine, coarse = [5, 0, 1, 2], [1, 0, 0, 1]
    if binary:
        rows_of = np.concatenate([np.array([coarse, fine]).T, rows(pixels(1))], axis=1)
        (tmp_path / "train.bin").write_bytes(rows_of.astype(np.uint8).tobytes())
        (tmp_path / "fine_label_names.txt").write_text("\n".join(FINE))
        (tmp_path / "coarse_label_names.txt").write_text("\n".join(COARSE))
    else:
        data = {"data": rows(pixels(1)), "fine_labels": fine, "coarse_labels": coarse}
        meta = {"fine_label_names": FINE, "coarse_label_names": COARSE}
        for name, values in (("train", data), ("test", data), ("meta", meta)):
            (tmp_path / name).write_bytes(old_pickle(values))
    assert guess_scheme(tmp_path) == "cifar"
    info, table = taken(cifar, tmp_path)
    assert info.label_names == tuple(FINE) and table.labels.tolist() == fine
    info, table = taken(cifar, tmp_path, labels="coarse_labels")
    assert info.label_names == tuple(COARSE) and table.labels.tolist() == coarse
    assert np.array_equal(images(table), pixels(1)) and "coarse_labels" in info.layout
    assert "coarse_labels" in refusal(cifar, tmp_path, labels="labels").fix


def test_without_the_names_labels_are_counted(tmp_path: Path) -> None:
    where = cifar_10(tmp_path / "c", old_pickle)
    (where / "batches.meta").unlink()
    info, _ = taken(cifar, where)
    assert info.label_names == ("0", "1", "2") and info.counted
    info, _ = taken(cifar, where, classes=("a", "b", "c"))
    assert info.label_names == ("a", "b", "c")


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('code of the data ran')",))


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"data": Trap(), "labels": [0]}),
        pickle.dumps({"data": rows(pixels(1)), "labels": [0]}),
        pickle.dumps({"data": rows(pixels(1)) * 1.0, "labels": [0] * 4}),
        pickle.dumps({"labels": [0]}),
        pickle.dumps({"data": rows(pixels(1)), "labels": [0, 1, "x", 2]}),
        pickle.dumps([1]),
        b"junk",
        b"",
    ],
    ids=range(8),
)
def test_a_batch_that_is_none_is_refused_and_nothing_runs(tmp_path: Path, content: bytes) -> None:
    where = cifar_10(tmp_path / "c", old_pickle)
    (where / "data_batch_3").write_bytes(content)
    error = refusal(cifar, where)
    assert "damaged" in error.what and error.where.endswith("data_batch_3")


@pytest.mark.parametrize("names", [["a" * 1001, "b", "c"], list(map(str, range(1001)))])
def test_names_that_would_fill_the_memory_are_refused(tmp_path: Path, names: list[str]) -> None:
    """A pickle repeats a text with two bytes, and an array has the longest in each place."""
    where = cifar_10(tmp_path / "c", old_pickle)
    (where / "batches.meta").write_bytes(old_pickle({"label_names": names}))
    assert "damaged" in refusal(cifar, where).what
    (where / "batches.meta").rename(where / "batches.meta.txt").write_text("\n".join(names))
    assert "damaged" in refusal(cifar, where).what


@pytest.mark.parametrize("kind", ["folder", "archive", "file"])
def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path, kind: str) -> None:
    """The one that the user named may be a link itself."""
    outside, inside = tmp_path / "outside" / "cifar-10-batches-py", tmp_path / "inside"
    cifar_10(outside, old_pickle)
    if kind == "archive":
        with tarfile.open(tmp_path / "outside.tar", "w") as archive:
            archive.add(outside, "cifar-10-batches-py")
        inside.mkdir()
        (inside / "cifar-10-python.tar").symlink_to(tmp_path / "outside.tar")
        link = inside / "cifar-10-python.tar"
    elif kind == "folder":
        inside.mkdir()
        (inside / outside.name).symlink_to(outside)
        link = inside / outside.name
    else:
        cifar_10(inside, old_pickle)
        (inside / "data_batch_1").unlink()
        (inside / "data_batch_1").symlink_to(outside / "data_batch_1")
        link = outside
    assert "a link that leads out of the folder" in refusal(cifar, inside).what
    assert taken(cifar, link)[0].label_names == tuple(NAMES)


def test_what_is_not_cifar_is_refused(tmp_path: Path) -> None:
    assert "cifar-10-batches-py" in refusal(cifar, tmp_path).fix
    assert refusal(cifar, tmp_path / "none.tar.gz").what
    where = cifar_10(tmp_path / "c", old_pickle)
    for path in where.glob("*_batch*"):
        path.unlink()
    assert "no batches" in refusal(cifar, where).what


def test_the_reader_keeps_its_contract(tmp_path: Path) -> None:
    (spec,) = cifar.pe_readers()
    where = cifar_10(tmp_path / "c", old_pickle)
    check_reader(spec, location=str(where)).raise_for_failures()
