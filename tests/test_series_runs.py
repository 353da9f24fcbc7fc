"""Whole runs on records that are not images.

They use a third party's simulator of series, series in npz and Parquet, and a custom kind.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from pe_host.privacy.readers import parquet
from pe_sdk import Feature, OutputSpec

PLUGIN = '''
import numpy as np
from pe_sdk import (
    CannotMake,
    Feature,
    Float,
    GeneratorSpec,
    NoOptions,
    OutputSpec,
    ParameterSpace,
    Simulator,
    hookimpl,
    random,
)

FEATURES = [Feature("level", "mV", -4, 4), Feature("count")]
OUTPUT = OutputSpec.series(32, FEATURES, step=10, step_unit="ms")
GRAPH = OutputSpec("graph", (6, 6), "bool")


class Waves(Simulator):
    """Waves of some period and height; the second feature counts their upward steps."""

    space = ParameterSpace({"period": Float(4, 20), "height": Float(0.2, 3)})

    def __init__(self, output, labels, options):
        if output.kind != "series" or output.shape[1] != 2:
            raise CannotMake(
                f"waves are series of two features, not {output.kind} {list(output.shape)}"
            )
        self.output = output

    def render(self, params, labels, seeds):
        time = np.arange(self.output.shape[0]) + 40 * random.uniforms(seeds, "start")[:, None]
        wave = params["height"][:, None] * np.sin(2 * np.pi * time / params["period"][:, None])
        count = np.cumsum(np.diff(wave, axis=1, prepend=wave[:, :1]) > 0, axis=1)
        return np.stack([wave + labels[:, None], count], axis=2).astype(np.float32)


class Graphs(Simulator):
    """Random graphs of some density: a kind that the host has never heard of."""

    space = ParameterSpace({"density": Float(0.05, 0.95)})

    def __init__(self, output, labels, options):
        if output.kind != "graph":
            raise CannotMake("graphs only")
        self.output = output

    def render(self, params, labels, seeds):
        n = self.output.shape[0]
        edges = random.uniforms(seeds, "edges", size=n * n).reshape(-1, n, n)
        return edges < params["density"][:, None, None]


@hookimpl
def pe_generators():
    return [
        GeneratorSpec(
            "waves", "waves and their upward steps", Waves, labels=("low", "high"), output=OUTPUT
        ),
        GeneratorSpec("graphs", "random graphs", Graphs, labels=("a",), output=GRAPH),
    ]
'''
SMALL = (
    *("--iterations", 3, "--candidates", 400, "--samples", 120, "--votes", 4),
    *("--epsilon", 20, "--workers", 1),
)
NET = [
    word
    for pair in ("width=8", "dim=16", "steps=150", "again=40")
    for word in ("--embedding-options", pair)
]


@pytest.fixture(scope="module")
def pe(tmp_path_factory, pe_in, torch_server):
    """Runs `pe` with the plugin of a third party."""
    folder = tmp_path_factory.mktemp("series")
    (folder / "strangers_waves.py").write_text(PLUGIN)
    return replace(pe_in(folder), server=torch_server).with_plugin("waves=strangers_waves")


def series(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Private waves with periods of about 6 and heights of about 2.5, in two classes."""
    rng = np.random.default_rng(5)
    labels = np.arange(n) % 2
    time = np.arange(32) + 40 * rng.random((n, 1))
    wave = rng.normal(2.5, 0.1, (n, 1)) * np.sin(2 * np.pi * time / rng.normal(6, 0.2, (n, 1)))
    count = np.cumsum(np.diff(wave, axis=1, prepend=wave[:, :1]) > 0, axis=1)
    return np.stack([wave + labels[:, None], count], axis=2).astype(np.float32), labels


def spread_of(data: np.ndarray) -> float:
    return float(np.median(data[..., 0].std(axis=1)))


@pytest.fixture(scope="module")
def run(pe):
    """A finished run on an npz file without names of features, and its private data."""
    data, labels = series(600)
    path = pe.folder / "private.npz"
    np.savez(path, series=data, labels=labels, label_names=np.array(["low", "high"]))
    done = pe("generate", "--plugin", "waves", "--data", path, *SMALL, *NET, "--out", "run")
    assert done.returncode == 0, done.stderr
    return pe.folder / "run", data


@pytest.mark.slow
def test_released_series_are_like_the_private_ones(run):
    folder, private = run
    with np.load(folder / "release/samples.npz") as stored:
        released, features = stored["series"], stored["feature_names"].tolist()
        assert released.dtype == np.float32 and released.shape == (120, 32, 2)
    assert features == ["level", "count"], "the names that the generator declares"
    with np.load(folder / "iterations/000/population.npz") as stored:
        first_period, first_height = stored["state/period"], stored["state/height"]
    with np.load(folder / "iterations/release.npz") as stored:
        period, height = stored["state/period"], stored["state/height"]
    # Fails where votes are random: medians then stay at 12 and 1.6.
    assert abs(np.median(first_period) - 12) < 1.5 and abs(np.median(first_height) - 1.6) < 0.3
    assert abs(np.median(period) - 6) < 2 and abs(np.median(height) - 2.5) < 0.4
    assert spread_of(released) == pytest.approx(spread_of(private), rel=0.25)


def test_the_report_plots_them(run):
    folder, _ = run
    page = (folder / "release/report.html").read_text()
    assert page.count("data:image/svg+xml") == 4  # three iterations and the release
    words = " ".join(page.split())
    assert "level (mV): " in words and "count: " in words and "uint8" not in words
    assert "float32 32 × 2" in (folder / "release/README.md").read_text()


def test_replaying_gives_the_same_series(pe, run):
    folder, _ = run
    done = pe("replay", folder)
    assert done.returncode == 0, done.stderr


def test_exported_series_are_read_again_with_their_form(pe, run):
    folder, _ = run
    done = pe("export", folder, "--to", "parquet", "--out", "released.parquet")
    assert done.returncode == 0, done.stderr
    location = str(pe.folder / "released.parquet")
    (spec,) = parquet.pe_readers()
    form = spec.describe(location).output
    features = [Feature("level", "mV", -4, 4), Feature("count")]
    assert form == OutputSpec.series(32, features, step=10, step_unit="ms")
    with np.load(folder / "release/samples.npz") as stored:
        np.testing.assert_array_equal(
            spec.read(location, form, ("low", "high")).data, stored["series"]
        )
    done = pe("export", folder, "--to", "imagefolder", "--out", "pictures")
    assert (
        done.returncode == 5
        and "cannot contain records of kind series" in done.stderr
        and not (pe.folder / "pictures").exists()
    )
    done = pe("export", folder, "--to", "csv", "--out", "released.csv")
    lost = "units and ranges of features, the unit of the step, and labels without samples"
    assert f"csv does not keep {lost}" in done.stdout, done.stderr
    assert f"does not keep: {lost}" in pe("describe", "csv").stdout
    again = ("generate", "--plugin", "waves", "--data", "released.parquet", *SMALL)
    again = (*again, "--embedding", "values", "--dry-run")
    done = pe(*again)
    assert done.returncode == 4 and "--public-ranges" in done.stderr, done.stderr
    done = pe(*again, "--public-ranges")
    assert "which the operator declares public" in done.stdout
    assert done.returncode == 0 and "float32 32 × 2: level (mV), count" in done.stdout


@pytest.mark.slow
def test_a_kind_that_the_host_does_not_know_runs_with_general_means(pe):
    rng = np.random.default_rng(7)
    records = rng.random((500, 6, 6)) < 0.8
    np.savez(pe.folder / "graphs.npz", records=records, kind="graph", labels=np.zeros(500, int))
    words = ("--plugin", "graphs", "--data", "graphs.npz", *SMALL, "--out", "graphs")
    done = pe.with_plugin("graphs=strangers_waves")("generate", *words)
    assert done.returncode == 0, done.stderr
    with np.load(pe.folder / "graphs/release/samples.npz") as stored:
        assert stored["records"].dtype == bool and str(stored["kind"]) == "graph"
        # 0.5 at random. Above 0.8, because by Euclidean distance the nearest neighbour of noisy
        # 0.8s is all ones.
        assert 0.7 < stored["records"].mean() < 0.97
    assert "are not shown as pictures" in (pe.folder / "graphs/release/report.html").read_text()
    assert 'embedding = "values"' in (pe.folder / "graphs/config.toml").read_text()


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        ("waves", "not image [28, 28, 1]"),
        pytest.param("text-render", "series", marks=pytest.mark.slow),
    ],
)
def test_what_a_generator_cannot_make_is_said(pe, run, plugin, says):
    shape = ["--shape", "28x28" if plugin == "waves" else "series:32x2"]
    described = pe("describe", plugin, *shape, "--json")
    assert described.returncode == 0, described.stderr
    assert says in json.loads(described.stdout)["makes"]["cannot"]
    if plugin == "text-render":
        done = pe(
            "generate",
            "--plugin",
            plugin,
            "--data",
            "private.npz",
            "--epsilon",
            1,
            "--out",
            "wrong",
        )
        assert (
            done.returncode == 3 and "series" in done.stderr and not (pe.folder / "wrong").exists()
        )
