"""The embedding of a run over its iterations: trained on random output first, then again on each released population."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pe_host import __version__
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.digest import digest_arrays
from pe_host.errors import DataError, PeError, PluginFailure
from pe_host.job import Job
from pe_host.plugins.cause import describe_cause
from pe_host.run import RunFolder, read_weights, write_weights
from pe_sdk import Embedding, ParameterSpace, Samples, TrainableEmbedding, random

T = TypeVar("T")

EXAMPLES = 20_000
"""Samples for a training, at least: random ones for the first, the population and variations of it for the others."""


class Learner:
    """Gives workers and private side the same embedding, iteration by iteration.

    Weights are kept with the iteration in the run folder before they are used, so that resuming and replaying never train.
    The first ones do not depend on the run and are kept in the user's cache as well.

    Args:
        job, info: what runs.
        workers: make the examples, and get the embedding.
        run: where weights are kept.
        degrees: of variation, by iteration.
        retrain: train again before each iteration from the second.
    """

    def __init__(
        self, job: Job, info: GeneratorInfo, workers: Workers, run: RunFolder, degrees: tuple[float, ...], retrain: bool
    ) -> None:
        self._job, self._info, self._workers, self._run = job, info, workers, run
        self._degrees, self._retrain = degrees, retrain
        self._untrained = job.make_embedding()
        self._space = ParameterSpace.from_json(info.space) if info.space else None
        self.embedding: Embedding = self._untrained
        self.digest = ""

    def learn(self, t: int, population: Samples) -> None:
        """Set the embedding of iteration t, whose candidates are `population`: released or random, never private."""
        trainable = self._untrained
        if not isinstance(trainable, TrainableEmbedding):
            if not self.digest:
                self._workers.set_embedding(self._job.embedding, self._job.config.embedding_options)
                self.digest = "fixed"
            return
        round = t if self._retrain else 1
        if self.digest.startswith(f"{round}/"):
            return
        name = f"iterations/{round:03d}/features"
        weights = self._run.weights(
            name, self._first_weights if round == 1 else lambda: self._fit(self._widened(population, round), round)
        )
        self.embedding = self._guarded(lambda: trainable.with_weights(weights))
        self.digest = f"{round}/{digest_arrays(weights)}"
        self._workers.set_embedding(self._job.embedding, self._job.config.embedding_options, weights)

    def _widened(self, population: Samples, round: int) -> Samples:
        """A small population with more variations of it, as far as those between its members go: small sets are learnt by heart."""
        parts = [population]
        for copy in range(1, -(-EXAMPLES // len(population))):
            seeds = random.derive(self._job.config.seed, f"learn/{round}/{copy}", len(population))
            parts.append(self._workers.vary(population, self._degrees[round - 2], seeds))
        return Samples.concatenate(parts)

    def _fit(self, examples: Samples, round: int) -> dict[str, NDArray[Any]]:
        trainable = self._untrained
        assert isinstance(trainable, TrainableEmbedding)
        whole = Samples(self._workers.data(examples), examples.labels, examples.state)
        seed = int(random.derive(self._job.config.seed, "learn", 1, round)[0] >> np.uint64(1))
        return self._guarded(lambda: trainable.fit(whole, self._space, len(self._job.labels), seed))

    def _guarded(self, call: Callable[[], T]) -> T:
        """What the embedding's code gives; its failure is one of the plugin. It is given public samples only."""
        try:
            return call()
        except PeError:
            raise
        except Exception as error:
            raise PluginFailure(f"learning failed: {describe_cause(error)}", where=str(self._job.embedding)) from None

    def _first_weights(self) -> dict[str, NDArray[Any]]:
        cached = _cache_folder() / f"{self._identity()}.safetensors"
        if self._cacheable() and cached.exists():
            with contextlib.suppress(DataError):  # a damaged cache costs a training, no more
                return read_weights(cached)
        labels = np.arange(EXAMPLES, dtype=np.int64) % len(self._job.labels)
        seeds = random.derive(self._job.config.seed, "learn/random", len(labels))
        weights = self._fit(self._workers.random(labels, seeds), 1)
        if self._cacheable():
            with contextlib.suppress(DataError):  # and so does one that cannot be written
                write_weights(cached, weights)
        return weights

    def _cacheable(self) -> bool:
        """Not where code or files can change without a change of name: plugins in development, options that are paths."""
        paths = any(map(os.path.exists, filter(None, self._info.options.values())))
        return self._job.generator.dev is None and self._job.embedding.dev is None and not paths

    def _identity(self) -> str:
        """Digest of everything the first weights depend on."""
        import torch

        generator, job = self._job.generator, self._job
        document = {
            "generator": generator.to_json(),
            "options": dict(self._info.options),
            "space": self._info.space,
            "output": [job.output.kind, list(job.output.shape), job.output.dtype],
            "labels": list(job.labels),
            "embedding": job.embedding.to_json(),
            "embedding options": repr(job.embedding_options),
            "seed": job.config.seed,
            "versions": [__version__, torch.__version__],
        }
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "pe" / "features"
