import gzip
import struct
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
