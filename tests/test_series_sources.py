"""Time series as people have them, from the file to the release, by commands only."""

import json

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

N, T = 60, 48
RNG = np.random.default_rng(7)
LABELS = np.arange(N) % 2
WAVES = (
    np.sin(np.linspace(0, 6, T)) * RNG.uniform(1, 9, (N, 1)) + RNG.normal(0, 0.2, (N, T))
).astype(np.float32)


def write_npz(path, series):
    np.savez(path, series=series, labels=LABELS)


def gappy():
    series = WAVES[..., None].copy()
    series[3, 10:14] = np.nan
    return series


def write_long(path):
    rows = ["id,timestamp,value,label"]
    for i in range(20):
        at = [f"2024-01-01 {t // 60:02d}:{t % 60:02d}" for t in range(T)]
        rows += [f"{i},{at[t]},{WAVES[i, t]:.4f},{LABELS[i]}" for t in range(T)]
    path.write_text("\n".join(rows) + "\n")


def write_wide(path):
    rows = [",".join(["label", *(f"t{t}" for t in range(T))])]
    rows += [",".join([str(LABELS[i]), *(f"{v:.4f}" for v in WAVES[i])]) for i in range(N)]
    path.write_text("\n".join(rows) + "\n")


def write_ragged(path):
    lists = [WAVES[i, : 40 + i % 8].tolist() for i in range(40)]
    labels = ["ab"[i % 2] for i in range(40)]
    pq.write_table(pa.table({"load": lists, "label": labels}), path)


def write_ucr(path):
    rows = [[str(LABELS[i] + 1), *(f"{v:.4f}" for v in WAVES[i])] for i in range(40)]
    path.write_text("\n".join("\t".join(row) for row in rows) + "\n")


def write_unlabelled(path):
    pq.write_table(pa.table({"load": WAVES[:40].tolist()}), path)


READ = {
    "t00": ("d.npz", lambda path: write_npz(path, WAVES[..., None]), "", ["0", "1"], 60, 48),
    "t01": ("d.npz", lambda path: write_npz(path, gappy()), "--missing hold", ["0", "1"], 60, 48),
    "t01 drop": (
        "d.npz",
        lambda path: write_npz(path, gappy()),
        "--missing drop",
        ["0", "1"],
        59,
        48,
    ),
    "t01b": ("d.npz", lambda path: write_npz(path, WAVES), "", ["0", "1"], 60, 48),
    "t02": ("d.csv", write_long, "", ["0", "1"], 20, 48),
    "wide": ("d.csv", write_wide, "", ["0", "1"], 60, 48),
    "t04": (
        "d.parquet",
        write_ragged,
        "--classes a,b --length 40 --fit crop",
        ["a", "b"],
        40,
        40,
    ),
    "t04 pad": (
        "d.parquet",
        write_ragged,
        "--public-classes --length 47 --fit pad",
        ["a", "b"],
        40,
        47,
    ),
    "t06": ("GunPoint_TRAIN.tsv", write_ucr, "", ["1", "2"], 40, 48),
    "t07": ("d.parquet", write_unlabelled, "", ["all"], 40, 48),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_read(pe, case):
    name, write, options, classes, count, steps = READ[case]
    write(pe.folder / name)
    done = pe("inspect", name, *options.split(), "--private", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["classes"] == classes and found["private"]["records"] == count
    assert found["output"]["kind"] == "series" and found["output"]["shape"] == [steps, 1]
    assert all(share >= count // 2 for share in found["private"]["of_classes"].values())


NEEDS = {
    "t01": ("d.npz", lambda path: write_npz(path, gappy()), "", "row 3", "--missing hold"),
    "t04 names": ("d.parquet", write_ragged, "", "which are private", "--classes A,B"),
    "t04": ("d.parquet", write_ragged, "--classes a,b", "41 steps", "--length 40 --fit pad"),
    "t08": (
        "adult.csv",
        lambda path: path.write_text("age,workclass,income\n39,State-gov,<=50K\n"),
        "",
        "tables and text are not supported yet",
        "--id COLUMN --time COLUMN",
    ),
    "t09": (
        "reviews.csv",
        lambda path: path.write_text('text,label\n"good food",5\n"slow",1\n'),
        "",
        "tables and text are not supported yet",
        "lists in Parquet",
    ),
}


@pytest.mark.parametrize("case", NEEDS)
def test_what_is_refused_with_the_option_that_decides(pe, case):
    name, write, options, what, fix = NEEDS[case]
    write(pe.folder / name)
    done = pe("inspect", name, *options.split(), "--private")
    assert done.returncode == 5
    problem, advice = done.stderr.strip().splitlines()
    assert what in problem and name in problem and fix in advice


@pytest.mark.slow
def test_a_long_csv_becomes_a_release(pe):
    write_long(pe.folder / "waves.csv")
    about = ("--feature-ranges", "value=-12..12", "--feature-units", "value=V", "--step", "1")
    source = ("--length", T, *about, "--step-unit", "min")
    seen = pe("inspect", "waves.csv", *source)
    assert seen.returncode == 0, seen.stderr
    assert "CSV, a row a step: series by id, ordered by timestamp" in seen.stdout
    assert "series, float32 48 × 1: value (V)" in seen.stdout and "PRIVATE" not in seen.stdout
    small = ("--iterations", 2, "--candidates", 60, "--samples", 20, "--votes", 2, "--workers", 1)
    small = (*small, "--embedding", "values", "--epsilon", 4)
    words = ("generate", "--plugin", "series-basic", "--data", "waves.csv", *source, *small)
    done = pe(*words, "--out", "run")
    assert done.returncode == 0, done.stderr
    with np.load(pe.folder / "run/release/samples.npz") as stored:
        assert stored["series"].shape == (20, T, 1) and np.abs(stored["series"]).max() <= 12
        assert stored["feature_names"].tolist() == ["value"] and str(stored["step_unit"]) == "min"
        assert stored["label_names"].tolist() == ["0", "1"]
    card = (pe.folder / "run/release/README.md").read_text()
    assert "value (V)" in card and "waves.csv" not in card
    again = pe("generate", "--config", "run/config.toml", "--out", "again", "--dry-run")
    assert again.returncode == 0 and "series by id, ordered by timestamp" in again.stdout


def test_a_generator_of_any_features_asks_for_their_ranges(pe):
    """A range that the generator made up would spend the budget on series of a wrong scale."""
    write_npz(pe.folder / "d.npz", WAVES)
    words = ("generate", "--plugin", "series-basic", "--data", "d.npz", "--epsilon", 1)
    done = pe(*words, "--out", "run")
    assert done.returncode == 3 and "--feature-ranges x1=LOW..HIGH" in done.stderr
    assert not (pe.folder / "run").exists()
    dry = pe(*words, "--feature-ranges", "x1=-10..10", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "the ranges of its features (x1 -10 to 10)" in dry.stdout


@pytest.mark.slow
def test_a_run_with_ranges_of_features_can_be_used(pe):
    """Fails where the folder of the run cannot be read again: everything is spent then."""
    rng = np.random.default_rng(3)
    rows = [f"{i},{t},{rng.uniform(0, 8):.2f}" for i in range(60) for t in range(24)]
    (pe.folder / "loads.csv").write_text("\n".join(["id,time,load", *rows]))
    ranges = ("--feature-ranges", "load=0..8", "--feature-units", "load=kW")
    small = ("--candidates", 60, "--samples", 20, "--iterations", 2, "--votes", 2, "--workers", 1)
    small = (*small, "--embedding", "values")
    words = ("--plugin", "series-basic", "--data", "loads.csv", *ranges, *small, "--epsilon", 4)
    done = pe("generate", *words, "--out", "run")
    assert done.returncode == 0, done.stderr
    for words in (
        ("account", "run"),
        ("samples", "run", "--n", 30, "--out", "more"),
    ):
        done = pe(*words)
        assert done.returncode == 0, done.stderr
