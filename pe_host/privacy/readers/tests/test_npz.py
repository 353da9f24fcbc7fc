import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.errors import DataError
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.readers import npz
from pe_sdk import OutputSpec, SourceError

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])
GRAY = OutputSpec.image(5, 4)


def _npz(path: Path, **arrays: Any) -> str:
    np.savez(path / "d.npz", **arrays)
    return str(path / "d.npz")


def test_npz_reads_what_it_describes(tmp_path: Path) -> None:
    where = _npz(
        tmp_path,
        images=IMAGES,
        labels=LABELS.astype(np.uint8),
        label_names=np.array(["x", "y", "z"]),
    )
    info = npz.describe(where)
    assert (
        info.output == GRAY
        and info.label_names == ("x", "y", "z")
        and not info.public
        and not info.clients
    )
    table = npz.read(where, info.output, info.label_names)
    assert np.array_equal(table.data[..., 0], IMAGES) and table.labels.tolist() == LABELS.tolist()
    assert table.labels.dtype == np.int64 and table.clients is None


def test_npz_with_colour_and_clients(tmp_path: Path) -> None:
    where = _npz(
        tmp_path, images=np.stack([IMAGES] * 3, axis=-1), labels=LABELS, clients=np.arange(6) // 2
    )
    info = npz.describe(where)
    assert info.output == OutputSpec.image(5, 4, 3) and info.clients and info.label_names == ()
    table = npz.read(where, info.output, ("a", "b", "c"))
    assert table.clients is not None and table.clients.tolist() == [0, 0, 1, 1, 2, 2]


def test_npz_describe_reads_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = _npz(tmp_path, images=IMAGES, labels=LABELS)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("records were read")

    monkeypatch.setattr(np.lib.format, "read_array", refuse)
    assert npz.describe(where).output == GRAY


def test_npz_labels_are_translated_by_name(tmp_path: Path) -> None:
    where = _npz(tmp_path, images=IMAGES, labels=LABELS, label_names=np.array(["x", "y", "z"]))
    assert npz.read(where, GRAY, ("z", "y", "x")).labels.tolist() == [2, 1, 0, 0, 1, 2]
    table = npz.read(
        where, GRAY, ("x", "y")
    )  # z is not a class: the data set refuses its first row
    with pytest.raises(DataError, match="row 2"):
        PrivateDataset(table, GRAY, 2)


class Trap:
    """Runs when unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('code of the data ran')",))


@pytest.mark.parametrize(
    ("arrays", "say"),
    [
        ({"labels": LABELS}, "'images' or 'series' or 'records' is missing"),
        ({"images": IMAGES}, "'labels' is missing"),
        ({"images": IMAGES / 255.0, "labels": LABELS}, "uint8"),
        ({"images": IMAGES[0], "labels": LABELS}, "must be"),
        ({"images": np.stack([IMAGES] * 4, axis=-1), "labels": LABELS}, "must be"),
        ({"images": IMAGES, "labels": LABELS[:5]}, "one per record"),
        ({"images": IMAGES, "labels": LABELS.astype(float)}, "integers"),
        ({"images": IMAGES, "labels": np.full(6, np.nan)}, "integers"),
        ({"images": IMAGES, "labels": LABELS, "clients": LABELS / 2}, "integers"),
        (
            {"images": IMAGES, "labels": LABELS, "label_names": np.array(["x", "x", "z"])},
            "distinct",
        ),
        (
            {"images": IMAGES, "labels": LABELS, "label_names": np.array([0x110000] * 3, "u4")},
            "distinct strings",
        ),
        (
            {
                "images": IMAGES,
                "labels": LABELS,
                "label_names": np.array([65, 66, 0x110000], "u4").view("<U1"),
            },
            "cannot be read",
        ),
        ({"images": IMAGES, "labels": np.array([Trap()] * 6, dtype=object)}, "Python objects"),
        ({"images": np.array([Trap()] * 6, dtype=object), "labels": LABELS}, "Python objects"),
        (
            {
                "images": IMAGES,
                "labels": LABELS,
                "label_names": np.array([Trap()] * 3, dtype=object),
            },
            "Python objects",
        ),
    ],
)
def test_fault_16_npz_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Any], say: str) -> None:
    """Floats, NaN labels and objects are errors; nothing is ever unpickled (fault 14)."""
    where = _npz(tmp_path, **arrays)
    with pytest.raises(SourceError, match=say) as caught:
        npz.read(where, GRAY, ("y", "z", "x"))
    assert caught.value.where == where and caught.value.fix


def test_a_label_without_a_name_is_a_fault_of_its_row(tmp_path: Path) -> None:
    where = _npz(tmp_path, images=IMAGES, labels=LABELS + 1, label_names=np.array(["x", "y", "z"]))
    table = npz.read(where, GRAY, ("y", "z", "x"))
    assert table.faults is not None and sorted(table.faults) == [2, 3]
    assert "row 2 has no name" in table.faults[2].what and table.faults[2].fix
    assert table.labels[[0, 1, 4, 5]].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_cut_npz_is_an_error(tmp_path: Path, keep: int) -> None:
    where = _npz(tmp_path, images=IMAGES, labels=LABELS)
    Path(where).write_bytes(Path(where).read_bytes()[:keep])
    with pytest.raises(SourceError):
        npz.read(where, GRAY, ("a", "b", "c"))


def test_npz_of_another_shape_than_planned(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="shape"):
        npz.read(
            _npz(tmp_path, images=IMAGES, labels=LABELS), OutputSpec.image(4, 5), ("a", "b", "c")
        )


def test_what_is_no_file_is_named_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "d.npz")
    with pytest.raises(SourceError, match="this is a pipe, not a file"):
        npz.describe(str(tmp_path / "d.npz"))


def test_a_member_that_is_no_array_is_refused_and_its_name_withheld(tmp_path: Path) -> None:
    where = _npz(tmp_path, images=IMAGES, labels=LABELS)
    with zipfile.ZipFile(where, "a") as archive:
        archive.writestr("../jane-doe.png", b"")
    with pytest.raises(SourceError, match="member 2 of the archive is not an array") as caught:
        npz.describe(where)
    assert caught.value.name == "../jane-doe.png" and "jane" not in str(caught.value)


@pytest.mark.parametrize(
    "metadata",
    [
        {"feature_names": np.array(["a"]), "feature_ranges": np.array([[918273.5, 0.0]])},
        {"feature_names": np.array(["a"]), "feature_ranges": np.array([[918273.5, np.nan]])},
        {"step": np.array(-918273.5)},
        {"step": np.array("918273 s")},
    ],
)
def test_an_invalid_range_or_step_is_not_quoted(tmp_path: Path, metadata: dict[str, Any]) -> None:
    """It may be the largest value of the records."""
    where = _npz(tmp_path, series=np.zeros((6, 4, 1), np.float32), labels=LABELS, **metadata)
    with pytest.raises(SourceError, match="invalid record metadata") as caught:
        npz.describe(where)
    assert "918" not in caught.value.what and "9.18" not in caught.value.what
