import gzip
import io
import resource
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.formats import archives
from pe_host.formats.archives import ArchiveError, open_archive
from pe_host.formats.tests.test_archives import header
from pe_host.privacy import stored
from pe_host.privacy.records import BLOCK_BYTES
from pe_host.privacy.scratch_array import FileArray, ScratchArray
from pe_host.privacy.stored import (
    TooShort,
    most_in_memory,
    new_records,
    records_in_archive,
    records_in_file,
    records_in_npy,
    records_in_stream,
)
from pe_sdk import SourceError

VALUES = np.random.default_rng(1).integers(0, 2**16, (3000, 32, 32), np.uint16)
"""6 MB: more than a block."""

assert VALUES.nbytes > BLOCK_BYTES


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "most_in_memory", lambda: 1_000_000)


def test_a_machine_keeps_a_gibibyte_or_an_eighth_of_its_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for half, most in ((64 << 30, 1 << 30), (2 << 30, 512 << 20)):
        monkeypatch.setattr(stored, "most_bytes", lambda half=half: half)
        assert most_in_memory() == most


def test_records_are_in_memory_if_they_are_few_else_on_disk(small_memory: None) -> None:
    few, many = new_records(1000, (1000,), np.uint8), new_records(1001, (1000,), np.uint8)
    assert isinstance(few, np.ndarray) and isinstance(many, ScratchArray)
    assert not few.any() and not many[:].any()


def _archive(path: Path, method: int = zipfile.ZIP_STORED, array: Any = VALUES) -> Path:
    path.write_bytes(b"whatever a program puts before an archive")
    with zipfile.ZipFile(path, "a", method) as archive:
        for name, values in (("labels", np.zeros(3000, int)), ("images", array), ("z", VALUES[:2])):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, values)
    return path


def _read(path: Path) -> Any:
    with path.open("rb") as file, open_archive(file) as archive:
        return records_in_archive(archive, "images", str(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_array_of_an_archive_is_the_same_in_memory_and_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    path = _archive(tmp_path / "x.npz", method)
    small = _read(path)
    monkeypatch.setattr(stored, "most_in_memory", lambda: 1_000_000)
    monkeypatch.setattr(archives, "most_bytes", lambda: 2_000_000)
    large = _read(path)
    assert type(small) is np.ndarray and np.array_equal(small, VALUES)
    expected = FileArray if method == zipfile.ZIP_STORED else ScratchArray
    assert type(large) is expected and np.array_equal(large[:], VALUES)


def test_what_numpy_writes_is_read_in_place(tmp_path: Path, small_memory: None) -> None:
    np.savez(tmp_path / "x.npz", images=VALUES, labels=np.zeros(3000))
    found = _read(tmp_path / "x.npz")
    assert type(found) is FileArray and np.array_equal(found[:], VALUES)


def test_an_array_in_fortran_order_must_fit_into_memory(
    tmp_path: Path, small_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _archive(tmp_path / "x.npz", array=np.asfortranarray(VALUES))
    found = _read(path)
    assert type(found) is np.ndarray and np.array_equal(found, VALUES)
    monkeypatch.setattr(archives, "most_bytes", lambda: 2_000_000)
    with pytest.raises(ArchiveError, match="more than half of this machine's memory"):
        _read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_is_found_before_a_record_is_used(
    tmp_path: Path, small_memory: None, method: int
) -> None:
    path = _archive(tmp_path / "x.npz", method)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="'images' cannot be read"):
        _read(path)


def test_a_short_stream_is_an_error_and_takes_no_memory() -> None:
    """A header can announce anything: 4 GiB, of which there are some bytes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooShort):
        records_in_stream(io.BytesIO(bytes(10_000)), (1 << 20, 1 << 12), np.uint8, "x")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16, "KiB"


def test_a_stream_is_the_same_in_memory_and_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(VALUES.tobytes(), 1)
    found = []
    for most in (1 << 30, 1_000_000):
        monkeypatch.setattr(stored, "most_in_memory", lambda most=most: most)
        with gzip.open(io.BytesIO(content)) as stream:
            found.append(records_in_stream(stream, VALUES.shape, VALUES.dtype, "x"))
    assert type(found[0]) is np.ndarray and type(found[1]) is ScratchArray
    assert all(np.array_equal(records[:], VALUES) for records in found)


def test_a_file_shorter_than_its_records_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(VALUES.tobytes()[:-1])
    for most in (VALUES.nbytes, 0):
        with pytest.MonkeyPatch.context() as patch, (tmp_path / "x").open("rb") as file:
            patch.setattr(stored, "most_in_memory", lambda most=most: most)
            with pytest.raises(SourceError, match="is shorter"):
                records_in_file(file, 0, VALUES.shape, VALUES.dtype, "x")


def test_an_npy_file_is_read_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "c.npy", VALUES)
    np.save(tmp_path / "f.npy", np.asfortranarray(VALUES))
    for most, kinds in ((1 << 30, (np.ndarray, np.ndarray)), (1000, (FileArray, np.ndarray))):
        monkeypatch.setattr(stored, "most_in_memory", lambda most=most: most)
        for name, kind in zip("cf", kinds, strict=True):
            with (tmp_path / f"{name}.npy").open("rb") as file:
                found = records_in_npy(file, name)
            assert type(found) is kind and np.array_equal(found[:], VALUES)
    monkeypatch.setattr(stored, "most_bytes", lambda: 1000)
    with (tmp_path / "f.npy").open("rb") as file, pytest.raises(SourceError, match="Fortran"):
        records_in_npy(file, "f")


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, header((3,)) + b"ab", header((3,)) + b"abcd", header((1,), "|O")]
)
def test_what_is_no_npy_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with (tmp_path / "x.npy").open("rb") as file, pytest.raises(ValueError):
        records_in_npy(file, "x")
