"""Both sides of a vote must embed alike, in every iteration: else all votes are garbage, and nothing else says so."""

import numpy as np
import pytest

from pe_host.compute.pool import Workers
from pe_host.config import RunConfig
from pe_host.embeddings.grid import to_grid
from pe_host.job import settle
from pe_host.learner import Learner
from pe_host.run import RunFolder
from pe_sdk import Samples, random


@pytest.fixture
def learner(tmp_path, monkeypatch, digits):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("pe_host.learner.EXAMPLES", 600)
    options = {"steps": "40", "width": "4", "dim": "8"}
    job = settle(RunConfig(plugin="echo", data=str(digits), epsilon=1.0, iterations=3, embedding_options=options))
    with Workers.start(2) as workers:
        info = workers.load(job.generator, {}, job.output, job.labels)

        def make(folder: str, retrain: bool = True) -> Learner:
            return Learner(job, info, workers, RunFolder(tmp_path / folder), (0.4, 0.2, 0.1), retrain)

        yield make, workers


def population(workers: Workers, stream: str) -> Samples:
    return workers.random(np.arange(90) % 2, random.derive(0, stream, 90))


def both_sides(learner: Learner, workers: Workers, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of the same pictures as a candidate's and as a private record's."""
    block = np.zeros((256, 8, 8, 1), np.uint8)
    block[: len(samples)] = workers.data(samples)
    return workers.embed(samples), to_grid(learner.embedding.embed(block))[: len(samples)]


def test_workers_and_private_side_embed_alike_after_each_training(learner):
    make, workers = learner
    one, digests = make("run"), []
    for t in (1, 2, 3):
        samples = population(workers, f"population {t}")
        one.learn(t, samples)
        candidates, private = both_sides(one, workers, samples)
        assert np.abs(candidates.astype(int) - private).max() <= 1  # blocks and threads differ, the net does not
        assert candidates.any()
        digests.append(one.digest)
    assert len(set(digests)) == 3, "the private side keeps vectors of old weights where the digest stays"


def test_a_resumed_run_takes_the_kept_weights(learner):
    make, workers = learner
    first, again = make("run"), make("run")
    samples = population(workers, "x")
    for t in (1, 2):
        first.learn(t, samples)
    again.learn(2, population(workers, "another, which must not matter"))
    assert again.digest == first.digest


def test_without_retraining_the_first_weights_stay(learner):
    make, workers = learner
    one = make("run", retrain=False)
    digests = set()
    for t in (1, 2, 3):
        one.learn(t, population(workers, f"population {t}"))
        digests.add(one.digest)
    assert len(digests) == 1


def test_the_first_weights_come_from_the_cache(learner, monkeypatch):
    make, workers = learner
    first, second = make("a"), make("b")
    first.learn(1, population(workers, "x"))
    monkeypatch.setattr(Learner, "_fit", lambda *_: pytest.fail("trained again"))
    second.learn(1, population(workers, "x"))
    assert second.digest == first.digest
