"""Runs on records that are too many for memory. Here a kilobyte is too much."""

import gzip
import json
import struct
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ON_DISK = {"pe_host.privacy.stored.most_in_memory": 1000}
NO_ROOM = {**ON_DISK, "pe_host.privacy.scratch_array.room_in": 0}
NO_NOISE = ("--epsilon", "inf", "--delta", "1e-6", "--seed", "3")


def _stored(path: Path, images, labels) -> Path:
    np.savez(path / "x.npz", images=images, labels=labels, label_names=np.array(["dark", "light"]))
    return path / "x.npz"


def _compressed(path: Path, images, labels) -> Path:
    names = np.array(["dark", "light"])
    np.savez_compressed(path / "x.npz", images=images, labels=labels, label_names=names)
    return path / "x.npz"


def _folder(path: Path, images, labels) -> Path:
    for number, (picture, label) in enumerate(zip(images, labels, strict=True)):
        place = path / "x" / ("dark", "light")[label] / f"{number:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place)
    return path / "x"


def _idx(path: Path, images, labels) -> Path:
    (path / "x").mkdir()
    for kind, array in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
        head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        content = gzip.compress(head + array.tobytes())
        (path / "x" / f"train-{kind}-ubyte.gz").write_bytes(content)
    return path / "x"


@pytest.fixture
def pictures(digits) -> tuple:
    with np.load(digits) as stored:
        return stored["images"], stored["labels"]


def _digest(pe, out: str, *words: object) -> str:
    done = pe("generate", *pe.small, *NO_NOISE, *words, "--out", out)
    assert done.returncode == 0, done.stderr
    return json.loads((pe.folder / out / "manifest.json").read_text())["release_digest"]


@pytest.mark.parametrize("write", [_stored, _compressed, _folder, _idx])
@pytest.mark.parametrize("drop", [False, True])
def test_a_run_is_the_same_in_memory_and_on_disk(pe, pictures, write, drop):
    images, labels = pictures
    if drop and write in (_stored, _compressed):
        labels = np.where(np.arange(len(labels)) % 7, labels, 9)
    data = write(pe.folder, images, labels)
    if drop and write is _folder:
        (data / "dark" / "000.png").write_bytes(b"no picture")
    if drop and write is _idx:
        pytest.skip("a label of this format has no name beyond those declared")
    words = ["--data", data, *(["--bad-records", "drop", "--labels-from", "0"] if drop else [])]
    on_disk = replace(pe, returns=ON_DISK)
    assert _digest(pe, "small", *words) == _digest(on_disk, "large", *words)


def test_a_run_without_room_for_vectors_is_the_same(pe, pictures):
    """They are made again in each iteration; the records of this file stay where they are."""
    data = _stored(pe.folder, *pictures)
    cramped = replace(pe, returns=NO_ROOM)
    assert _digest(pe, "small", "--data", data) == _digest(cramped, "large", "--data", data)


def test_a_full_disk_is_one_error_and_nothing_is_spent(pe, pictures):
    data = _compressed(pe.folder, *pictures)
    environment = {**pe.environment, "PE_BUDGET": str(pe.folder / "budget")}
    cramped = replace(pe, environment=environment, returns=NO_ROOM)
    done = cramped("generate", *pe.small, "--data", data, "--out", "run")
    assert done.returncode == 5, done.stderr
    assert "the disk for temporary files has 0.0 GiB to spare" in done.stderr
    assert "next: set TMPDIR" in done.stderr and done.stderr.count("error: ") == 1
    assert not (pe.folder / "run").exists()
    assert "no run on these data" in cramped("budget", "history", data).stdout


def test_no_record_is_left_after_a_kill(pe, pictures):
    scratch = pe.folder / "scratch"
    scratch.mkdir()
    data = _compressed(pe.folder, *pictures)
    private = pictures[0][0].tobytes()
    environment = {**pe.environment, "TMPDIR": str(scratch)}
    killed = replace(pe.cold(), environment=environment, returns=ON_DISK)
    done = killed("generate", *pe.small, "--data", data, "--out", "run", kill_at_write=25)
    assert done.returncode == -9 and (pe.folder / "run/ledger.jsonl").exists(), done.stderr
    deadline = time.monotonic() + 60
    while any(scratch.iterdir()) and time.monotonic() < deadline:  # the janitor
        time.sleep(0.05)
    assert not any(scratch.iterdir())
    for path in (pe.folder / "run").rglob("*"):
        assert not path.is_file() or private not in path.read_bytes()
