"""Files of a run folder that are not what a run wrote: each is one clear error."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from pe_host.errors import DataError
from pe_host.run.folder import RunFolder, load_arrays, save_arrays


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    """Fails, by hanging, where a file is opened without a look at what it is."""
    for name in ("manifest.json", "arrays.npz"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="cannot be read"):
        RunFolder(tmp_path).read_json("manifest.json")
    with pytest.raises(DataError, match="cannot be read"):
        load_arrays(tmp_path / "arrays.npz")


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b"{", b"1" * 5_000])
def test_what_is_not_json_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        RunFolder(tmp_path).read_json("x.json")


def test_arrays_are_restored_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    stored = {"state/level": np.arange(3.0), "labels": np.arange(3), "origin": np.array("x")}
    save_arrays(path, stored)
    loaded = load_arrays(path)
    assert {name: array.tolist() for name, array in loaded.items()} == {
        name: array.tolist() for name, array in stored.items()
    }
    np.save(tmp_path / "y.npy", np.arange(3))  # one array, not an archive
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    np.savez(tmp_path / "z.npz", x=np.array([{}], object))
    (tmp_path / "cut.npz").write_bytes(path.read_bytes()[:-40])
    for name in ("y", "z", "cut"):
        with pytest.raises(DataError, match="cannot be read"):
            load_arrays(tmp_path / f"{name}.npz")


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert RunFolder(tmp_path).read_json("x.json") is None
    (tmp_path / "x.json").write_text(json.dumps({"a": 1}))
    assert RunFolder(tmp_path).read_json("x.json") == {"a": 1}
