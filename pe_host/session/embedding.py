"""The embedding of a run: trained on random output, then again on each released population."""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from pe_host import __version__
from pe_host.cache import FEATURES, cache_folder
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.digest import digest_arrays
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PeError, PluginFailure
from pe_host.job.job import Job
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.names import DEV
from pe_host.run.folder import (
    RunFolder,
    damaged_weights,
    read_weights,
    weights_name,
    write_weights,
)
from pe_sdk import ParameterSpace, Samples, TrainableEmbedding, random

T = TypeVar("T")

EXAMPLE_BYTES = 1 << 31
"""Bytes of the examples of one training, which are in memory at once. Large images have fewer."""

MAX_BLACK_BOX_EXAMPLES = 6_000
"""Most training examples from a generator without parameters, since most of these are slow.

Half of the examples are variations of the other half.
"""


class EmbeddingTrainer:
    """Fits the embedding of each iteration.

    Weights are stored with the iteration in the run folder before they are used. So a replay never
    trains, and a resumed run continues from the weights of the iteration before. The first weights
    do not depend on the run, so the user's cache keeps them as well.

    Args:
        job, info: what runs.
        workers: the workers, which make the training examples.
        run: where weights are stored.
        degrees: degree of variation of each iteration.
        retrain: whether to train again before each iteration from the second.
    """

    def __init__(
        self,
        job: Job,
        info: GeneratorInfo,
        workers: Workers,
        run: RunFolder,
        degrees: tuple[float, ...],
        retrain: bool,
    ) -> None:
        self._job, self._info, self._workers, self._run = job, info, workers, run
        self._degrees, self._retrain = degrees, retrain
        self._untrained = job.make_embedding()
        self._space = ParameterSpace.from_json(info.space) if info.space else None
        self._last: tuple[int, FittedEmbedding] | None = None

    def fit_embedding(self, t: int, population: Samples) -> FittedEmbedding:
        """Return phi of iteration t.

        Args:
            t: the iteration, from 1.
            population: its candidates S_{t-1}: random or made from released values, never private.

        Raises:
            PluginFailure: the embedding cannot be trained.
            DataError: weights of the run are lost or damaged.
        """
        trainable = self._untrained
        if not isinstance(trainable, TrainableEmbedding):
            return FittedEmbedding(trainable, "fixed")
        round = t if self._retrain and trainable.examples_again else 1
        if self._last is None or self._last[0] != round:  # the result depends on nothing else
            self._last = round, self._fitted(trainable, round, population)
        return self._last[1]

    def _fitted(
        self, trainable: TrainableEmbedding, round: int, population: Samples
    ) -> FittedEmbedding:
        trained = False

        def make() -> dict[str, NDArray[Any]]:
            nonlocal trained
            trained = True
            return self._first_weights() if round == 1 else self._next_weights(population, round)

        weights = self._run.weights(round, make)
        try:
            fitted = self._guarded(lambda: trainable.with_weights(weights))
        except PluginFailure:
            if trained:
                raise
            path = self._run.path(weights_name(round))
            raise damaged_weights(path, f"do not fit {self._job.embedding}") from None
        return FittedEmbedding(fitted, f"{round}/{digest_arrays(weights)}", weights)

    def _next_weights(self, population: Samples, round: int) -> dict[str, NDArray[Any]]:
        before = self._run.weights(round - 1, lambda: self._lost(round - 1))
        trainable = self._trainable()
        start = self._guarded(lambda: trainable.with_weights(before))
        return self._fit(start, self._examples(population, round), round)

    def _lost(self, round: int) -> NoReturn:
        raise DataError(
            f"the weights of iteration {round} are missing, and the next ones continue from them",
            where=str(self._run.root),
            fix="restore them from a backup, or start a new run: its ε adds to what this one spent",
        )

    def _examples(self, population: Samples, round: int) -> Samples:
        """The population, and variations of it where it is small: a net memorises small sets."""
        if self._space is None:
            return self._pairs(population, round)
        parts, wanted = [population], self._bounded(self._trainable().examples_again)
        for copy in range(1, -(-wanted // len(population))):
            seeds = random.derive(self._job.config.seed, f"learn/{round}/{copy}", len(population))
            parts.append(self._workers.vary(population, self._degrees[round - 2], seeds))
        examples = Samples.concatenate(parts)
        return examples.take(np.arange(wanted) * len(examples) // wanted)

    def _pairs(self, samples: Samples, round: int) -> Samples:
        """Some of the samples, each followed by its variation by the smallest degree of the run.

        The last votes must still distinguish samples that are this similar.
        """
        wanted = self._first_examples()
        if round > 1:
            wanted = min(wanted, self._bounded(self._trainable().examples_again))
        half = min(len(samples), wanted // 2)
        chosen = samples.take(np.arange(half) * len(samples) // half)
        seeds = random.derive(self._job.config.seed, f"learn/{round}/pairs", half)
        varied = self._workers.vary(chosen, min(self._degrees), seeds)
        both = Samples.concatenate([chosen, varied])
        return both.take(np.arange(2 * half).reshape(2, half).T.ravel())

    def _fit(
        self, start: TrainableEmbedding, examples: Samples, round: int
    ) -> dict[str, NDArray[Any]]:
        complete = Samples(self._workers.data(examples), examples.labels, examples.state)
        seed = int(random.derive(self._job.config.seed, "learn", 1, round)[0] >> np.uint64(1))
        return self._guarded(lambda: start.fit(complete, self._space, len(self._job.labels), seed))

    def _trainable(self) -> TrainableEmbedding:
        assert isinstance(self._untrained, TrainableEmbedding)
        return self._untrained

    def _guarded(self, call: Callable[[], T]) -> T:
        """Run code of the embedding, on public samples only; its failure is the plugin's."""
        try:
            return call()
        except PeError:
            raise
        except Exception as error:
            raise PluginFailure(
                f"training failed: {describe_cause(error)}", where=str(self._job.embedding)
            ) from None

    def _first_weights(self) -> dict[str, NDArray[Any]]:
        cached = cache_folder() / FEATURES / f"{self._identity()}.safetensors"
        if self._cacheable() and cached.exists():
            # A damaged cache, or one of other shapes, only costs a training.
            with contextlib.suppress(DataError, PluginFailure):
                weights = read_weights(cached)
                self._guarded(lambda: self._trainable().with_weights(weights))
                return weights
        count = self._first_examples() // 2 if self._space is None else self._first_examples()
        labels = np.arange(count, dtype=np.int64) % len(self._job.labels)
        seeds = random.derive(self._job.config.seed, "learn/random", len(labels))
        examples = self._workers.random(labels, seeds)
        weights = self._fit(
            self._trainable(), self._pairs(examples, 1) if self._space is None else examples, 1
        )
        if self._cacheable():
            with contextlib.suppress(DataError):  # and so does a cache that cannot be written
                write_weights(cached, weights)
        return weights

    def _first_examples(self) -> int:
        wanted = self._bounded(self._trainable().examples)
        return min(wanted, MAX_BLACK_BOX_EXAMPLES) if self._space is None else wanted

    def _bounded(self, examples: int) -> int:
        """So many of the examples as fit into EXAMPLE_BYTES; two at least, which make a pair."""
        output = self._job.output
        row = math.prod(output.shape) * np.dtype(output.dtype).itemsize
        return max(2, min(examples, EXAMPLE_BYTES // row))

    def _cacheable(self) -> bool:
        """False if code or files can change under the same name.

        That is so for development plugins, and for options that are paths.
        """
        paths = any(map(_is_path, self._info.options.values()))
        parts = any(name.startswith(f"{DEV}/") for name in self._info.parts)
        return (
            self._job.generator.dev is None
            and self._job.embedding.dev is None
            and not parts
            and not paths
        )

    def _identity(self) -> str:
        """Digest of everything the first weights depend on."""
        import torch

        generator, job = self._job.generator, self._job
        document = {
            "generator": generator.to_json(),
            "options": dict(self._info.options),
            "space": self._info.space,
            "output": job.output.to_json(),
            "labels": list(job.labels),
            "embedding": job.embedding.to_json(),
            "embedding options": repr(job.embedding_options),
            "examples": self._first_examples(),
            "pairs": min(self._degrees) if self._space is None else None,
            "parts": dict(self._info.parts),
            "seed": job.config.seed,
            "versions": [__version__, torch.__version__],
        }
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _is_path(text: str) -> bool:
    """True for the path of something that exists, perhaps after a scheme."""
    parts = (text, text.partition(":")[2])
    # Not by pathlib: it cannot hold every text that an option can.
    return any(p and os.path.exists(os.path.expanduser(p)) for p in parts)  # noqa: PTH110, PTH111
