"""The evaluation of a run on public data: the private side measures its populations."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import PeError
from pe_host.evolution.loop import Result
from pe_host.job.job import Job
from pe_host.privacy import PrivateSide
from pe_host.privacy.evaluation import SAMPLES, EvaluationRequest, Population, project, some_rows
from pe_host.reporting import Reporter
from pe_host.run.folder import EVALUATING, EVALUATION, RunFolder
from pe_sdk import PARAMETERS_KNOWN, ParameterSpace, Samples

_NOT_MEASURED = "the samples were not measured against the private data"


class Evaluator:
    """Evaluates a run, and never makes it fail.

    Args:
        job, info: what ran.
        workers: the workers, which embed the populations.
        run: where the populations are stored.
        fit_embedding: trains phi, as in the loop. All populations are embedded by phi of the first
            iteration, which was trained on random samples only: later ones follow the noisy votes,
            and distances in different embeddings cannot be compared.
        side: the private side, which measures.
        reporter: shows progress and warnings, and no result.
    """

    def __init__(
        self,
        job: Job,
        info: GeneratorInfo,
        workers: Workers,
        run: RunFolder,
        fit_embedding: Callable[[int, Samples], FittedEmbedding],
        side: PrivateSide,
        reporter: Reporter,
    ) -> None:
        self._job, self._workers, self._run = job, workers, run
        self._fit_embedding, self._side, self._reporter = fit_embedding, side, reporter
        self._space = ParameterSpace.from_json(info.space) if info.space else None

    def evaluate(self, result: Result) -> None:
        """Measure S_0 .. S_{T-1} and the release if the reader declares the data public.

        A process that dies while measuring, for lack of memory say, leaves a mark, and the next
        session does not measure again.
        """
        mark = self._run.path(EVALUATING)
        try:
            self._run.path(EVALUATION).unlink(missing_ok=True)  # of an earlier session's result
            if self._job.source.info.public is not True:
                return
            if mark.exists():
                why = "the last session died while measuring, perhaps for lack of memory"
                self._reporter.warn(f"{_NOT_MEASURED}: {why}")
                return
            self._run.write_text(EVALUATING, "")
            self._measure(result)
        except Exception as error:  # the samples are there, and are worth more than their measure
            cause = str(error) if isinstance(error, PeError) else type(error).__name__
            self._reporter.warn(f"{_NOT_MEASURED}: {cause}")
        finally:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)

    def _measure(self, result: Result) -> None:
        phi = self._fit_embedding(1, self._run.stored_population(0))
        total, populations = result.iterations + 1, []
        with self._reporter.stage("measuring against the private data", total) as stage:
            for samples in self._populations(result):
                populations.append(self._embedded(phi, samples))
                stage.advance()
            about = {"embedding": str(self._job.embedding), "weights": phi.digest}
            request = EvaluationRequest(phi.embedding, about, populations, self._space)
            self._side.evaluate(request)

    def _populations(self, result: Result) -> Iterator[Samples]:
        """One at a time, since those of some generators carry their data."""
        for t in range(result.iterations):
            yield self._run.stored_population(t)
        yield result.release

    def _embedded(self, phi: FittedEmbedding, samples: Samples) -> Population:
        subset = samples.take(some_rows(len(samples), SAMPLES))
        vectors = project(self._workers.embed(phi, subset))
        return Population(vectors, columns_of(subset, self._space))


def columns_of(samples: Samples, space: ParameterSpace | None) -> dict[str, NDArray[Any]]:
    """The parameters of a population, by name; none if they are unknown in some of its rows.

    The rows with known parameters would not represent the population.
    """
    if not samples.state.get(PARAMETERS_KNOWN, np.ones(1, np.bool_)).all():
        return {}
    return {name: samples.state[name] for name in space or () if name in samples.state}
