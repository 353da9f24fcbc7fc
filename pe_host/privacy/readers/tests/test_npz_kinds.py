"""npz files as people have them: each kind is read, or refused with the option that decides."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import npz
from pe_host.privacy.readers.tests.reading import images, refusal, taken, used
from pe_sdk import OutputSpec, SourceInfo, Table
from pe_sdk.testing import check_reader

N = 12
LABELS = np.arange(N) % 2
GRAY = np.random.default_rng(3).integers(0, 256, (N, 8, 6), dtype=np.uint8)
RGB = np.random.default_rng(4).integers(0, 256, (N, 8, 6, 3), dtype=np.uint8)


@pytest.fixture
def save(tmp_path: Path) -> Any:
    def write(**arrays: Any) -> str:
        np.savez(tmp_path / "d.npz", **arrays)
        return str(tmp_path / "d.npz")

    return write


def shows(found: tuple[SourceInfo, Table], pixels: Any, labels: Any = LABELS) -> SourceInfo:
    """Assert that these are the records, and return what is said about them."""
    info, table = found
    assert not table.faults
    expected = np.asarray(pixels)
    expected = expected[..., None] if expected.ndim == 3 else expected
    assert np.array_equal(images(table), expected) and images(table).dtype == np.uint8
    assert table.labels.tolist() == list(labels) and table.labels.dtype == np.int64
    return info


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LABELS[:, None],
        LABELS[:, None].astype(np.uint8),
        LABELS.astype(np.float32),
        LABELS.astype(bool),
        LABELS.astype(">i2"),
        LABELS.astype(object),
        np.eye(2)[LABELS],
        np.eye(2, dtype=bool)[LABELS],
    ],
    ids=lambda labels: f"{labels.dtype}{labels.shape}",
)
def test_labels_in_any_form_are_read(save: Any, labels: Any) -> None:
    info = shows(taken(npz, save(images=GRAY, labels=labels)), GRAY)
    assert info.label_names == ("0", "1")


@pytest.mark.parametrize("dtype", [str, "S8", object])
def test_text_labels_need_declared_names(save: Any, dtype: Any) -> None:
    where = save(images=GRAY, labels=np.array(["disc", "bar"])[LABELS].astype(dtype))
    error = refusal(npz, where)
    assert "private" in error.what and "--classes" in error.fix and "--public-classes" in error.fix
    info = shows(taken(npz, where, classes=("disc", "bar")), GRAY)
    assert info.label_names == ("disc", "bar") and info.names_from == "--classes"
    shows(taken(npz, where, public_classes=True), GRAY, 1 - LABELS)  # bar, disc


def test_labels_from_1(save: Any) -> None:
    where = save(images=GRAY, labels=LABELS + 1)
    assert "--labels-from 1" in refusal(npz, where).fix
    assert shows(taken(npz, where, labels_from=1), GRAY).label_names == ("1", "2")
    assert "--labels-from 1" in refusal(npz, where, classes=("a", "b")).fix
    info = shows(taken(npz, where, classes=("a", "b"), labels_from=1), GRAY)
    assert info.names_from == "--classes, for labels from 1"
    named = save(images=GRAY, labels=LABELS + 1, label_names=np.array(["a", "b"]))
    assert "--labels-from 1" in refusal(npz, named).fix
    info = shows(taken(npz, named, labels_from=1), GRAY)
    assert info.label_names == ("a", "b") and "for labels from 1" in info.names_from


def test_a_column_of_several_labels_is_chosen(save: Any) -> None:
    several = np.stack([LABELS, 1 - LABELS, np.ones(N, int)], axis=1)
    where = save(images=GRAY, labels=several)
    _, table = taken(npz, where)
    assert table.faults is not None and set(table.faults) == set(range(N))
    assert "--labels KEY:COLUMN" in table.faults[0].what
    info = shows(taken(npz, where, labels="labels:1"), GRAY, 1 - LABELS)
    assert info.options is not None and info.options.labels == "labels:1"
    assert "no column 3" in refusal(npz, where, labels="labels:3").what


def test_one_hot_labels_have_a_class_for_each_column(save: Any) -> None:
    """Also for one without records: the shape is public, and the largest label is not needed."""
    where = save(images=GRAY, labels=np.eye(4, dtype=int)[LABELS])
    info = shows(taken(npz, where), GRAY)
    assert info.label_names == ("0", "1", "2", "3") and not info.counted
    assert "4 columns" in refusal(npz, where, classes=("a", "b")).what
    shows(taken(npz, where, classes=("a", "b", "c", "d")), GRAY)
    # The first column is the class of the first name, also where names are numbers.
    shows(taken(npz, where, classes=("1", "0", "3", "2")), GRAY)
    shows(taken(npz, where, classes=("1", "0", "3", "2"), labels_from=1), GRAY)


def test_one_hot_labels_without_a_part_are_not_passed_over(save: Any) -> None:
    """They may be those of the training part, which the user says."""
    where = save(x_train=GRAY, labels=np.eye(2, dtype=int)[LABELS])
    error = refusal(npz, where)
    assert "which array holds the labels" in error.what and "--labels labels" in error.fix
    shows(taken(npz, where, labels="labels"), GRAY)
    other = save(x_train=GRAY, labels=np.eye(2, dtype=int)[LABELS][1:], y_test=LABELS)
    assert taken(npz, other, labels="none")[0].label_names == ("all",)


def test_a_label_that_is_none_is_the_fault_of_its_record(save: Any) -> None:
    labels = LABELS.astype(np.float64)
    labels[[2, 5, 7]] = [np.nan, 0.5, np.inf]
    info, table = taken(npz, save(images=GRAY, labels=labels))
    assert set(table.faults or ()) == {2, 5, 7} and len(used(info, table).labels) == N - 3
    info, table = taken(npz, save(images=GRAY, labels=np.where(np.arange(N) == 5, -1, LABELS)))
    assert table.labels[5] == -1 and len(used(info, table).labels) == N - 1
    bad = np.array(["a", "b"])[LABELS].astype("S2")
    bad[3] = b"\xff"
    _, table = taken(npz, save(images=GRAY, labels=bad), classes=("a", "b"))
    assert set(table.faults or ()) == {3}


@pytest.mark.parametrize(
    ("stored", "pixels", "said"),
    [
        (RGB.transpose(0, 3, 1, 2), RGB, "NCHW"),
        (GRAY[:, None], GRAY, "NCHW"),
        (GRAY[..., None], GRAY, ""),
        (np.asfortranarray(RGB), RGB, ""),
        (RGB.astype(np.int64), RGB, "int64"),
        (RGB.astype(">i4"), RGB, "0..255"),
        (GRAY > 100, np.where(GRAY > 100, 255, 0), "True white"),
        (GRAY.astype(np.uint16) * 257, GRAY, "65535 white"),
        (GRAY.astype(">u2") * 257, GRAY, "65535 white"),
        ((GRAY > 100).astype(np.uint8), (GRAY > 100).astype(np.uint8), ""),
    ],
    ids=lambda value: f"{value.dtype}{value.shape}" if hasattr(value, "dtype") else None,
)
def test_images_of_any_axes_and_type_are_read(
    save: Any, stored: Any, pixels: Any, said: str
) -> None:
    info = shows(taken(npz, save(images=stored, labels=LABELS)), pixels)
    assert said in "; ".join(info.preparation) and bool(said) == bool(info.preparation)


def test_floats_need_a_range(save: Any) -> None:
    where = save(images=(RGB / 255).astype(np.float32), labels=LABELS)
    error = refusal(npz, where)
    assert "float32" in error.what and "--range 0,1" in error.fix
    shows(taken(npz, where, range=(0.0, 1.0)), RGB)
    where = save(images=RGB / 127.5 - 1, labels=LABELS)
    shows(taken(npz, where, range=(-1.0, 1.0)), RGB)
    shows(taken(npz, save(images=RGB * 1.0, labels=LABELS), range=(255.0, 0.0)), 255 - RGB)


def test_the_range_of_one_record_changes_no_other(save: Any) -> None:
    """Values are scaled by what is declared, never by what occurs."""
    values = (GRAY / 255).astype(np.float32)
    _, whole = taken(npz, save(images=values, labels=LABELS), range=(0.0, 1.0))
    values = values.copy()
    values[0] = 50
    _, other = taken(npz, save(images=values, labels=LABELS), range=(0.0, 1.0))
    assert np.array_equal(images(whole)[1:], images(other)[1:])
    assert (images(other)[0] == 255).all()


def test_values_that_are_no_pixels_are_faults_of_their_record(save: Any) -> None:
    values = (GRAY / 255).astype(np.float32)
    values[3, 0, 0], values[4, 1, 1] = np.nan, np.inf
    info, table = taken(npz, save(images=values, labels=LABELS), range=(0.0, 1.0))
    assert set(table.faults or ()) == {3, 4} and len(used(info, table).labels) == N - 2
    wide = GRAY.astype(np.int64)
    wide[2, 0, 0], wide[6, 1, 1] = 256, -1
    info, table = taken(npz, save(images=wide, labels=LABELS))
    assert table.faults is not None and set(table.faults) == {2, 6}
    assert "outside 0..255" in table.faults[2].what and "--range" in table.faults[2].fix
    shows(taken(npz, save(images=GRAY.astype(np.int64) * 16, labels=LABELS), range=(0, 4080)), GRAY)


def test_masks_of_0_and_1_become_black_and_white_by_a_range(save: Any) -> None:
    mask = (GRAY > 100).astype(np.uint8)
    shows(taken(npz, save(images=mask, labels=LABELS), range=(0.0, 1.0)), mask * 255)


def test_transparent_images_are_composited(save: Any) -> None:
    """What is stored below full transparency never shows."""
    alpha = np.zeros((N, 8, 6, 1), np.uint8)
    alpha[:, :4] = 255
    rgba = np.concatenate([RGB, alpha], axis=-1)
    white = np.where(alpha == 255, RGB, 255)
    where = save(images=rgba, labels=LABELS)
    info = shows(taken(npz, where), white)
    assert info.output == OutputSpec.image(8, 6, 3) and "white" in info.preparation[0]
    shows(taken(npz, where, background=(0, 10, 0)), np.where(alpha == 255, RGB, [0, 10, 0]))
    first = save(images=rgba.transpose(0, 3, 1, 2), labels=LABELS)
    shows(taken(npz, first), white)


def test_images_are_brought_to_a_size_and_colour(save: Any) -> None:
    where = save(images=np.repeat(np.repeat(RGB, 2, 1), 2, 2), labels=LABELS)
    error = refusal(npz, where, size=(8, 6))
    assert "16 × 12" in error.what and "--fit" in error.fix
    assert "--size" in refusal(npz, where, fit="crop").fix
    info, table = taken(npz, where, size=(8, 6), fit="stretch", colour="gray")
    assert info.output == OutputSpec.image(8, 6) and images(table).shape == (N, 8, 6, 1)
    gray = RGB @ np.array([0.299, 0.587, 0.114])
    assert np.corrcoef(images(table).ravel(), gray.ravel())[0, 1] > 0.9
    shows(taken(npz, save(images=GRAY, labels=LABELS), colour="rgb"), np.stack([GRAY] * 3, -1))


@pytest.mark.parametrize(
    ("shape", "axes", "moved"),
    [
        ((N, 3, 8, 4), "NCHW", (0, 2, 3, 1)),
        ((8, 6, 3, N), "HWCN", (3, 0, 1, 2)),
        ((N, 20, 3), "NHW", (0, 1, 2)),
        ((N, 8, 6), "NWH", (0, 2, 1)),
    ],
)
def test_axes_that_are_not_clear_are_asked_for(
    save: Any, shape: Any, axes: str, moved: Any
) -> None:
    stored = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    where = save(images=stored, labels=LABELS)
    if axes not in ("NWH", "HWCN"):
        assert "--axes" in refusal(npz, where).fix
    info = shows(taken(npz, where, axes=axes), stored.transpose(moved))
    assert info.options is not None and info.options.axes == axes


def test_gray_or_rgb_channels_last_are_never_in_doubt(save: Any) -> None:
    """As pe itself writes them, however low the images are."""
    for shape in ((N, 3, 8, 3), (N, 4, 4, 3), (N, 1, 5, 1)):
        stored = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        shows(taken(npz, save(images=stored, labels=LABELS)), stored)


@pytest.mark.parametrize(
    ("axes", "pixels"),
    [("8x6", GRAY), ("8x6x3", RGB), ("3x8x6", RGB)],
)
def test_rows_of_numbers_become_images_of_a_declared_shape(
    save: Any, axes: str, pixels: Any
) -> None:
    stored = pixels.transpose(0, 3, 1, 2) if axes[0] == "3" else pixels
    where = save(x=stored.reshape(N, -1), y=LABELS)
    assert "--axes 28x28" in refusal(npz, where).fix
    shows(taken(npz, where, axes=axes), pixels)
    assert "does not fit" in refusal(npz, where, axes="5x5").what


@pytest.mark.parametrize("shape", [(N, 8, 6, 2), (N, 4, 4, 4, 4), (N, 9, 9, 9)])
def test_what_is_no_image_is_refused_by_its_shape(save: Any, shape: Any) -> None:
    error = refusal(npz, save(images=np.zeros(shape, np.uint8), labels=LABELS))
    assert str(list(shape)) in error.what and "--axes" in error.fix


def test_types_that_hold_no_pixels_are_refused(save: Any) -> None:
    assert "int8" in refusal(npz, save(images=GRAY.astype(np.int8), labels=LABELS)).what
    assert "complex" in refusal(npz, save(images=GRAY * 1j, labels=LABELS)).what
    ragged = np.empty(N, object)
    ragged[:] = [np.zeros((i + 1, 2)) for i in range(N)]
    error = refusal(npz, save(images=ragged, labels=LABELS), images="images")
    assert "Python objects" in error.what and "PNG" in error.fix


PARTS = {
    "train_images": RGB,
    "train_labels": LABELS[:, None].astype(np.uint8),
    "val_images": RGB[:5],
    "val_labels": 1 - LABELS[:5, None],
    "test_images": RGB[:4],
    "test_labels": LABELS[:4, None],
}


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test"}
        | {"test_labels": "y_test", "val_images": "x_val", "val_labels": "y_val"},
        {"train_images": "X_train", "train_labels": "Y_train"},
        {"train_images": "trainX", "train_labels": "trainY"},
        {"train_images": "images_train", "train_labels": "labels_train"},
        {"train_images": "training_data", "train_labels": "training_targets"},
    ],
)
def test_the_training_part_is_read_and_said(save: Any, names: dict[str, str]) -> None:
    """Files of MedMNIST and of Keras."""
    where = save(**{names.get(name, name): array for name, array in PARTS.items()})
    info = shows(taken(npz, where), RGB)
    assert "the part train; --split" in info.layout
    assert info.options is not None and info.options.split == "train"
    shows(taken(npz, where, split="val"), RGB[:5], 1 - LABELS[:5])
    shows(taken(npz, where, split="validation"), RGB[:5], 1 - LABELS[:5])
    error = refusal(npz, where, split="extra")
    assert "train" in error.what and "test" in error.what


def test_parts_without_a_training_part_are_asked_for(save: Any) -> None:
    where = save(val_images=RGB, val_labels=LABELS, test_images=RGB[:4], test_labels=LABELS[:4])
    assert "--split" in refusal(npz, where).fix
    shows(taken(npz, where, split="test"), RGB[:4], LABELS[:4])
    shows(taken(npz, save(test_images=RGB, test_labels=LABELS)), RGB)


@pytest.mark.parametrize(
    "keys",
    [("arr_0", "arr_1"), ("X", "y"), ("data", "target"), ("imgs", "lbls"), ("images", "classes")],
)
def test_other_usual_names_are_known(save: Any, keys: tuple[str, str]) -> None:
    """Samples of guided-diffusion are arr_0 and arr_1."""
    shows(taken(npz, save(**{keys[0]: RGB, keys[1]: LABELS})), RGB)


def test_unusual_names_are_listed_and_asked_for(save: Any) -> None:
    where = save(scans=RGB, diagnosis=LABELS, site=LABELS + 3)
    error = refusal(npz, where)
    assert "scans [12, 8, 6, 3], site [12]" in error.what and "--images KEY" in error.fix
    error = refusal(npz, where, images="scans")
    assert "diagnosis" in error.what and "--labels none" in error.fix
    (hint,) = re.findall(r"--labels (\w+),", error.fix)
    taken(npz, where, images="scans", labels=hint)
    info = shows(taken(npz, where, images="scans", labels="diagnosis", client="site"), RGB)
    assert info.clients and info.clients_from == "the array site"
    for wrong in ({"images": "scan"}, {"labels": "x"}, {"client": "hospital"}):
        error = refusal(npz, where, **{"images": "scans", "labels": "diagnosis", **wrong})
        assert "there is no array" in error.what and "diagnosis [12]" in error.what


def test_several_arrays_of_images_are_asked_about(save: Any) -> None:
    where = save(x=RGB, data=RGB, labels=LABELS)
    assert "--images" in refusal(npz, where).fix
    shows(taken(npz, where, images="data"), RGB)


def test_no_labels_are_one_class_that_is_said(save: Any) -> None:
    info = shows(taken(npz, save(images=GRAY)), GRAY, np.zeros(N))
    assert info.label_names == ("all",) and info.names_from == "no labels: one class"
    info = shows(taken(npz, save(images=GRAY), classes=("digits",)), GRAY, np.zeros(N))
    assert info.label_names == ("digits",)
    where = save(images=GRAY, labels=LABELS)
    info = shows(taken(npz, where, labels="none"), GRAY, np.zeros(N))
    assert info.label_names == ("all",) and info.passed_over == ("array labels",)
    assert "one class and not 2" in refusal(npz, save(images=GRAY), classes=("a", "b")).what


def test_what_describes_series_is_not_passed_over(save: Any) -> None:
    about = {"feature_names": np.array(["load"]), "feature_ranges": np.array([[0.0, 1.0]])}
    series = np.zeros((N, 5, 1), np.float32)
    info, _ = taken(
        npz, save(series=series, labels=LABELS, step=np.array(2.0), other=GRAY, **about)
    )
    assert info.output.features[0].name == "load" and info.passed_over == ("array other",)


@pytest.mark.parametrize("key", ["label_names", "class_names", "target_names", "classes"])
@pytest.mark.parametrize("dtype", [str, object, "S9"])
def test_class_names_in_the_file_are_public(save: Any, key: str, dtype: Any) -> None:
    """Those that NumPy stores as Python objects are read without running their pickle."""
    where = save(images=GRAY, labels=LABELS, **{key: np.array(["disc", "bar"]).astype(dtype)})
    info = shows(taken(npz, where), GRAY)
    assert info.label_names == ("disc", "bar") and info.names_from == f"{key} in the file"


@pytest.mark.parametrize("names", [["3", "8"], ["1", "0"], ["1", "2"]])
@pytest.mark.parametrize("first", [0, 1])
def test_the_order_of_names_counts_also_where_they_are_numbers(
    save: Any, names: list[str], first: int
) -> None:
    where = save(images=GRAY, labels=LABELS + first, label_names=np.array(names))
    declared = {"labels_from": 1} if first else {}
    info = shows(taken(npz, where, **declared), GRAY)
    assert info.label_names == tuple(names)
    shows(taken(npz, where, classes=tuple(names[::-1]), **declared), GRAY, 1 - LABELS)
    if first:
        assert "--labels-from 1" in refusal(npz, where).fix


@pytest.mark.parametrize("key", ["class_names", "target_names", "classes"])
@pytest.mark.parametrize("count", [N, 5, 4, N + 5, N + 4, 9, N + 9])
def test_texts_that_are_one_a_record_of_any_parts_are_no_class_names(
    save: Any, key: str, count: int
) -> None:
    """They may be the names of persons in another part, or in all of them."""
    parts = dict(PARTS)
    where = save(**parts, **{key: np.array([f"patient{i}" for i in range(count)])})
    info = shows(taken(npz, where), RGB)
    assert info.label_names == ("0", "1") and f"array {key}" in info.passed_over
    known = save(**parts, **{key: np.array(["disc", "bar"])})
    assert shows(taken(npz, known), RGB).label_names == ("disc", "bar")


@pytest.mark.parametrize("key", ["names", "class_names", "target_names", "classes"])
def test_texts_that_are_one_a_record_are_no_class_names(save: Any, key: str) -> None:
    """They name persons, say, and would be published."""
    where = save(images=GRAY, labels=LABELS, **{key: np.array([f"Ann {i}" for i in range(N)])})
    info = shows(taken(npz, where), GRAY)
    assert info.label_names == ("0", "1") and info.passed_over == (f"array {key}",)
    two = save(images=GRAY, labels=LABELS, names=np.array(["Ann", "Bob"]))
    assert shows(taken(npz, two), GRAY).label_names == ("0", "1")


@pytest.mark.parametrize("clients", [LABELS, np.array(["ann", "bob"])[LABELS], LABELS * 1.0])
def test_clients_of_any_form(save: Any, clients: Any) -> None:
    info, table = taken(npz, save(images=GRAY, labels=LABELS, clients=clients))
    assert info.clients and used(info, table).units == 2


def test_a_missing_client_is_a_fault_of_its_record(save: Any) -> None:
    clients = np.array(["ann", "nan", "7", "7.0", "", "ann"] * 2)
    _, table = taken(npz, save(images=GRAY, labels=LABELS, clients=clients))
    assert sorted(table.faults) == [1, 4, 7, 10] and table.clients is not None
    assert table.clients[2] == table.clients[3] != table.clients[0] == table.clients[5]


def test_labels_may_be_in_a_file_of_their_own(save: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", 1 - LABELS)
    np.savez(tmp_path / "more.npz", fine=LABELS, coarse=1 - LABELS)
    where = save(images=GRAY, labels=LABELS)
    info = shows(taken(npz, where, labels="labels.npy"), GRAY, 1 - LABELS)
    assert info.options is not None and info.options.labels == "labels.npy"
    shows(taken(npz, where, labels=str(tmp_path / "more.npz") + ":coarse"), GRAY, 1 - LABELS)
    assert "coarse, fine" in refusal(npz, where, labels="more.npz").what
    assert "there is no file" in refusal(npz, where, labels="other.npy").what


def test_a_file_as_pe_writes_it_leaves_the_options_as_they_are(save: Any) -> None:
    """So the plan of a run of an earlier version is still the same."""
    info, _ = taken(npz, save(images=GRAY, labels=LABELS, label_names=np.array(["a", "b"])))
    assert info.options is not None and info.options.given() == {}


def test_options_for_other_records_are_refused(save: Any) -> None:
    where = save(images=GRAY, labels=LABELS)
    assert "--length does not apply" in refusal(npz, where, length=3).what
    where = save(series=np.zeros((N, 5, 1), np.float32), labels=LABELS)
    assert "--range does not apply" in refusal(npz, where, range=(0.0, 1.0)).what


def test_large_arrays_are_converted_block_by_block(
    save: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where records do not fit into memory, they are the same."""
    monkeypatch.setattr("pe_host.privacy.stored.most_in_memory", lambda: 100)
    monkeypatch.setattr("pe_host.privacy.records.BLOCK_BYTES", 100)
    for stored, options in (
        (RGB.transpose(0, 3, 1, 2), {}),
        (RGB.astype(np.int64), {}),
        ((RGB / 255).astype(np.float32), {"range": (0.0, 1.0)}),
        (RGB.transpose(1, 2, 3, 0), {"axes": "HWCN"}),
    ):
        shows(taken(npz, save(images=stored, labels=LABELS), **options), RGB)


def test_the_reader_keeps_its_contract(save: Any) -> None:
    (spec,) = npz.pe_readers()
    for arrays in (
        {"images": GRAY, "labels": np.eye(2)[LABELS]},
        {"x_train": RGB, "y_train": LABELS, "x_test": RGB[:2], "y_test": LABELS[:2]},
        {"images": GRAY},
    ):
        check_reader(spec, location=save(**arrays)).raise_for_failures()
    where = save(images=GRAY, labels=np.array(["a", "b"])[LABELS])
    check_reader(spec, location=where, labels=("a", "b")).raise_for_failures()
