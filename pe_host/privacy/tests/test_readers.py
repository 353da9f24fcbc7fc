import ast
import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pe_host.errors import DataError
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.readers import folder, guess_scheme, idx, npz, sklearn
from pe_sdk import OutputSpec, SourceError

RNG = np.random.default_rng(1)
IMAGES = RNG.integers(0, 256, (6, 5, 4), dtype=np.uint8)
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
    table = npz.read(where, GRAY, ("x", "y"))  # z is no class: the data set refuses its first row
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
        ({"images": IMAGES, "labels": LABELS[:5]}, "one a record"),
        ({"images": IMAGES, "labels": LABELS.astype(float)}, "whole numbers"),
        ({"images": IMAGES, "labels": np.full(6, np.nan)}, "whole numbers"),
        ({"images": IMAGES, "labels": LABELS, "clients": LABELS / 2}, "whole numbers"),
        (
            {"images": IMAGES, "labels": LABELS, "label_names": np.array(["x", "x", "z"])},
            "distinct",
        ),
        (
            {"images": IMAGES, "labels": LABELS + 1, "label_names": np.array(["x", "y", "z"])},
            "row 2 has no name",
        ),
        ({"images": IMAGES, "labels": np.array([Trap()] * 6, dtype=object)}, "cannot be read"),
        ({"images": np.array([Trap()] * 6, dtype=object), "labels": LABELS}, "uint8"),
        (
            {
                "images": IMAGES,
                "labels": LABELS,
                "label_names": np.array([Trap()] * 3, dtype=object),
            },
            "cannot be read",
        ),
    ],
)
def test_fault_16_npz_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Any], say: str) -> None:
    """Floats, NaN labels and objects are errors; nothing in the file is ever unpickled (fault 14)."""
    where = _npz(tmp_path, **arrays)
    with pytest.raises(SourceError, match=say) as caught:
        npz.read(where, GRAY, ("y", "z", "x"))
    assert caught.value.where == where and caught.value.fix


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
    Path(f"{tmp_path}/t10k-labels-idx1-ubyte").rename(
        f"{tmp_path}/t10k-labels-idx1-ubyte.gz"
    )  # plain under that name
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
    with pytest.raises(SourceError, match="cut short"):
        idx.read(where, GRAY, ("a", "b", "c"))
    packed.unlink()
    for path in tmp_path.glob("t10k-images*"):
        path.unlink()
    for location in (where, str(tmp_path / "none"), f"{tmp_path}/a,{tmp_path}/b"):
        with pytest.raises(SourceError):
            idx.describe(location)


def _folders(path: Path, mode: str = "L") -> str:
    for row, (pixels, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        (path / f"class{label}").mkdir(exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path / f"class{label}" / f"{row}.png")
    (path / "README").write_text("beside the class folders")
    return str(path)


def test_folder_reads_images_in_sorted_order(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    info = folder.describe(where)
    assert info.output == GRAY and info.label_names == ("class0", "class1", "class2")
    table = folder.read(where, info.output, info.label_names)
    assert np.array_equal(
        table.data[..., 0], IMAGES[[0, 5, 1, 4, 2, 3]]
    ) and table.labels.tolist() == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert folder.read(where, info.output, ("class2", "class1", "class0")).labels.tolist() == [
        2,
        2,
        1,
        1,
        0,
        0,
    ]


def test_no_single_image_decides_the_form_of_the_others(tmp_path: Path) -> None:
    """Were gray images turned to colour, one record that sorts first would turn the whole release to colour."""
    where = _folders(tmp_path)
    Image.fromarray(IMAGES[0]).convert("RGB").save(tmp_path / "class0" / "0.png")
    info = folder.describe(where)
    with pytest.raises(SourceError, match="expected a colour image"):
        folder.read(where, info.output, info.label_names)


def test_fault_15_images_that_do_not_fit_are_named(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    names = folder.describe(where).label_names
    spoil = tmp_path / "class1" / "9.png"
    for image in (Image.fromarray(IMAGES[0].T.copy()), Image.fromarray(IMAGES[0]).convert("RGB")):
        image.save(spoil)
        with pytest.raises(SourceError, match=r"9\.png: expected a gray image of 4 × 5"):
            folder.read(where, GRAY, names)
    Image.fromarray(IMAGES[0]).save(spoil)
    for content in (b"", b"not an image", spoil.read_bytes()[:50]):
        spoil.write_bytes(content)
        with pytest.raises(SourceError, match=r"9\.png"):
            folder.read(where, GRAY, names)


@pytest.mark.parametrize("stray", ["Thumbs.db", "notes.txt"])
def test_a_stray_file_in_a_class_folder_is_named_with_what_to_do(
    tmp_path: Path, stray: str
) -> None:
    where = _folders(tmp_path)
    names = folder.describe(where).label_names
    (tmp_path / "class1" / stray).write_text("no image")
    with pytest.raises(SourceError) as caught:
        folder.read(where, GRAY, names)
    assert caught.value.where.endswith(stray) and "take it out" in caught.value.fix


def test_every_error_of_the_readers_says_what_to_do_next() -> None:
    """Read from the source: a `SourceError` without `fix=` fails here."""
    for module in (npz, idx, folder, sklearn):
        tree = ast.parse(Path(str(module.__file__)).read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        made = [
            call
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id == "SourceError"
        ]
        assert made
        for call in made:
            assert {"where", "fix"} <= {word.arg for word in call.keywords}, (
                f"{module.__name__}:{call.lineno}"
            )


def test_folders_without_classes_or_images_are_errors(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "none"):
        with pytest.raises(SourceError):
            folder.describe(str(where))
    (tmp_path / "a").mkdir()
    with pytest.raises(SourceError, match="no images"):
        folder.describe(str(tmp_path))
    (tmp_path / "b").mkdir()
    Image.fromarray(IMAGES[0]).save(tmp_path / "b" / "1.png")
    info = folder.describe(str(tmp_path))  # fault 15: an empty class is fine
    assert info.label_names == ("a", "b") and folder.read(
        str(tmp_path), GRAY, ("a", "b")
    ).labels.tolist() == [1]
    with pytest.raises(SourceError, match="none of the classes"):
        folder.read(str(tmp_path), GRAY, ("a",))


def test_digits_are_public_and_whole() -> None:
    info = sklearn.describe("digits")
    assert (
        info.public
        and info.output == OutputSpec.image(8, 8)
        and info.label_names == tuple("0123456789")
    )
    table = sklearn.read("digits", info.output, info.label_names)
    assert table.data.shape == (1797, 8, 8, 1) and table.data.dtype == np.uint8
    assert (
        table.data.min() == 0 and table.data.max() == 255 and table.labels[:3].tolist() == [0, 1, 2]
    )
    assert sklearn.read("digits", info.output, tuple("9876543210")).labels[0] == 9
    for location, names in (("iris", info.label_names), ("digits", ("0", "1"))):
        with pytest.raises(SourceError):
            sklearn.read(location, info.output, names)


def test_the_reader_is_named_like_its_module() -> None:
    for module, name in ((npz, "npz"), (idx, "idx"), (folder, "folder"), (sklearn, "sklearn")):
        (spec,) = module.pe_readers()
        assert spec.name == name and spec.summary


def test_a_path_tells_its_reader(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert guess_scheme(Path(_npz(tmp_path, images=IMAGES, labels=LABELS))) == "npz"
    assert guess_scheme(tmp_path) == "folder"
    _idx_folder(tmp_path / "a", _idx(IMAGES), _idx(LABELS))
    assert (
        guess_scheme(tmp_path / "a") == "idx"
        and guess_scheme(tmp_path / "a" / "train-images-idx3-ubyte.gz") == "idx"
    )
    (tmp_path / "x.csv").write_text("")
    for path in (tmp_path / "x.csv", tmp_path / "none"):
        with pytest.raises(DataError):
            guess_scheme(path)
