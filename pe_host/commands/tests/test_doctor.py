"""`pe doctor` over installed distributions, as a person runs it."""

import json
import os
import subprocess
import sys

import pytest

from pe_host.commands.doctor import Diagnosis, DoctorFinding
from pe_host.errors import PluginFailure
from pe_host.plugins import PluginRef, resolve_any
from pe_host.plugins.find import PluginEntry
from pe_host.plugins.isolated import diagnose

CHECK = """
from pe_sdk import DoctorSpec, Finding, hookimpl

def check():
    print("noise on stdout")
    {body}

@hookimpl
def pe_doctor():
    return [DoctorSpec({name!r}, "a check", check)]
"""

BODIES = {
    "good": "return [Finding('driver', 'ok', 'version 7')]",
    "limps": (
        "return [Finding('egl', 'warning', 'no device\\x1b[31m', 'get a driver'), "
        "Finding('numba', 'ok', 'works')]"
    ),
    "bad": "yield Finding('driver', 'bad', 'too old', 'get a newer one')",
    "raises": "raise OSError('libEGL is nowhere')",
    "exits": "raise SystemExit(0)",
    "ends": "import os; os._exit(0)",
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "odd": "return [Finding('driver', True, '')]",
    "other": "return ['fine']",
    "silent": "return []",
    "hangs": "import time; time.sleep(600)",
}

FAILURES = {
    "raises": "failed: OSError: libEGL is nowhere",
    "exits": "it tried to end the process",
    "ends": "ended with code 0 without an answer",
    "crashes": "killed by signal 11",
    "odd": "one of ok, warning, bad, got True",
    "other": "returned str, not Finding",
    "silent": "returned no finding",
}


@pytest.fixture
def site(install):
    """Returns a function that writes distributions with these checks, and returns their folder."""

    def make(*names):
        for name in names:
            source = CHECK.format(name=name, body=BODIES[name])
            module = f"doctor_{name}"
            root = install(
                f"pe-plugin-{name}", {name: module}, modules={module: source}, group="pe.doctor"
            )
        return root

    return make


def path_with(root):
    return os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])


def doctor(root, *arguments, **more):
    environment = {**os.environ, "PYTHONPATH": path_with(root), **more}
    command = [sys.executable, "-P", "-m", "pe_host", "doctor", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def ref(name):
    return PluginRef("doctor", name, f"doctor_{name}", f"pe-plugin-{name}", "1.0")


def test_a_check_that_fails_in_any_way_is_an_answer_with_the_reason(site, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", path_with(site(*FAILURES)))
    outcomes = diagnose([ref(name) for name in FAILURES], 60)
    for (name, reason), outcome in zip(FAILURES.items(), outcomes, strict=True):
        assert isinstance(outcome, PluginFailure), name
        assert reason in outcome.what


def test_a_check_that_hangs_ends_at_the_limit(site, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", path_with(site("hangs")))
    (outcome,) = diagnose([ref("hangs")], 2)
    assert isinstance(outcome, PluginFailure) and outcome.what == "gave no answer within 2 s"


@pytest.mark.slow
def test_what_works_and_what_may_be_missing_ends_with_0(site):
    done = doctor(site("good", "limps"), PE_PLUGINS="good,limps")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    rows = {" ".join(line.split()) for line in lines}
    assert "ok good: driver version 7" in rows
    assert "ok limps: numba works" in rows
    assert "ok reader npz pe-host 1.0.0" in rows
    at = next(i for i, line in enumerate(lines) if line.startswith("warning  limps: egl "))
    assert lines[at].endswith("  no device[31m")
    assert lines[at + 1].strip() == "next: get a driver"
    detail = lines[at].index("no device")
    assert lines[at + 1].index("next:") == detail
    assert {line[detail - 2 : detail] for line in lines} == {"  "}
    assert "noise on stdout" not in done.stdout


@pytest.mark.slow
def test_a_plugin_that_does_not_work_here_ends_with_3_and_all_else_is_told(
    site, install, light_torch
):
    root = light_torch(site("bad", "crashes", "good"))
    install(
        "pe-plugin-broken",
        {"broken": "doctor_broken"},
        modules={"doctor_broken": "raise SystemExit('no licence')"},
    )
    install("pe-plugin-old", {"old": "m"}, requires=("pe-sdk>=2",), group="pe.doctor")
    done = doctor(root, "--json", PE_PLUGINS="bad,crashes,good,broken,old")
    assert (done.returncode, done.stderr) == (3, "")
    document = json.loads(done.stdout)
    assert document["ok"] is False
    found = {finding["name"]: finding for finding in document["findings"]}
    expected = {
        "about": "check",
        "name": "bad: driver",
        "level": "bad",
        "detail": "too old",
        "fix": "get a newer one",
    }
    assert found["bad: driver"] == expected
    for name, reason in {
        "crashes": "signal 11",
        "generator broken": "no licence",
        "doctor old": "needs pe-sdk",
    }.items():
        assert found[name]["level"] == "bad"
        assert reason in found[name]["detail"] and found[name]["fix"]
    assert {found[name]["level"] for name in ("good: driver", "noise", "generator echo")} == {"ok"}
    assert "disabled" in found["generator text-render"]["detail"]


@pytest.mark.slow
def test_a_library_of_the_host_that_crashes_is_told_of_and_ends_with_5(tmp_path, light_torch):
    light_torch(tmp_path)
    (tmp_path / "faiss.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    done = doctor(tmp_path, "--json", PE_PLUGINS="none")
    assert (done.returncode, done.stderr) == (5, "")
    bad = {
        finding["name"]: finding
        for finding in json.loads(done.stdout)["findings"]
        if finding["level"] != "ok"
    }
    assert list(bad) == ["faiss"]
    assert "signal 11" in bad["faiss"]["detail"] and bad["faiss"]["fix"]


def test_only_what_is_bad_changes_the_exit_code():
    def code(*findings):
        made = (DoctorFinding(about, "x", level, "") for about, level in findings)
        return Diagnosis(tuple(made)).exit_code

    assert (
        code(("host", "ok"), ("check", "warning"), ("plugin", "warning"), ("host", "warning")) == 0
    )
    assert code(("host", "ok"), ("check", "bad")) == code(("plugin", "bad")) == 3
    assert code(("host", "bad"), ("plugin", "bad")) == 5


def test_a_check_does_not_stand_in_the_way_of_the_plugin_it_is_named_after():
    plugins = [PluginEntry("x", kind, "d", "1", "", "m") for kind in ("generator", "doctor")]
    assert resolve_any("x", plugins=plugins).kind == "generator"
    assert resolve_any("x", "doctor", plugins).kind == "doctor"
    assert resolve_any("x", plugins=plugins[1:]).kind == "doctor"


@pytest.mark.slow
def test_checks_are_listed_and_described_as_plugins_are(site):
    environment = {**os.environ, "PYTHONPATH": path_with(site("good")), "PE_PLUGINS": "good"}

    def pe(*words):
        command = [sys.executable, "-P", "-m", "pe_host", *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    plugins = json.loads(pe("list-plugins", "--check", "--json").stdout)["plugins"]
    (own,) = [plugin for plugin in plugins if plugin["name"] == "good"]
    assert (own["kind"], own["state"], own["summary"]) == ("doctor", "ok", "a check")
    assert "doctor of pe-plugin-good 1.0" in pe("describe", "good").stdout
    refused = pe("describe", "good", "--set", "a=b")
    assert (refused.returncode, "a doctor has no options" in refused.stderr) == (2, True)
