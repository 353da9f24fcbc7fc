"""The cache, built once by one process at a time; the search in it; rendered pools; memory."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import numpy as np
import pytest

import pe_image_pool
from pe_image_pool import index
from pe_image_pool.cache import SEAL, obtain
from pe_image_pool.index import Index, build_index
from pe_image_pool.search import choose
from pe_sdk import (
    CannotMake,
    Float,
    OutputSpec,
    ParameterSpace,
    Simulator,
    SimulatorGenerator,
    random,
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pe" / "image-pool"


def write_npz(path, n, side=8):
    np.savez(
        path, images=np.random.default_rng(1).integers(0, 256, (n, side, side, 1), dtype=np.uint8)
    )


def make(path):
    options = pe_image_pool.Options(source=str(path))
    return pe_image_pool.make(OutputSpec.image(8, 8), ("x",), options, None)


def fill(folder):
    (folder / "small.bin").write_bytes(b"abc" * 1000)
    (folder / "large.bin").write_bytes(bytes(range(256)) * 100_000)


def test_a_folder_is_built_once(cache):
    built = []
    for _ in range(2):
        folder = obtain("key", lambda folder: (built.append(1), fill(folder)))
    assert built == [1] and folder == cache / "key"


@pytest.mark.parametrize("harm", ["seal", "shorter", "byte", "tail", "gone", "seal-nonsense"])
def test_a_damaged_folder_is_built_again(cache, harm):
    folder = obtain("key", fill)
    small, large = folder / "small.bin", folder / "large.bin"
    content = large.read_bytes()
    if harm == "seal":
        (folder / SEAL).unlink()
    elif harm == "seal-nonsense":
        (folder / SEAL).write_text("[1]")
    elif harm == "shorter":
        large.write_bytes(content[:-1])
    elif harm == "byte":
        small.write_bytes(b"x" + small.read_bytes()[1:])
    elif harm == "tail":  # what a crash leaves of a file of known size: zeros at the end
        large.write_bytes(content[:-9999] + bytes(9999))
    else:
        small.unlink()
    built = []
    obtain("key", lambda folder: (built.append(1), fill(folder)))
    assert built == [1] and large.read_bytes() == content and small.exists()


def test_a_build_that_fails_or_was_killed_leaves_nothing(cache):
    def fail(folder):
        fill(folder)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        obtain("key", fail)
    (cache / "key.killed.part").mkdir()
    obtain("key", fill)
    assert sorted(p.name for p in cache.iterdir()) == ["key", "key.lock"]


def test_a_cache_that_cannot_be_written_is_an_error_with_the_next_step(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(CannotMake, match="XDG_CACHE_HOME"):
        obtain("key", fill)


def test_a_temporary_folder_of_others_is_not_used(tmp_path, monkeypatch):
    """Anybody could have prepared a pool under the expected name in a temporary folder."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(
        pathlib.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home"))
    )
    mine = tmp_path / f"pe-{os.getuid()}"
    assert obtain("key", fill) == mine / "image-pool" / "key"
    assert mine.stat().st_mode & 0o777 == 0o700
    mine.chmod(0o777)
    with pytest.raises(CannotMake, match="open to other users"):
        obtain("key", fill)
    shutil.rmtree(mine)
    mine.symlink_to(tmp_path)
    with pytest.raises(CannotMake, match="open to other users"):
        obtain("key", fill)


def test_of_processes_that_start_at_once_one_builds(tmp_path):
    """Each build takes a second and leaves a mark: without the lock there are several marks."""
    code = """
import sys, time, pathlib, os
from pe_image_pool.cache import obtain
def build(folder):
    (pathlib.Path(sys.argv[1]) / f"mark-{os.getpid()}").touch()
    (folder / "half").write_text("x"); time.sleep(1); (folder / "whole").write_text("y")
folder = obtain("key", build)
print((folder / "whole").read_text())
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["y"] * 4
    assert len(list(tmp_path.glob("mark-*"))) == 1


@pytest.mark.slow
def test_a_pool_with_a_torn_cache_gives_the_same_samples(tmp_path, cache):
    write_npz(tmp_path / "a.npz", 300)
    labels, seeds = np.zeros(64, np.int64), random.derive(1, "test", 64)

    def samples():
        made = make(tmp_path / "a.npz")
        varied = made.vary(made.random(labels, seeds), 0.8, seeds)
        return made.restore(labels, varied.state).data

    before = samples()
    for path in [p for p in cache.glob("*/*") if p.name != SEAL]:
        path.write_bytes(b"torn")
        np.testing.assert_array_equal(samples(), before)


@pytest.fixture(scope="module")
def celled(tmp_path_factory):
    """20,000 descriptors around 300 places, in three groups of very different sizes.

    The first group is searched by cells.
    """
    rng = np.random.default_rng(5)
    places = rng.integers(40, 216, (300, 32))
    features = (
        (places[rng.integers(0, 300, 20_000)] + rng.normal(0, 12, (20_000, 32)))
        .clip(0, 255)
        .astype(np.uint8)
    )
    groups = np.repeat([0, 1, 2], [17_000, 2_999, 1]).astype(np.int32)[rng.permutation(20_000)]
    folder = tmp_path_factory.mktemp("index")
    build_index(features, groups, 3, folder)
    return features, groups, Index.open(folder), folder


def nearest(made, queries, groups, gamma, rank):
    out = np.empty(len(queries), np.int64)
    share = np.full(len(queries), (rank + 0.5) / gamma)
    choose(
        queries,
        groups,
        gamma,
        share,
        made.centres,
        made.group_cells,
        made.starts,
        made.features,
        made.members,
        out,
    )
    return out


def test_an_index_holds_every_picture_once_in_its_group(celled):
    features, groups, made, _ = celled
    assert sorted(made.members) == list(range(20_000))
    np.testing.assert_array_equal(features[made.members], made.features)
    bounds = made.starts[made.group_cells]
    for g in range(3):
        assert set(groups[made.members[bounds[g] : bounds[g + 1]]]) == {g}
    assert (
        made.group_cells[1] == int(np.sqrt(17_000)) > index.EXAMPLES
        and len(made.centres) == made.group_cells[1] + 2
    )


def test_the_search_finds_most_of_the_nearest_and_ranks_them_exactly(celled):
    """Cells find more than 0.95 of the 100 nearest of a full search; one cell finds below 0.8."""
    features, groups, made, _ = celled
    picked = np.flatnonzero(groups == 0)[:40]
    rows = np.flatnonzero(groups == 0)
    wide = features.astype(int)
    hits = []
    by_rank = np.stack(
        [nearest(made, features[picked], np.zeros(40, np.int64), 100, r) for r in range(100)], 1
    )
    for i, row in enumerate(picked):
        distance = ((wide[rows] - wide[row]) ** 2).sum(1)
        exact = rows[np.lexsort([rows, distance])[:100]]
        hits.append(np.isin(exact, by_rank[i]).mean())
        found = ((wide[by_rank[i]] - wide[row]) ** 2).sum(1)
        assert (np.diff(found) >= 0).all() and len(set(by_rank[i])) == 100
        assert by_rank[i][0] == row
    assert np.mean(hits) > 0.95


def test_a_small_group_is_searched_exactly_and_one_picture_is_enough(celled):
    features, groups, made, _ = celled
    rows = np.flatnonzero(groups == 1)
    query = features[rows[:5]]
    found = nearest(made, query, np.ones(5, np.int64), 50, 49)
    for q, got in zip(query.astype(int), found, strict=True):
        assert got == rows[np.lexsort([rows, ((features[rows].astype(int) - q) ** 2).sum(1)])[49]]
    only = np.flatnonzero(groups == 2)[0]
    assert (nearest(made, query, np.full(5, 2), 50, 49) == only).all()


def test_ties_go_to_the_lower_id(tmp_path):
    features = np.full((500, 8), 7, np.uint8)
    build_index(features, np.zeros(500, np.int32), 1, tmp_path)
    found = [
        nearest(Index.open(tmp_path), features[:1], np.zeros(1, np.int64), 500, r)[0]
        for r in (0, 1, 250, 499)
    ]
    assert found == [0, 1, 250, 499]


def test_an_index_has_the_same_bytes_when_built_again(celled, tmp_path):
    features, groups, _, folder = celled
    build_index(features, groups, 3, tmp_path)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


class Shades(Simulator):
    """Pictures of one tone: a random one, plus 100 for label 1, plus `bias`."""

    space = ParameterSpace({"tone": Float(0, 100)})

    def __init__(self, output, bias):
        self.output, self.bias = output, bias

    def render(self, params, labels, seeds):
        tone = (params["tone"] + 100 * labels + self.bias).astype(np.uint8)
        return np.broadcast_to(tone[:, None, None, None], (len(tone), *self.output.shape)).copy()


@dataclass
class FakePeers:
    bias: int = 0

    def spec(self, name):
        raise AssertionError("not needed")

    def make(self, name, output, labels, options):
        if name != "shades":
            raise CannotMake(f"unknown generator {name!r}")
        return SimulatorGenerator(
            Shades(output, self.bias + int(options.get("bias", 0))), output, labels
        )


def rendered(peers, labels=("p", "q"), **options):
    chosen = pe_image_pool.Options(generator="shades", **{"count": 500, **options})
    return pe_image_pool.make(OutputSpec.image(8, 8), labels, chosen, peers)


def test_without_a_source_a_pool_is_rendered_once_by_another_generator(cache):
    made = rendered(FakePeers())
    labels = np.arange(100) % 2
    data = made.restore(labels, made.random(labels, random.derive(1, "test", 100)).state).data
    assert (data.mean((1, 2, 3)) // 100 == labels).all()
    assert made._pictures.count == 500
    kept = {p.name for p in cache.iterdir()}
    rendered(FakePeers())
    assert {p.name for p in cache.iterdir()} == kept


@pytest.mark.parametrize(
    "change",
    [
        lambda: rendered(FakePeers(), count=501),
        lambda: rendered(FakePeers(), labels=("q", "p")),
        lambda: rendered(FakePeers(), generator_options={"bias": "3"}),
        # the same name, version and options, but other pictures
        lambda: rendered(FakePeers(bias=3)),
    ],
)
def test_a_rendered_pool_is_made_again_when_what_made_it_changes(cache, change):
    rendered(FakePeers())
    kept = len([p for p in cache.iterdir() if p.is_dir()])
    change()
    assert len([p for p in cache.iterdir() if p.is_dir()]) == kept + 2


def test_an_unknown_generator_is_an_error():
    with pytest.raises(CannotMake, match="nothing-such"):
        pe_image_pool.make(
            OutputSpec.image(8, 8),
            ("x",),
            pe_image_pool.Options(generator="nothing-such"),
            FakePeers(),
        )


def test_memory_does_not_grow_with_the_pool(tmp_path):
    """Building and reading 40,000 pictures of 48 x 48 x 3 (276 MB) takes less than 100 MB."""
    code = """
import resource, sys, numpy as np, pe_image_pool
from functools import partial
from pathlib import Path
from pe_image_pool.pictures import Bad, Pictures, write
shape = (48, 48, 3)
def rows(n):
    for start in range(0, n, 250):
        yield np.full((250, *shape), start % 251, np.uint8), [None] * 250
def run(n, name):
    folder = Path(sys.argv[1]) / name
    folder.mkdir()
    write(rows(n), Bad(), shape, folder)
    pool = Pictures(folder, shape)
    for start in range(0, n, 250):
        pool.take(np.arange(start, start + 250))
run(500, "small")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run(40_000, "large")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 100


def test_importing_the_module_is_light():
    code = """
import sys, pe_image_pool
print(sorted({m.split(".")[0] for m in sys.modules} & {"numba", "PIL", "pyarrow"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
