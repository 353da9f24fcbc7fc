import os
from pathlib import Path

import numpy as np
import pytest

from pe_host.errors import DataError
from pe_host.privacy.store import FileStore


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    assert store.load("iterations/001/votes") is None
    store.save("iterations/001/votes", np.array([3, -1]), {"plan": "x"})
    loaded = FileStore(tmp_path).load("iterations/001/votes")
    assert loaded is not None and loaded[0].tolist() == [3, -1] and loaded[1] == {"plan": "x"}


def test_fault_11_a_save_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the reference a kill or a full disk during a save destroys the last good checkpoint."""
    store = FileStore(tmp_path)
    store.save("votes", np.array([1]), {})
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(DataError, match="space"):
        store.save("votes", np.array([2]), {})
    loaded = store.load("votes")
    assert loaded is not None and loaded[0].tolist() == [1]


def test_without_its_array_nothing_is_stored(tmp_path: Path) -> None:
    FileStore(tmp_path).save("votes", np.array([1]), {})
    (tmp_path / "votes.npy").unlink()
    assert FileStore(tmp_path).load("votes") is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"junk" * 40])
def test_a_damaged_histogram_is_an_error(tmp_path: Path, content: bytes) -> None:
    store = FileStore(tmp_path)
    store.save("votes", np.array([1]), {})
    (tmp_path / "votes.npy").write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        store.load("votes")


def test_a_pickled_histogram_is_not_run(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.save("votes", np.array([1]), {})
    np.save(tmp_path / "votes.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError):
        store.load("votes")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    for missing in (".npy", ".json"):
        store = FileStore(tmp_path)
        store.save("votes", np.array([1]), {})
        (tmp_path / f"votes{missing}").unlink()
        os.mkfifo(tmp_path / f"votes{missing}")
        with pytest.raises(DataError, match="damaged"):
            store.load("votes")
        (tmp_path / f"votes{missing}").unlink()


def test_a_document_that_is_nested_too_deeply_is_an_error(tmp_path: Path) -> None:
    FileStore(tmp_path).save("votes", np.array([1]), {})
    (tmp_path / "votes.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="damaged"):
        FileStore(tmp_path).load("votes")
