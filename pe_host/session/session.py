"""One session of a run: from the class counts to the release.

The order matters. Notes come first, then a preflight of the plugins, which fails before anything is
spent. The class counts are the first release and decide the schedule, which the manifest holds
before the first vote. The manifest says "finished" only after release and internal page are
written, so a session that is killed earlier is resumed.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute import protocol
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.digest import digest_samples
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import Grid
from pe_host.errors import PluginFailure, PrivacyRefusal
from pe_host.evolution import defaults
from pe_host.evolution.loop import Evolution, Step
from pe_host.evolution.planning import make_schedule
from pe_host.evolution.schedule import Schedule
from pe_host.evolution.selection import weights
from pe_host.formats.npz import layout_of
from pe_host.job.job import Job
from pe_host.privacy import BudgetExhausted, ClassCounts, NoisyHistogram, PrivateSide
from pe_host.privacy.budget import RunAccount
from pe_host.privacy.shortage import Shortage
from pe_host.report.grid import RecordGrid, first_rows
from pe_host.report.views import columns_for
from pe_host.reporting import Reporter
from pe_host.run.folder import LOG, RELEASED_GRID, RunFolder, grid_name, save_arrays
from pe_host.run.log import LoggingReporter
from pe_host.run.manifest import Manifest
from pe_host.session.embedding import EmbeddingTrainer
from pe_host.session.estimate import Pace, estimate, timed
from pe_host.session.evaluation import Evaluator
from pe_host.session.release import write_internal_page, write_release
from pe_sdk import Degree, Released, Samples, Seeds, random


class Session:
    """One session of a run that has started.

    Args:
        job, info: what runs.
        workers: the workers, with the generator loaded.
        run: the folder of the run, locked.
        side: the private side, with its records loaded.
        reporter: shows progress.
        account: of the run in the budget of its data set, if somebody counts it.
    """

    def __init__(
        self,
        job: Job,
        info: GeneratorInfo,
        workers: Workers,
        run: RunFolder,
        side: PrivateSide,
        reporter: Reporter,
        account: RunAccount | None = None,
    ) -> None:
        self._job, self._info, self._workers, self._run = job, info, workers, run
        self._side, self._terminal, self._account = side, reporter, account
        self._reporter = LoggingReporter(reporter, run.path(LOG))
        self._columns = columns_for(job.output, len(job.labels), job.plan.rounds + 1)

    def evolve(self, manifest: Manifest) -> Manifest:
        """Run from the class counts to the release, and return the finished manifest."""
        started, job = time.monotonic(), self._job
        self._announce()
        plan, config = job.plan, job.config
        degrees = config.degrees or defaults.degrees(plan.rounds)
        retrain = config.retrain is not False
        trainer = EmbeddingTrainer(job, self._info, self._workers, self._run, degrees, retrain)
        self._workers.choose_embedding(job.embedding, config.embedding_options)
        fit_embedding = self._shown_fitting(trainer)
        said = self._preflight(fit_embedding)
        if said is not None and manifest.schedule is None:
            self._reporter.note(said)
        counts = self._class_counts()
        self._check_delta(counts)
        schedule = self._schedule(counts)
        manifest = replace(manifest, schedule=schedule, class_counts=counts.to_json())
        manifest.write(self._run)
        votes = _SessionVotes(self._side)
        evolution = Evolution(
            schedule=schedule,
            shares=counts.counts.astype(np.float64),
            sampler=_ShownSampler(self._workers, self._reporter),
            votes=votes,
            store=self._run,
            fit_embedding=fit_embedding,
            seed=config.seed,
            first=self._run.first_candidates(),
        )
        result = evolution.run(lambda step: self._observe(step, schedule, started))
        if result.iterations < schedule.iterations:
            self._reporter.warn(
                f"the release rests on {result.iterations} of {schedule.iterations} iterations: "
                f"{votes.shortage}"
            )
        data = self._workers.data(result.release)
        self._keep_grid(RELEASED_GRID, result.release.labels, data)
        manifest = replace(
            manifest,
            finished=True,
            iterations=result.iterations,
            spent_epsilon=self._side.ledger.spent_epsilon(),
            release_digest=digest_samples(replace(result.release, data=data)),
        )
        seconds = time.monotonic() - started
        self._reporter.note(f"released {len(data):,} samples after {seconds:.1f} s")
        write_release(self._run, manifest, data, result.release.labels)
        Evaluator(
            job, self._info, self._workers, self._run, fit_embedding, self._side, self._reporter
        ).evaluate(result)
        write_internal_page(self._run, manifest)  # after the evaluation, which it shows
        if self._account is not None:
            self._account.finish()
        return manifest.write(self._run)

    def _announce(self) -> None:
        job = self._job
        summary = job.plan.summary()
        self._reporter.note(f"{self._run.root}: {job.generator} on {job.source}, {summary}")
        for text in job.notes:
            self._reporter.note(text)
        for text in self._side.warnings():  # they depend on private data: shown, not logged
            self._terminal.warn(text)

    def _preflight(self, fit_embedding: Callable[[int, Samples], FittedEmbedding]) -> str | None:
        """Make, vary and embed one sample per class, as every iteration does.

        The same for samples of an earlier run that this one starts from.

        So a plugin that cannot do this fails before anything is spent.

        Returns:
            how long the run will take, in words, or None if it is short.
        """
        workers, labels = self._workers, np.arange(len(self._job.labels), dtype=np.int64)
        seeds = random.derive(self._job.config.seed, "rehearsal", len(labels))
        drawn, to_draw = timed(lambda: workers.random(labels, seeds))
        samples, to_vary = timed(lambda: workers.vary(drawn, 0.1, seeds))
        phi = fit_embedding(1, samples)
        _, to_embed = timed(lambda: workers.embed(phi, samples))
        first = Pace(to_draw, to_vary, to_embed)
        said = estimate(self._job, workers, phi, self._info.block, first)
        if (earlier := self._run.first_candidates()) is not None:
            one_each = np.unique(earlier.labels, return_index=True)[1]
            varied = workers.vary(earlier.take(one_each), 0.1, seeds[: len(one_each)])
            workers.embed(phi, varied)
        if self._info.adapts:
            self._preflight_adapting(phi, samples, seeds)
        return said

    def _preflight_adapting(self, phi: FittedEmbedding, samples: Samples, seeds: Seeds) -> None:
        """Adapt through all iterations, on votes that differ as much as votes can.

        Before that, check that the state of a full population fits into one message.
        """
        plan, config = self._job.plan, self._job.config
        most = config.candidates or defaults.MOST_CANDIDATES
        row = sum(column.nbytes for column in samples.state.values()) // max(len(samples), 1)
        if row * most > protocol.BYTES_LIMIT:
            raise PluginFailure(
                f"per-sample state is too large ({row:,} bytes): "
                f"{most:,} candidates exceed the message size limit",
                where=str(self._job.generator),
                fix="ask for fewer --candidates",
            )
        for t in range(1, plan.rounds + 1):
            votes = np.arange(len(samples), dtype=np.int64) * 100
            released = Released(t, plan.rounds, samples.labels, votes, 1.0, samples.state)
            self._workers.adapt(released)
            samples = self._workers.vary(samples, 0.1, seeds)
        self._workers.embed(phi, samples)

    def _class_counts(self) -> ClassCounts:
        try:
            return self._side.class_counts()
        except BudgetExhausted as error:
            raise PrivacyRefusal(
                f"there are no class counts: {error.shortage}",
                where=str(self._run.root),
                fix=(
                    "start a new run: its ε adds to what this one spent; "
                    "with --class-shares uniform or public it needs no counts"
                    if error.shortage is Shortage.LOST
                    else "raise the cap (`pe budget cap`), then run the same command with --resume"
                ),
            ) from None

    def _check_delta(self, counts: ClassCounts) -> None:
        """Refuse a δ that is not below 1/n, by the n that was released: the true one is private."""
        if not self._job.config.allow_large_delta:
            fix = (
                f"start a new run with --delta well below {1 / max(counts.total, 1):.1g} (its ε "
                "adds to the share of this one that its class counts spent), or add "
                "--allow-large-delta and --resume"
            )
            self._job.plan.check_delta(counts.total, str(self._run.root), fix)

    def _schedule(self, counts: ClassCounts) -> Schedule:
        config, plan = self._job.config, self._job.plan
        classes = int((counts.counts > 0).sum()) or len(plan.class_names)
        rounds, votes, scale = plan.rounds, plan.votes, plan.vote_scale
        return make_schedule(config, rounds, votes, scale, counts.total, classes)

    def _shown_fitting(
        self, trainer: EmbeddingTrainer
    ) -> Callable[[int, Samples], FittedEmbedding]:
        def fit_embedding(t: int, population: Samples) -> FittedEmbedding:
            with self._reporter.stage(f"training the embedding of iteration {t}", 1):
                return trainer.fit_embedding(t, population)

        return fit_embedding

    def _observe(self, step: Step, schedule: Schedule, started: float) -> None:
        for text in self._workers.warnings:
            self._reporter.warn(text)
        grid = grid_name(step.t - 1)
        if not self._run.path(grid).exists():
            labels = step.candidates.labels
            rows = np.concatenate(first_rows(labels, len(self._job.labels), self._columns))
            shown = step.candidates.take(rows)
            self._keep_grid(grid, shown.labels, self._workers.data(shown))
        if step.recalled:  # already logged by the session that drew it
            return
        histogram = step.histogram
        chances = weights(histogram.votes, histogram.noise_scale, schedule.threshold)
        text = (
            f"{len(step.candidates):,} candidates, {(chances > 0).mean():.0%} above the "
            f"threshold, {time.monotonic() - started:.1f} s"
        )
        self._reporter.iteration(step.t, schedule.iterations, text)

    def _keep_grid(self, name: str, labels: NDArray[np.int64], data: NDArray[Any]) -> None:
        output = self._job.output
        grid = RecordGrid.pick(output, data, labels, len(self._job.labels), self._columns)
        arrays = {layout_of(output).array: grid.records, "filled": grid.filled}
        save_arrays(self._run.path(name), arrays)


class _ShownSampler:
    """The workers as the loop sees them, with a progress bar while they work."""

    def __init__(self, workers: Workers, reporter: Reporter) -> None:
        self._workers, self._reporter = workers, reporter

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        with self._bar("random samples", len(labels)):
            return self._workers.random(labels, seeds)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        with self._bar("variations", len(samples)):
            return self._workers.vary(samples, degree, seeds)

    def adapt(self, released: Released | None) -> None:
        self._workers.adapt(released)

    def embed(
        self, phi: FittedEmbedding, samples: Samples, lookahead: int, degree: Degree, seeds: Seeds
    ) -> Grid:
        with self._bar("candidates", len(samples)):
            return self._workers.embed(phi, samples, lookahead, degree, seeds)

    @contextlib.contextmanager
    def _bar(self, name: str, rows: int) -> Iterator[None]:
        before = self._workers.advance
        with self._reporter.stage(name, rows) as stage:
            self._workers.advance = stage.advance
            try:
                yield
            finally:
                self._workers.advance = before


class _SessionVotes:
    """The votes of the private side, as the loop sees them."""

    def __init__(self, side: PrivateSide) -> None:
        self._side = side
        self.shortage: Shortage | None = None
        """Why there was no further round, if so."""

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        return self._side.released(t, len(candidates), digest_samples(candidates))

    def affordable(self) -> bool:
        self.shortage = self._side.ledger.shortage("votes")
        return self.shortage is None

    def ask(
        self, t: int, phi: FittedEmbedding, candidates: Samples, vectors: Grid
    ) -> NoisyHistogram:
        digest = digest_samples(candidates)
        return self._side.vote(t, phi, vectors, candidates.labels, digest)
