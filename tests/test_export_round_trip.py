"""Readers read what writers write: released data can serve as input, bit for bit."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pe_host.export import check_release, write_built_in
from pe_host.export.folder_names import folder_names
from pe_host.privacy.readers import folder, npz, parquet
from pe_sdk import Feature, OutputSpec, ReaderSpec, Release


def reader(module: ModuleType) -> ReaderSpec:
    (spec,) = module.pe_readers()
    return spec


def released(channels: int, names: tuple[str, ...]):
    rng = np.random.default_rng(8)
    n = 40
    return (
        rng.integers(0, 256, (n, 7, 5, channels), dtype=np.uint8),
        rng.integers(0, len(names) - 1, n),
        names,
    )


def checked(images, labels, names) -> Release:
    return check_release(OutputSpec.image(*images.shape[1:]), images, labels, names)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "names", [("zero", "one", "two"), ("b/../a", "a b", "ünïcode", "no samples")]
)
def test_npz(tmp_path: Path, channels: int, names: tuple[str, ...]) -> None:
    images, labels, names = released(channels, names)
    location = str(write_built_in("npz", tmp_path / "d.npz", checked(images, labels, names)))
    spec = reader(npz)
    info = spec.describe(location)
    assert info.output.shape == images.shape[1:] and info.label_names == names
    table = spec.read(location, info.output, names)
    np.testing.assert_array_equal(table.data, images)
    np.testing.assert_array_equal(table.labels, labels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("names", [("zero", "one", "two"), ("b/../a", "a b", "", "no samples")])
def test_image_folder(tmp_path: Path, channels: int, names: tuple[str, ...]) -> None:
    images, labels, names = released(channels, names)
    location = str(write_built_in("imagefolder", tmp_path / "d", checked(images, labels, names)))
    spec = reader(folder)
    info = spec.describe(location)
    folders = folder_names(names)
    assert info.output.shape == images.shape[1:] and info.label_names == tuple(sorted(folders))
    table = spec.read(location, info.output, folders)
    # The reader goes class by class, in the order of the folders' names. Rows of a class stay in
    # order.
    order = np.concatenate(
        [np.flatnonzero(labels == folders.index(name)) for name in sorted(folders)]
    )
    np.testing.assert_array_equal(table.data, images[order])
    np.testing.assert_array_equal(table.labels, labels[order])


TRACES = OutputSpec.series(
    7, ["queue", Feature("delay", "ms", 0, 500), Feature("label", "%")], step=0.5, step_unit="s"
)
GRAPHS = OutputSpec("graph", (4, 4), "bool")
FRAMES = OutputSpec("frames", (3, 2, 2), "int16", (Feature("a"), Feature("b", low=-1, high=1)))


@pytest.mark.parametrize("output", [TRACES, GRAPHS, FRAMES])
@pytest.mark.parametrize(("name", "module"), [("npz", npz), ("parquet", parquet)])
@pytest.mark.parametrize("names", [("zero", "one", "two"), ("b/../a", "", "no samples")])
def test_other_records_and_their_form(
    tmp_path: Path, output: OutputSpec, name, module, names
) -> None:
    rng = np.random.default_rng(3)
    data = rng.integers(-2, 3, (20, *output.shape)).astype(output.dtype)
    labels = rng.integers(0, 2, 20)
    location = str(write_built_in(name, tmp_path / "d", check_release(output, data, labels, names)))
    spec = reader(module)
    info = spec.describe(location)
    # The whole spec: fails when units, ranges, the step or the kind are lost on the way.
    assert info.output == output and info.label_names == names
    table = spec.read(location, info.output, names)
    assert table.data.dtype == output.dtype
    np.testing.assert_array_equal(table.data, data)
    np.testing.assert_array_equal(table.labels, labels)
    turned = spec.read(location, info.output, names[::-1])
    np.testing.assert_array_equal(turned.labels, 2 - labels)
