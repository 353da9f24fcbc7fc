"""The end of a run on public data: its populations, embedded alike, are handed to the private side to be measured."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.errors import PeError
from pe_host.evolution.loop import Result
from pe_host.job import Job
from pe_host.learner import Learner
from pe_host.privacy import PrivateSide
from pe_host.privacy.evaluation import EVALUATION, SAMPLES, Population, Question, project, some_rows
from pe_host.reporting import Reporter
from pe_host.run import INTERNAL, RunFolder, iteration_name
from pe_sdk import PARAMETERS_KNOWN, ParameterSpace, Samples

EVALUATING = f"{INTERNAL}/evaluating"
"""Is there while the measuring goes on."""


class Evaluator:
    """Has a run measured, and never makes it fail.

    Args:
        job, info: what ran.
        workers: embed the populations.
        run: where the populations are.
        learner: gives workers and private side the embedding of the first iteration, learnt from random samples alone. Later
            ones follow the noisy votes, and distances by different ones cannot be compared.
        side: measures.
        reporter: is told that it happens, and of what went wrong; of no result.
    """

    def __init__(
        self,
        job: Job,
        info: GeneratorInfo,
        workers: Workers,
        run: RunFolder,
        learner: Learner,
        side: PrivateSide,
        reporter: Reporter,
    ) -> None:
        self._job, self._workers, self._run = job, workers, run
        self._learner, self._side, self._reporter = learner, side, reporter
        self._space = ParameterSpace.from_json(info.space) if info.space else None

    def evaluate(self, result: Result) -> None:
        """Measure S_0 .. S_{T-1} and the release, where the reader declares the data public; else do nothing.

        A process that dies meanwhile, for want of memory say, leaves a mark, and the next one does not measure again.
        """
        mark = self._run.path(EVALUATING)
        try:
            self._run.path(EVALUATION).unlink(
                missing_ok=True
            )  # of a session before: not of this result
            if self._job.source.info.public is not True:
                return
            if mark.exists():
                self._reporter.warn(
                    "the samples were not measured against the private data: the session before died while it did so, perhaps "
                    "for want of memory"
                )
                return
            self._run.write_text(EVALUATING, "")
            self._measure(result)
        except (
            Exception
        ) as error:  # whatever it is, the samples are there, and are worth more than their measure
            cause = str(error) if isinstance(error, PeError) else type(error).__name__
            self._reporter.warn(f"the samples were not measured against the private data: {cause}")
        finally:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)

    def _measure(self, result: Result) -> None:
        with self._reporter.stage(
            "measuring against the private data", result.iterations + 1
        ) as stage:
            populations = []
            for samples in self._populations(result):
                populations.append(self._embedded(samples))
                stage.advance()
            self._side.evaluate(self._question(populations))

    def _populations(self, result: Result) -> Iterator[Samples]:
        """One at a time, since those of some generators carry their pictures."""
        for t in range(result.iterations):
            yield self._run.stored(iteration_name(t, "population"))[1]
        yield result.release

    def _embedded(self, samples: Samples) -> Population:
        some = samples.take(some_rows(len(samples), SAMPLES))
        self._learner.learn(1, some)
        return Population(project(self._workers.embed(some)), columns_of(some, self._space))

    def _question(self, populations: list[Population]) -> Question:
        about = {"embedding": str(self._job.embedding), "weights": self._learner.digest}
        return Question(self._learner.embedding, about, populations, self._space)


def columns_of(samples: Samples, space: ParameterSpace | None) -> dict[str, NDArray[Any]]:
    """The parameters of a population, by name; none where some are not known: those of the rest are not the population's."""
    if not samples.state.get(PARAMETERS_KNOWN, np.ones(1, np.bool_)).all():
        return {}
    return {name: samples.state[name] for name in space or () if name in samples.state}
