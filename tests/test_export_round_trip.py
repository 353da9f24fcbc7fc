"""What the writers write, the readers read: released data can serve as input, bit for bit."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pe_host.export import write_image_folder, write_npz
from pe_host.export.folder_names import folder_names
from pe_host.privacy.readers import folder, npz
from pe_sdk import ReaderSpec


def reader(module: ModuleType) -> ReaderSpec:
    (spec,) = module.pe_readers()
    return spec


def released(channels: int, names: tuple[str, ...]):
    rng = np.random.default_rng(8)
    n = 40
    return rng.integers(0, 256, (n, 7, 5, channels), dtype=np.uint8), rng.integers(0, len(names) - 1, n), names


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("names", [("zero", "one", "two"), ("b/../a", "a b", "ünïcode", "no samples")])
def test_npz(tmp_path: Path, channels: int, names: tuple[str, ...]) -> None:
    images, labels, names = released(channels, names)
    location = str(write_npz(tmp_path / "d.npz", images, labels, names))
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
    location = str(write_image_folder(tmp_path / "d", images, labels, names))
    spec = reader(folder)
    info = spec.describe(location)
    folders = folder_names(names)
    assert info.output.shape == images.shape[1:] and info.label_names == tuple(sorted(folders))
    table = spec.read(location, info.output, folders)
    # The reader goes class by class, in the order of the folders' names; rows stay in order within a class.
    order = np.concatenate([np.flatnonzero(labels == folders.index(name)) for name in sorted(folders)])
    np.testing.assert_array_equal(table.data, images[order])
    np.testing.assert_array_equal(table.labels, labels[order])
