"""The checks of `pe doctor` on the machine itself."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from pe_host.cache import cache_folder
from pe_host.commands import machine_checks
from pe_host.commands.doctor import OWN_CHECKS


def test_the_checks_are_those_that_doctor_asks_for():
    assert tuple(spec.name for spec in machine_checks.pe_doctor()) == OWN_CHECKS


def test_libraries_that_work_are_ok():
    for check in (machine_checks.torch, machine_checks.faiss, machine_checks.noise):
        (finding,) = check()
        assert finding.level == "ok", finding


def test_libraries_that_compute_wrong_are_bad(monkeypatch):
    monkeypatch.setattr("torch.nn.functional.conv2d", lambda a, b: a)
    monkeypatch.setattr("faiss.IndexFlatL2.search", lambda *_: (np.zeros((1, 2)), np.zeros((1, 2))))
    monkeypatch.setattr("pe_host.privacy.mechanism.add_noise", lambda values, scale: values)
    for check in (machine_checks.torch, machine_checks.faiss, machine_checks.noise):
        (finding,) = check()
        assert (finding.level, bool(finding.fix)) == ("bad", True)


def test_a_small_machine_is_warned_of(monkeypatch, tmp_path):
    monkeypatch.setattr(machine_checks, "free_memory", lambda: 3 * 10**8)
    monkeypatch.setattr(machine_checks, "DISK", 10**18)
    monkeypatch.setattr("sys.platform", "darwin")
    findings = {finding.name: finding for finding in machine_checks.system()}
    assert {name for name, finding in findings.items() if finding.level == "warning"} == {
        "python",
        "memory",
        "disk",
    }
    assert findings["memory"].detail == "0.3 GB available, a large run needs 1 GB"
    assert all(finding.fix for finding in findings.values() if finding.level == "warning")


@pytest.mark.parametrize(
    ("limit", "free"),
    [
        ("max", 4096 * 1024),
        ("3000000", 1_000_000),
        ("1000000", 0),
        ("9" * 15, 4096 * 1024),
        ("", None),
    ],
)
def test_memory_is_what_the_container_may_still_take(tmp_path, limit, free):
    (tmp_path / "meminfo").write_text(
        "MemTotal: 9999 kB\nMemAvailable:    4096 kB\n" if limit else ""
    )
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\nfile 7000000\n")
    assert machine_checks.free_memory(tmp_path / "meminfo", tmp_path) == free


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").touch()
    finding = machine_checks.cache(tmp_path / "file" / "pe")
    assert (finding.level, "again" in finding.detail, "XDG_CACHE_HOME" in finding.fix) == (
        "warning",
        True,
        True,
    )
    assert machine_checks.cache(tmp_path / "new" / "pe").level == "ok"
    assert list((tmp_path / "new" / "pe").iterdir()) == []


def test_a_working_folder_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch):
    assert machine_checks.working_folder(tmp_path).name == "disk"
    monkeypatch.setattr(os, "access", lambda path, mode: path != Path(tmp_path))
    assert "cannot be written" in machine_checks.working_folder(tmp_path).detail


def test_without_a_home_the_cache_is_below_the_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)

    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert cache_folder().is_relative_to(tmp_path)
    assert {finding.name for finding in machine_checks.system()} >= {"python", "cache"}


def test_a_working_folder_that_is_gone_is_a_warning(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    findings = {finding.name: finding for finding in machine_checks.system()}
    assert findings["disk"].level == "warning" and findings["disk"].fix and "cache" in findings
