"""The embedding of a run. If the two sides of a vote embed differently, votes mean nothing."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from pe_host.compute.pool import Workers
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import to_grid
from pe_host.embeddings.simulator_features import SimulatorFeatures
from pe_host.errors import DataError
from pe_host.job.config import RunConfig
from pe_host.job.job import resolve
from pe_host.run.folder import RunFolder, read_weights, write_weights
from pe_host.session import embedding as embedding_module
from pe_host.session.embedding import EmbeddingTrainer
from pe_sdk import Samples, random


@pytest.fixture(scope="module")
def loaded(write_digits, tmp_path_factory):
    """A job, what its plugin says, and two workers that have loaded it.

    They keep nothing that a test can see.
    """
    data = write_digits(tmp_path_factory.mktemp("data") / "private.npz")
    options = {
        "steps": "40",
        "again": "10",
        "width": "4",
        "dim": "8",
        "examples": "600",
        "examples_again": "200",
    }
    job = resolve(
        RunConfig(
            plugin="echo", data=str(data), epsilon=1.0, iterations=3, embedding_options=options
        )
    )
    with Workers.start(2) as workers:
        yield job, workers.load(job.generator, {}, job.output, job.labels), workers


@pytest.fixture
def trainer(tmp_path, monkeypatch, loaded):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    job, info, workers = loaded
    workers.choose_embedding(job.embedding, job.config.embedding_options)

    def make(folder: str, retrain: bool = True) -> EmbeddingTrainer:
        run, degrees = RunFolder(tmp_path / folder), (0.4, 0.2, 0.1)
        return EmbeddingTrainer(job, info, workers, run, degrees, retrain)

    return make, workers


def population(workers: Workers, stream: str, rows: int = 90) -> Samples:
    return workers.random(np.arange(rows) * 2 // rows, random.derive(0, stream, rows))


def both_sides(
    phi: FittedEmbedding, workers: Workers, samples: Samples
) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of the same images, as candidates and as private records."""
    block = np.zeros((256, 8, 8, 1), np.uint8)
    block[: len(samples)] = workers.data(samples)
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # a worker has one
    try:
        private = to_grid(phi.embedding.embed(block))
    finally:
        torch.set_num_threads(before)
    return workers.embed(phi, samples), private[: len(samples)]


def test_workers_and_private_side_embed_alike_after_each_training(trainer):
    make, workers = trainer
    one, digests = make("run"), []
    for t in (1, 2, 3):
        samples = population(workers, f"population {t}")
        phi = one.fit_embedding(t, samples)
        candidates, private = both_sides(phi, workers, samples)
        assert (
            np.abs(candidates.astype(int) - private).max() <= 1
        )  # blocks and threads differ, the net does not
        assert candidates.any()
        digests.append(phi.digest)
    assert len(set(digests)) == 3, (
        "the private side keeps vectors of old weights where the digest stays"
    )


def test_a_resumed_run_takes_the_kept_weights(trainer):
    make, workers = trainer
    first, again = make("run"), make("run")
    samples = population(workers, "x")
    expected = [first.fit_embedding(t, samples).digest for t in (1, 2)][-1]
    other = population(workers, "another, which must not matter")
    assert again.fit_embedding(2, other).digest == expected


def test_what_is_learnt_after_an_interruption_is_what_would_have_been_learnt_without(
    trainer, tmp_path
):
    make, workers = trainer
    populations = [population(workers, f"population {t}") for t in (1, 2, 3)]
    first = make("run")
    expected = [first.fit_embedding(t, some).digest for t, some in enumerate(populations, 1)][-1]
    weights = tmp_path / "run/iterations"
    (weights / "003/features.safetensors").unlink()
    again = make("run")
    again.fit_embedding(1, populations[0])  # the preflight of a session
    assert again.fit_embedding(3, populations[2]).digest == expected
    shutil.copy(weights / "001/features.safetensors", weights / "002/features.safetensors")
    (weights / "003/features.safetensors").unlink()
    other = make("run")
    phi = other.fit_embedding(3, populations[2])
    assert phi.digest != expected, "it did not continue from the weights before"


def test_weights_to_go_on_from_that_are_gone_are_an_error_that_says_so(trainer, tmp_path):
    make, workers = trainer
    one = make("run")
    one.fit_embedding(1, population(workers, "x"))
    (tmp_path / "run/iterations/001/features.safetensors").unlink()
    with pytest.raises(DataError, match="weights of iteration 1 are missing"):
        one.fit_embedding(2, population(workers, "y"))


@pytest.mark.parametrize("rows", [90, 200, 450])
def test_a_training_gets_a_fixed_number_of_examples_evenly_of_both_classes(
    trainer, monkeypatch, rows
):
    make, workers = trainer
    seen = []
    fit = SimulatorFeatures.fit

    def noted(self, examples, *others):
        seen.append(examples)
        return fit(self, examples, *others)

    monkeypatch.setattr(SimulatorFeatures, "fit", noted)
    one, samples = make("run"), population(workers, "x", rows)
    one.fit_embedding(1, samples)
    one.fit_embedding(2, samples)
    assert [len(examples) for examples in seen] == [600, 200]
    assert np.bincount(seen[1].labels).tolist() == pytest.approx([100, 100], abs=2)
    distinct = len(np.unique(seen[1].data.reshape(200, -1), axis=0))
    assert distinct > 150, "a net memorises examples that repeat"


def test_without_retraining_the_first_weights_stay(trainer):
    make, workers = trainer
    one = make("run", retrain=False)
    digests = set()
    for t in (1, 2, 3):
        digests.add(one.fit_embedding(t, population(workers, f"population {t}")).digest)
    assert len(digests) == 1


def test_weights_are_not_kept_for_what_can_change_under_its_name(trainer, tmp_path):
    make, _ = trainer
    pool = tmp_path / "pool.npz"
    pool.touch()
    one = make("run")
    assert one._cacheable()
    for change in (
        {"options": {"source": f"npz:{pool}"}},
        {"options": {"fonts": str(tmp_path)}},
        {"parts": {"dev/mine": "dev"}},
    ):
        one._info = replace(one._info, **change)
        assert not one._cacheable(), change
        one = make("run")


def test_the_first_weights_come_from_the_cache(trainer, monkeypatch):
    make, workers = trainer
    first, second = make("a"), make("b")
    expected = first.fit_embedding(1, population(workers, "x")).digest
    monkeypatch.setattr(EmbeddingTrainer, "_fit", lambda *_: pytest.fail("trained again"))
    assert second.fit_embedding(1, population(workers, "x")).digest == expected


@pytest.mark.parametrize(
    ("embedding", "most", "rows"),
    [
        ("simulator-features", None, [600, 200, 200]),
        ("simulator-features", 300, [300, 200, 200]),
        ("simulator-features", 120, [120, 120, 120]),
        ("values", None, [2000]),
    ],
)
def test_an_embedding_gets_the_examples_it_asks_for(
    tmp_path, monkeypatch, digits, embedding, most, rows
):
    """As far as memory allows: 20,000 large images are more than it holds.

    An embedding that is trained once gets examples once: a slow simulator makes them costly.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if most:
        monkeypatch.setattr(embedding_module, "EXAMPLE_BYTES", most * 8 * 8)
    options = (
        {}
        if embedding == "values"
        else {"examples": "600", "examples_again": "200", "steps": "2", "again": "1"}
    )
    settings = {"plugin": "echo", "data": str(digits), "epsilon": 1.0, "iterations": 3}
    job = resolve(RunConfig(**settings, embedding=embedding, embedding_options=options))
    with Workers.start(1) as workers:
        info = workers.load(job.generator, {}, job.output, job.labels)
        asked, data = [], workers.data
        monkeypatch.setattr(
            workers, "data", lambda samples: asked.append(len(samples)) or data(samples)
        )
        one = EmbeddingTrainer(
            job, info, workers, RunFolder(tmp_path / "run"), (0.4, 0.2, 0.1), True
        )
        for t in (1, 2, 3):
            one.fit_embedding(t, population(workers, f"population {t}"))
    assert asked == rows


def damaged(path):
    """What can stand in place of stored weights: other shapes, NaN, no weights, and a pipe."""
    weights = read_weights(path)
    name = sorted(weights)[0]
    path.unlink()
    for change in (
        {name: np.zeros((2, 3), np.float32)},
        {name: np.full_like(weights[name], np.nan)},
    ):
        write_weights(path, {**weights, **change})
        yield
    write_weights(path, {"another": np.zeros(3, np.float32)})
    yield
    for content in (b"", b"\xff" * 100, (10**9).to_bytes(8, "little") + b"{}"):
        path.write_bytes(content)
        yield
    path.unlink()
    os.mkfifo(path)
    yield
    path.unlink()


def test_damaged_weights_in_the_cache_only_cost_a_training(trainer, tmp_path):
    """Weights of other shapes were a failure of the plugin, in every run until they were removed.

    A pipe there blocked.
    """
    make, workers = trainer
    samples = population(workers, "x")
    expected = make("first").fit_embedding(1, samples).digest
    (cached,) = (tmp_path / "cache/pe/features").iterdir()
    good = cached.read_bytes()
    for number, _ in enumerate(damaged(cached)):
        assert make(f"run{number}").fit_embedding(1, samples).digest == expected
        assert cached.read_bytes() == good, "it is kept for the next run again"
    assert number == 6


def test_damaged_weights_of_a_run_are_one_error_that_names_the_file(trainer, tmp_path):
    make, workers = trainer
    samples = population(workers, "x")
    make("run").fit_embedding(1, samples)
    stored = tmp_path / "run/iterations/001/features.safetensors"
    for _ in damaged(stored):
        with pytest.raises(DataError, match=r"features\.safetensors: these weights") as caught:
            make("run").fit_embedding(1, samples)
        assert "restore the file" in caught.value.fix
