"""A whole run from Python: the same as from the command line, behind the same walls."""

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

import pe_host as pe_api

SMALL = {
    "plugin": "echo",
    "embedding": "pixels",
    "iterations": 2,
    "candidates": 60,
    "samples": 20,
    "votes": 2,
    "workers": 1,
}


@pytest.fixture
def here(pe, monkeypatch):
    """The test process has the budget and the cache of `pe`, and works in its folder."""
    for name in ("PE_BUDGET", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, pe.environment[name])
    monkeypatch.chdir(pe.folder)
    return pe.folder


def test_a_run_from_python_is_that_of_the_command_line(pe, here, digits):
    """At ε = inf there is no noise, so that two runs can be compared bit for bit."""
    run = pe_api.generate(**SMALL, data=digits, epsilon=float("inf"), out="one", progress=False)
    words = [f"--{name}={value}" for name, value in SMALL.items()]
    done = pe("generate", *words, "--data", digits, "--epsilon", "inf", "--out", "two")
    assert done.returncode == 0, done.stderr
    manifests = [json.loads((here / name / "manifest.json").read_text()) for name in ("one", "two")]
    assert manifests[0]["release_digest"] == manifests[1]["release_digest"]
    configs = [(here / name / "config.toml").read_text() for name in ("one", "two")]
    assert configs[0] == configs[1]
    assert run.epsilon == float("inf") and run.card == "" and run.report.exists()


def test_given_the_same_histograms_both_release_the_same(pe, here, digits):
    """The noise of two runs differs, and at this ε the releases do. Everything else is the same: a
    run of the command line, given the noisy votes of one from Python, has its release bit for bit.
    """
    settings = {**SMALL, "class_shares": "uniform", "public_size": 400}
    settings |= {"epsilon": 0.1, "data": digits}
    run = pe_api.generate(**settings, out="one", progress=False)
    words = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    done = pe("generate", *words, "--out", "two")
    assert done.returncode == 0, done.stderr
    one, two = (json.loads((here / name / "manifest.json").read_text()) for name in ("one", "two"))
    assert one["plan_digest"] == two["plan_digest"] and one["schedule"] == two["schedule"]
    assert one["release_digest"] != two["release_digest"]
    for votes in (here / "one/iterations").glob("*/votes.*"):
        shutil.copy(votes, here / "two" / votes.relative_to(here / "one"))
    done = pe("samples", "two", "--n", SMALL["samples"], "--out", "same.npz")
    assert done.returncode == 0, done.stderr
    with np.load(here / "same.npz") as same:
        np.testing.assert_array_equal(same["images"], run.samples().data[..., 0])
        np.testing.assert_array_equal(same["labels"], run.samples().labels)
    done = pe("replay", "one")
    assert done.returncode == 0 and "the same 20 samples" in done.stdout, done.stderr


@pytest.mark.slow
def test_what_a_run_offers(pe, here, finished):
    run = pe_api.open_run("run")
    release = run.samples()
    with np.load(finished.run / "release/samples.npz") as stored:
        np.testing.assert_array_equal(release.data[..., 0], stored["images"])
        assert list(release.label_names) == stored["label_names"].tolist()
    assert run.epsilon == run.plan.epsilon == 4
    assert run.card.startswith("---") and run.report.name == "report.html"
    assert len(run.samples(100).labels) == 100
    assert run.replay() is True
    assert run.export("imagefolder", here / "pictures").is_dir()
    assert "report.html" in run._repr_html_()


def test_a_run_is_continued(pe, here, finished, capfd):
    again = pe_api.open_run("run").continued(epsilon=1, out="next", iterations=1)
    assert again.plan.epsilon == 1 and again.plan.rounds == 1 and 4 < again.epsilon < 5
    assert "iteration 1" in capfd.readouterr().err
    config = (here / "next/config.toml").read_text()
    assert "candidates = 120" in config  # as the run that it starts from


def test_errors_are_exceptions_of_their_kind(pe, here, finished, digits):
    with pytest.raises(pe_api.PrivacyRefusal, match="no privacy budget was given") as caught:
        pe_api.generate(**SMALL, data=digits, progress=False)
    assert "--epsilon" in caught.value.fix
    with pytest.raises(pe_api.DataError, match="no such file or folder"):
        pe_api.inspect("nowhere.npz")
    with pytest.raises(pe_api.UsageError, match="unknown format"):
        pe_api.open_run("run").export("tiff", "x")
    shutil.rmtree(finished.run / "iterations")
    with pytest.raises(pe_api.DataError):
        pe_api.open_run("run").samples(10)
    with pytest.raises(pe_api.DataError, match="not a run"):
        pe_api.open_run("pictures")


def test_the_data_loader_of_the_page(here, finished, capsys):
    page = (Path(__file__).parents[1] / "docs/after-the-run.md").read_text()
    code = re.search(r"DataLoader`.*?```python\n(.*?)```", page, re.DOTALL).group(1)
    exec(code, {})  # the lines of the page, in the folder of the run
    assert "torch.Size([40, 1, 8, 8]) torch.Size([40])" in capsys.readouterr().out


def test_a_source_is_inspected(here, digits):
    found = pe_api.inspect(digits)
    assert found["reader"].startswith("reader 'npz'") and found["unit"] == "record"


def test_arguments_rank_above_variables(pe, here, digits, monkeypatch):
    """Fails if a variable reaches the run: it would then spend another ε than the call says."""
    for name, value in {"EPSILON": "8", "ITERATIONS": "3", "SAMPLES": "44", "SEED": "5"}.items():
        monkeypatch.setenv(f"PE_{name}", value)
    run = pe_api.generate(
        **{**SMALL, "samples": 40}, data=digits, epsilon=1, out="one", progress=False
    )
    assert (run.epsilon, run.plan.rounds, len(run.samples().labels)) == (1, 2, 40)
    assert "seed = 0" in (run.path / "config.toml").read_text()
    more = run.continued(epsilon=0.5, iterations=1, out="two", progress=False)
    assert (more.plan.epsilon, more.plan.rounds) == (0.5, 1)


def test_inspect_reads_its_own_variables_only(pe, here, digits, monkeypatch):
    """Fails if `pe inspect` passes them over: what is shown is then not what a run would read."""
    monkeypatch.setenv("PE_CLASSES", "night,day")
    assert pe_api.inspect(digits)["classes"] != ["night", "day"]
    found = pe_api.inspect(digits, classes=["a", "b"])
    assert (found["classes"], found["classes_from"]) == (["a", "b"], "classes")
    variables = {"PE_CLASSES": "night,day", "PE_EPSILON": "abc"}
    there = replace(pe, environment={**pe.environment, **variables})
    done = there("inspect", digits, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["classes"], found["classes_from"]) == (["night", "day"], "PE_CLASSES")
    assert "night, day (PE_CLASSES)" in there("inspect", digits).stdout
    there = replace(pe, environment={**pe.environment, "PE_SIZE": "wide"})
    done = there("inspect", digits)
    assert done.returncode == 5 and "PE_SIZE: got 'wide'" in done.stderr, done.stderr


def test_a_name_that_looks_like_an_option_is_a_name(pe, here, finished, digits):
    shutil.copy(digits, here / "-x.npz")
    assert pe_api.inspect("-x.npz")["source"].endswith("/-x.npz")
    with pytest.raises(pe_api.DataError, match="--help: there is no such file or folder"):
        pe_api.inspect("--help")
    finished.run.rename(here / "-dash")
    run = pe_api.open_run("-dash")
    assert run.export("npz", "-out.npz") == Path("-out.npz")
    assert (here / "-out.npz").exists() and run.replay()
    assert len(run.samples(50).labels) == 50
    assert run.continued(epsilon=1, iterations=1, out="-next", progress=False).epsilon > 4


def test_values_are_checked_as_those_of_settings(pe, here, finished):
    run = pe_api.open_run("run")
    with pytest.raises(pe_api.PrivacyRefusal, match="no privacy budget was given"):
        run.continued(epsilon=None)
    with pytest.raises(pe_api.DataError, match="epsilon: got 'much'"):
        run.continued(epsilon="much")
    for n in ("a", 0, 2.5):
        with pytest.raises(pe_api.UsageError, match=f"n: got {n!r}, expected a whole") as caught:
            run.samples(n)
        assert "over all classes" in caught.value.fix
    assert len(run.samples(np.int64(41)).labels) == 41
    with pytest.raises(pe_api.DataError, match="NUL"):
        run.export("npz", "a\0b")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc shows the command line of a process")
def test_private_names_are_on_no_command_line_and_in_no_file(here, digits, monkeypatch):
    """Fails if they are: others see command lines, and a killed caller leaves its files."""
    (here / "tmp").mkdir()
    seen = []

    class Watched(subprocess.Popen):
        def __init__(self, words, **options):
            seen.extend([*words, *(here / "tmp").iterdir()])
            super().__init__(words, **options)

    monkeypatch.setenv("TMPDIR", str(here / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("subprocess.Popen", Watched)
    assert pe_api.inspect(digits, classes=["a", "b"])["classes"] == ["a", "b"]
    pe_api.generate(**SMALL, data=digits, epsilon=1, out="one", progress=False)
    assert seen and all("pe-" not in str(word) and "npz" not in str(word) for word in seen)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel reports the end of a caller")
def test_a_command_ends_with_the_process_that_called_it(here, monkeypatch):
    """Fails without the signal: the command then waits for its plugin, whoever has gone."""
    (here / "slow_plugin.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(here))
    monkeypatch.setenv("PE_DEV_PLUGIN", "reader/slow=slow_plugin:make")
    code = "from pe_host.api.process import call; call(['describe', 'slow'], progress=False)"
    with subprocess.Popen([sys.executable, "-c", code]) as caller:
        watched = psutil.Process(caller.pid)
        while len(below := watched.children(recursive=True)) < 3:  # command, warden, plugin
            assert caller.poll() is None
            time.sleep(0.05)
        caller.kill()
    try:
        _, alive = psutil.wait_procs(below, timeout=60)
        assert alive == []
    finally:
        for process in below:
            if process.is_running():
                process.kill()
