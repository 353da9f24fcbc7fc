"""Who else on the machine may read a run: nobody, what must not be published."""

import os
import stat
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pe_host.durable import atomic_path, make_private_folder, owner_only, restrict


@contextmanager
def open_umask():
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): mode(p) for p in [folder, *folder.rglob("*")]}


def others(found: dict[str, int]) -> dict[str, str]:
    """What others than the owner may do anything with."""
    return {name: oct(bits) for name, bits in found.items() if bits & 0o077}


@pytest.fixture
def umask(pe):
    """`pe` with a umask that denies nothing."""
    return replace(pe, umask=0)


def test_internal_is_for_the_owner_only_whatever_the_umask(umask, digits):
    pe, run = umask, umask.folder / "run"
    done = pe("generate", *pe.small, "--data", digits, "--out", "run")
    assert done.returncode == 0, done.stderr
    internal = modes(run / "internal")
    assert {"log.txt", "report.html"} <= internal.keys() and not others(internal)
    assert mode(run / "internal") == 0o700 and mode(run / "internal/log.txt") == 0o600
    release = modes(run / "release")
    assert others(release), "what may be published has the modes that the umask gives"
    for path in (run / "internal").iterdir():
        path.chmod(0o644)
    (run / "internal").chmod(0o755)
    assert pe("report", "run").returncode == 0
    assert mode(run / "internal") == 0o700 and mode(run / "internal/report.html") == 0o600


def test_all_of_a_run_that_is_not_private_is_for_the_owner_only(umask, digits):
    pe, run = umask, umask.folder / "run"
    words = ["generate", *pe.small, "--data", digits, "--epsilon", "inf", "--out", "run"]
    done = pe(*words)
    assert done.returncode == 0, done.stderr
    found = modes(run)
    assert "internal/samples.npz" in found and "iterations/001/votes.npy" in found
    assert not others(found)
    for path in [run, *run.rglob("*")]:  # a run of an earlier version
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert pe(*words, "--resume").returncode == 0
    assert not others(modes(run))


def test_the_evaluation_of_public_data_is_for_the_owner_only(umask):
    pe = umask
    done = pe("generate", *pe.small, "--data", "sklearn:digits", "--out", "run")
    assert done.returncode == 0, done.stderr
    internal = modes(pe.folder / "run/internal")
    assert "evaluation.json" in internal and not others(internal)


def test_a_private_file_is_never_open_to_others_while_it_is_written(tmp_path):
    path = tmp_path / "internal/file"
    with open_umask(), atomic_path(path, private=True) as temporary:
        temporary.write_bytes(b"x")
        assert mode(temporary) == 0o600 and mode(temporary.parent) == 0o700
    assert mode(path) == 0o600 and path.read_bytes() == b"x"


def test_the_umask_is_as_before(tmp_path):
    with open_umask():
        with pytest.raises(KeyError), owner_only():
            raise KeyError
        (tmp_path / "file").touch()
        assert mode(tmp_path / "file") == 0o666
        make_private_folder(tmp_path / "folder")
        (tmp_path / "folder/file").touch()
        assert mode(tmp_path / "folder") == 0o700 and mode(tmp_path / "folder/file") == 0o666
        restrict(tmp_path / "folder")
        assert mode(tmp_path / "folder/file") == 0o600


def test_restricting_follows_no_link(tmp_path):
    with open_umask():
        (tmp_path / "outside").touch()
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/link").symlink_to("../outside")
        restrict(tmp_path / "folder")
        assert mode(tmp_path / "outside") == 0o666


def test_restricting_passes_over_what_is_gone_meanwhile(tmp_path, monkeypatch):
    """Another process removes an entry after it was listed."""
    (tmp_path / "folder/inner").mkdir(parents=True)
    (tmp_path / "folder/file").touch()
    real = Path.iterdir

    def listed(path):
        if path.name == "inner":
            raise FileNotFoundError(2, "No such file or directory")
        return [path / "gone", *real(path)]

    monkeypatch.setattr(Path, "iterdir", listed)
    with open_umask():
        restrict(tmp_path / "folder")
    assert mode(tmp_path / "folder/file") == 0o600
