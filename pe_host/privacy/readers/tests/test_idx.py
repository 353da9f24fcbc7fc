import gzip
import os
import re
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import idx
from pe_host.privacy.readers.arrays import labelled
from pe_host.privacy.readers.tests.reading import images, refusal, taken, used
from pe_sdk import OutputSpec, SourceError
from pe_sdk.testing import check_reader

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])
GRAY = OutputSpec.image(5, 4)


def _idx(array: Any) -> bytes:
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


def _idx_folder(path: Path, images: bytes, labels: bytes) -> str:
    (path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    (path / "train-labels-idx1-ubyte").write_bytes(labels)
    (path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(IMAGES[:1])))
    (path / "t10k-labels-idx1-ubyte").write_bytes(_idx(LABELS[:1]))
    return str(path)


def test_idx_reads_the_training_files_plain_and_gzipped(tmp_path: Path) -> None:
    where = _idx_folder(tmp_path, _idx(IMAGES), _idx(LABELS))
    info = idx.describe(where)
    assert info.output == GRAY and info.label_names == ("0", "1", "2") and info.counted
    pair = f"{tmp_path}/train-images-idx3-ubyte.gz,{tmp_path}/train-labels-idx1-ubyte"
    for location in (where, pair):
        table = idx.read(location, GRAY, ("a", "b", "c"))
        assert (
            np.array_equal(table.data[..., 0], IMAGES) and table.labels.tolist() == LABELS.tolist()
        )
    single = f"{tmp_path}/t10k-images-idx3-ubyte.gz"
    # A plain file under the name of a gzipped one.
    (tmp_path / "t10k-labels-idx1-ubyte").rename(tmp_path / "t10k-labels-idx1-ubyte.gz")
    assert len(idx.read(single, GRAY, ("a", "b", "c")).labels) == 1


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (_idx(IMAGES)[:-1], _idx(LABELS)),
        (_idx(IMAGES) + b"x", _idx(LABELS)),
        (_idx(IMAGES)[:7], _idx(LABELS)),
        (_idx(IMAGES), _idx(LABELS)[:3]),
        (_idx(LABELS), _idx(LABELS)),
        (b"\0\0\x07" + _idx(IMAGES)[3:], _idx(LABELS)),
        (b"\0\0\x08\0", _idx(LABELS)),
        (_idx(IMAGES), _idx(LABELS[:5])),
        (_idx(IMAGES.reshape(6, 4, 5)), _idx(LABELS)),
        (_idx(IMAGES).replace(b"\x08", b"\x0d", 1), _idx(LABELS)),
    ],
)
def test_idx_that_cannot_be_used(tmp_path: Path, images: bytes, labels: bytes) -> None:
    with pytest.raises(SourceError):
        idx.read(_idx_folder(tmp_path, images, labels), GRAY, ("a", "b", "c"))


def test_a_cut_gzip_and_missing_files_are_errors(tmp_path: Path) -> None:
    where = _idx_folder(tmp_path, _idx(IMAGES), _idx(LABELS))
    packed = tmp_path / "train-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(SourceError, match="truncated"):
        idx.read(where, GRAY, ("a", "b", "c"))
    packed.unlink()
    for path in tmp_path.glob("t10k-images*"):
        path.unlink()
    for location in (where, str(tmp_path / "none"), f"{tmp_path}/a,{tmp_path}/b"):
        with pytest.raises(SourceError):
            idx.describe(location)


def test_a_bomb_is_read_up_to_what_its_header_announces(tmp_path: Path) -> None:
    """1 GiB of zeros in 5 MiB, behind the header of 6 small images."""
    bomb = tmp_path / "train-images-idx3-ubyte.gz"
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(1 << 26)
    with bomb.open("wb") as file:
        file.write(packer.compress(_idx(IMAGES)))
        for _ in range(16):
            file.write(packer.compress(zeros))
        file.write(packer.flush())
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(_idx(LABELS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match="does not match its header"):
        idx.read(str(tmp_path), GRAY, ("a", "b", "c"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16, "KiB"


def test_what_a_header_announces_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is taken to be long enough."""
    monkeypatch.setattr(idx, "_RATIO", 1 << 50)
    announced = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**20, 2**12, 2**12)  # 16 TiB
    where = _idx_folder(tmp_path, announced + bytes(100), _idx(np.zeros(2**20)))
    with pytest.raises(SourceError, match=r"to spare, and the records take 16384\.0 GiB"):
        idx.read(where, OutputSpec.image(2**12, 2**12), ("a", "b", "c"))


def test_a_large_header_of_a_short_file_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx, "most_bytes", lambda: 1 << 40)
    monkeypatch.setattr(idx, "_RATIO", 1 << 50)
    announced = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**12, 2**10, 2**10)  # 4 GiB
    where = _idx_folder(tmp_path, announced + bytes(100), _idx(np.zeros(2**12)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match="does not match its header"):
        idx.read(where, OutputSpec.image(2**10, 2**10), ("a", "b", "c"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 17, "KiB"


def test_a_header_that_announces_billions_of_records_takes_no_memory(tmp_path: Path) -> None:
    """Also not for their labels, of which there is one for each record without a file of them."""
    for shape in ((2**32 - 1, 2**16, 2**16), (2**32 - 1, 28, 28)):
        announced = struct.pack(">BBBB3I", 0, 0, 8, 3, *shape) + bytes(100)
        for name in ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"):
            where = write(tmp_path / f"{shape[1]}{name[-3:]}", {name: announced})
            error = refusal(idx, where, labels="none")
            assert "does not match its header" in error.what


def test_labels_of_more_records_than_fit_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = write(tmp_path, {"train-images-idx3-ubyte.gz": _idx(IMAGES)})
    taken(idx, where, labels="none")
    monkeypatch.setattr(labelled, "most_bytes", lambda: 8 * len(IMAGES) - 1)
    assert "the labels of 6 records" in refusal(idx, where, labels="none").what


def test_a_column_of_labels_that_are_not_there(tmp_path: Path) -> None:
    where = write(tmp_path, {"train-images-idx3-ubyte.gz": _idx(IMAGES)})
    error = refusal(idx, where, client="2", labels="none")
    assert "the file of the labels is not there" in error.what and "--client" in error.fix


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    where = _idx_folder(tmp_path, _idx(IMAGES), _idx(LABELS))
    (tmp_path / "train-images-idx3-ubyte.gz").unlink()
    os.mkfifo(tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(SourceError, match="this is a pipe, not a file"):
        idx.describe(where)


def typed(array: Any, code: int, dtype: str) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(dtype).tobytes()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


OTHER = IMAGES[::-1].copy()
BOTH = {
    "train-images-idx3-ubyte": _idx(IMAGES),
    "train-labels-idx1-ubyte": _idx(LABELS),
    "t10k-images-idx3-ubyte": _idx(OTHER),
    "t10k-labels-idx1-ubyte": _idx(LABELS[::-1]),
}


@pytest.mark.parametrize(
    "change",
    [
        lambda name: name,
        lambda name: f"{name}.gz",
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("-idx", ".idx") + ".gz",
        lambda name: f"MNIST/raw/{name}",
        lambda name: f"FashionMNIST/raw/{name}.gz",
        lambda name: f"raw/{name}",
        lambda name: f"{name}/{name}",
        lambda name: f"emnist-letters-{name.replace('t10k', 'test')}.gz",
        lambda name: name.replace("t10k", "test").replace("-", "_", 1),
    ],
)
def test_files_under_every_usual_name_and_folder(tmp_path: Path, change: Any) -> None:
    where = write(tmp_path, {change(name): content for name, content in BOTH.items()})
    (where / "processed").mkdir()
    info, table = taken(idx, where)
    assert np.array_equal(images(table)[..., 0], IMAGES)
    assert table.labels.tolist() == LABELS.tolist()
    assert "the part train; --split test" in info.layout
    info, table = taken(idx, where, split="test")
    assert np.array_equal(images(table)[..., 0], OTHER)
    assert table.labels.tolist() == LABELS[::-1].tolist()


def test_a_plain_and_a_gzipped_copy_are_one_file(tmp_path: Path) -> None:
    write(tmp_path / "MNIST" / "raw", BOTH | {f"{name}.gz": b"no" for name in BOTH})
    _, table = taken(idx, tmp_path)
    assert np.array_equal(images(table)[..., 0], IMAGES)


def test_several_data_sets_are_refused_with_one_to_copy(tmp_path: Path) -> None:
    roots = {
        f"{root}/raw/{name}": data for root in ("MNIST", "KMNIST") for name, data in BOTH.items()
    }
    copied(refusal(idx, write(tmp_path / "a", roots)))
    names = {f"emnist-{kind}-{name}": BOTH[name] for kind in ("mnist", "digits") for name in BOTH}
    copied(refusal(idx, write(tmp_path / "b", names)))


def copied(error: SourceError) -> None:
    """The hint names a source that is read as it stands there."""
    (location,) = re.findall(r"--data idx:(\S+)", error.fix)
    _, table = taken(idx, location)
    assert np.array_equal(images(table)[..., 0], IMAGES)


def test_hints_name_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, BOTH)
    error = refusal(idx, tmp_path / "train-labels-idx1-ubyte")
    assert error.what == "these are labels"
    copied(error)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    error = refusal(idx, tmp_path / "train-images-idx3-ubyte")
    assert f"--data idx:{tmp_path}/train-images-idx3-ubyte,LABELS" in error.fix
    assert "--labels none" in refusal(idx, tmp_path).fix
    info, _ = taken(idx, tmp_path, labels="none")
    assert info.label_names == ("all",)


def test_images_in_colour_and_of_other_types(tmp_path: Path) -> None:
    """A fourth axis is the channels, wherever it is."""
    colour = np.random.default_rng(2).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    for stored in (colour, colour.transpose(0, 3, 1, 2)):
        write(tmp_path, {"images-idx4-ubyte": _idx(stored), "labels-idx1-ubyte": _idx(LABELS)})
        info, table = taken(idx, tmp_path)
        assert info.output == OutputSpec.image(5, 7, 3) and np.array_equal(images(table), colour)
    write(tmp_path / "f", {"images.idx3": typed(IMAGES / 255, 0x0D, ">f4")})
    write(tmp_path / "f", {"labels.idx1": typed(LABELS, 0x0C, ">i4")})
    assert "--range" in refusal(idx, tmp_path / "f").fix
    _, table = taken(idx, tmp_path / "f", range=(0.0, 1.0))
    assert np.array_equal(images(table)[..., 0], IMAGES)
    assert table.labels.tolist() == LABELS.tolist()


def test_emnist_can_be_turned_upright(tmp_path: Path) -> None:
    flipped = np.ascontiguousarray(IMAGES.transpose(0, 2, 1))
    files = {f"emnist-letters-{name}": data for name, data in BOTH.items()}
    files["emnist-letters-train-images-idx3-ubyte"] = _idx(flipped)
    info, table = taken(idx, write(tmp_path, files))
    assert "--axes NWH" in info.layout and np.array_equal(images(table)[..., 0], flipped)
    info, table = taken(idx, tmp_path, axes="NWH")
    assert np.array_equal(images(table)[..., 0], IMAGES) and info.output == GRAY


def test_qmnist_has_writers_beside_its_labels(tmp_path: Path) -> None:
    columns = np.zeros((6, 8), np.int32)
    columns[:, 0], columns[:, 1], columns[:, 2] = LABELS, 4, [70, 70, 3, 3, 3, 9]
    files = {
        "qmnist-train-images-idx3-ubyte.gz": _idx(IMAGES),
        "qmnist-train-labels-idx2-int.gz": typed(columns, 0x0C, ">i4"),
    }
    where = write(tmp_path, files)
    for location in (where, where / next(iter(files))):
        info, table = taken(idx, location, client="2")
        assert table.labels.tolist() == LABELS.tolist() and info.clients
        assert used(info, table).units == 3
    _, table = taken(idx, where, labels="1", classes=("a", "b", "c", "d", "e"))
    assert set(table.labels.tolist()) == {4}
    assert "no column 8" in refusal(idx, where, client="8").what
    assert "is not a column" in refusal(idx, where, client="writer").what


def test_the_reader_keeps_its_contract(tmp_path: Path) -> None:
    (spec,) = idx.pe_readers()
    check_reader(spec, location=str(write(tmp_path, BOTH))).raise_for_failures()
