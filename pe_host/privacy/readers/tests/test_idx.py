import gzip
import os
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import idx
from pe_sdk import OutputSpec, SourceError

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
    assert info.output == GRAY and info.label_names == ()
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
        (_idx(LABELS), _idx(LABELS)),
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


def test_what_a_header_announces_is_refused_before_it_is_read(tmp_path: Path) -> None:
    announced = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**20, 2**12, 2**12)  # 16 TiB
    where = _idx_folder(tmp_path, announced + bytes(100), _idx(LABELS))
    with pytest.raises(SourceError, match=r"to spare, and the records take 16384\.0 GiB"):
        idx.read(where, OutputSpec.image(2**12, 2**12), ("a", "b", "c"))


def test_a_large_header_of_a_short_file_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx, "most_bytes", lambda: 1 << 40)
    announced = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**12, 2**10, 2**10)  # 4 GiB
    where = _idx_folder(tmp_path, announced + bytes(100), _idx(LABELS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match="does not match its header"):
        idx.read(where, OutputSpec.image(2**10, 2**10), ("a", "b", "c"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 17, "KiB"


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    where = _idx_folder(tmp_path, _idx(IMAGES), _idx(LABELS))
    (tmp_path / "train-images-idx3-ubyte.gz").unlink()
    os.mkfifo(tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(SourceError, match="it is a pipe, not a file"):
        idx.describe(where)
