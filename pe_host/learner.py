"""The embedding of a run over its iterations: trained on random output first, then again on each released population."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from pe_host import __version__
from pe_host.cache import cache_folder
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.digest import digest_arrays
from pe_host.errors import DataError, PeError, PluginFailure
from pe_host.job import Job
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.names import DEV
from pe_host.run import RunFolder, iteration_name, read_weights, write_weights
from pe_sdk import Embedding, ParameterSpace, Samples, TrainableEmbedding, random

T = TypeVar("T")

MOST_OF_BLACK_BOX = 6_000
"""Examples of a generator without parameters, at most, half of them variations of the other half: most such are slow."""


class Learner:
    """Gives workers and private side the same embedding, iteration by iteration.

    Weights are kept with the iteration in the run folder before they are used, so that replaying never trains, and resuming goes
    on from those of the iteration before. The first ones do not depend on the run and are kept in the user's cache as well.

    Args:
        job, info: what runs.
        workers: make the examples, and get the embedding.
        run: where weights are kept.
        degrees: of variation, by iteration.
        retrain: train again before each iteration from the second.
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
        round = t if self._retrain and trainable.examples_again else 1
        if self.digest.startswith(f"{round}/"):
            return
        weights = self._run.weights(
            _name(round),
            self._first_weights if round == 1 else lambda: self._next_weights(population, round),
        )
        self.embedding = self._guarded(lambda: trainable.with_weights(weights))
        self.digest = f"{round}/{digest_arrays(weights)}"
        self._workers.set_embedding(
            self._job.embedding, self._job.config.embedding_options, weights
        )

    def _next_weights(self, population: Samples, round: int) -> dict[str, NDArray[Any]]:
        before = self._run.weights(_name(round - 1), lambda: self._lost(round - 1))
        trainable = self._trainable()
        start = self._guarded(lambda: trainable.with_weights(before))
        return self._fit(start, self._examples(population, round), round)

    def _lost(self, round: int) -> NoReturn:
        raise DataError(
            f"the weights of iteration {round} are gone, and those of the next go on from them",
            where=str(self._run.root),
            fix="put them back from a copy, or start a new run; its budget adds to what this one spent",
        )

    def _examples(self, population: Samples, round: int) -> Samples:
        """The population with variations of it, as far as those between its members go, where it is small; evenly of each.

        Small sets are learnt by heart.
        """
        if self._space is None:
            return self._pairs(population, round)
        parts, wanted = [population], self._trainable().examples_again
        for copy in range(1, -(-wanted // len(population))):
            seeds = random.derive(self._job.config.seed, f"learn/{round}/{copy}", len(population))
            parts.append(self._workers.vary(population, self._degrees[round - 2], seeds))
        whole = Samples.concatenate(parts)
        return whole.take(np.arange(wanted) * len(whole) // wanted)

    def _pairs(self, samples: Samples, round: int) -> Samples:
        """Each sample and a variation of it, one after the other, by the smallest degree of the run: so like one another are
        pictures that votes at the end still tell apart from others.
        """
        wanted = self._first_examples()
        if round > 1:
            wanted = min(wanted, self._trainable().examples_again)
        half = min(len(samples), wanted // 2)
        chosen = samples.take(np.arange(half) * len(samples) // half)
        seeds = random.derive(self._job.config.seed, f"learn/{round}/pairs", half)
        varied = self._workers.vary(chosen, min(self._degrees), seeds)
        both = Samples.concatenate([chosen, varied])
        return both.take(np.arange(2 * half).reshape(2, half).T.ravel())

    def _fit(
        self, start: TrainableEmbedding, examples: Samples, round: int
    ) -> dict[str, NDArray[Any]]:
        whole = Samples(self._workers.data(examples), examples.labels, examples.state)
        seed = int(random.derive(self._job.config.seed, "learn", 1, round)[0] >> np.uint64(1))
        return self._guarded(lambda: start.fit(whole, self._space, len(self._job.labels), seed))

    def _trainable(self) -> TrainableEmbedding:
        assert isinstance(self._untrained, TrainableEmbedding)
        return self._untrained

    def _guarded(self, call: Callable[[], T]) -> T:
        """What the embedding's code gives; its failure is one of the plugin. It is given public samples only."""
        try:
            return call()
        except PeError:
            raise
        except Exception as error:
            raise PluginFailure(
                f"learning failed: {describe_cause(error)}", where=str(self._job.embedding)
            ) from None

    def _first_weights(self) -> dict[str, NDArray[Any]]:
        cached = cache_folder() / "features" / f"{self._identity()}.safetensors"
        if self._cacheable() and cached.exists():
            with contextlib.suppress(DataError):  # a damaged cache costs a training, no more
                return read_weights(cached)
        count = self._first_examples() // 2 if self._space is None else self._first_examples()
        labels = np.arange(count, dtype=np.int64) % len(self._job.labels)
        seeds = random.derive(self._job.config.seed, "learn/random", len(labels))
        examples = self._workers.random(labels, seeds)
        weights = self._fit(
            self._trainable(), self._pairs(examples, 1) if self._space is None else examples, 1
        )
        if self._cacheable():
            with contextlib.suppress(DataError):  # and so does one that cannot be written
                write_weights(cached, weights)
        return weights

    def _first_examples(self) -> int:
        wanted = self._trainable().examples
        return min(wanted, MOST_OF_BLACK_BOX) if self._space is None else wanted

    def _cacheable(self) -> bool:
        """Not where code or files can change without a change of name: plugins in development, options that are paths."""
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
    """Whether it names something on the disk, perhaps behind a scheme."""
    parts = (text, text.partition(":")[2])
    return any(part and os.path.exists(os.path.expanduser(part)) for part in parts)  # noqa: PTH110, PTH111


def _name(round: int) -> str:
    return iteration_name(round, "features")
