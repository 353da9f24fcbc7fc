"""`pe generate`: settle the job, open the run folder, evolve, release."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute import protocol
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.config import RunConfig
from pe_host.digest import digest_samples
from pe_host.embeddings.grid import Grid
from pe_host.errors import PeError, PluginFailure, PrivacyRefusal
from pe_host.evaluator import Evaluator
from pe_host.evolution import defaults
from pe_host.evolution.loop import Evolution, Step
from pe_host.evolution.planning import make_schedule
from pe_host.evolution.schedule import Schedule
from pe_host.job import Job, settle
from pe_host.layouts import layout_of
from pe_host.learner import Learner
from pe_host.manifest import Manifest, continue_run, start_run
from pe_host.outcome import Outcome
from pe_host.place import (
    clear,
    fresh_folder,
    in_use,
    make,
    refuse_no_run,
    refuse_overlap,
    refuse_used,
)
from pe_host.privacy import BudgetExhausted, ClassCounts, FolderLock, NoisyHistogram, PrivateSide
from pe_host.release import PAGE, samples_path, write_internal_page, write_release
from pe_host.report.grid import RecordGrid, first_rows
from pe_host.report.views import columns_for
from pe_host.reporting import Reporter
from pe_host.run import INTERNAL, MANIFEST, RELEASE, RunFolder, iteration_name, save_arrays
from pe_host.runlog import Logged
from pe_sdk import Degree, Released, Samples, Seeds, random


def generate(
    config: RunConfig, *, out: Path | None, resume: bool, dry_run: bool, reporter: Reporter
) -> Outcome:
    """Run Private Evolution, or go on with a run.

    Args:
        config: settings.
        out: the run folder; a fresh one below `runs/` by default.
        resume: `out` holds a run of the same settings, finished or not.
        dry_run: settle everything, calibrate the noise, and say what would be done; nothing is opened or written.
        reporter: progress.

    Raises:
        PeError: of the kind that fits. What was done is kept, and --resume goes on from there.
    """
    job = settle(config)
    if out is not None:
        refuse_overlap(out, job.source.location)
        (refuse_no_run if resume else refuse_used)(out)
    if dry_run:
        for text in job.notes:
            reporter.note(text)
        return _planned(job)
    folder = out or fresh_folder(job.generator.name)
    try:
        return _generate(job, folder, resume, reporter)
    except KeyboardInterrupt:
        if (folder / MANIFEST).exists():
            reporter.note(
                f"what was done is kept in {folder}; the same command with --out {folder} --resume goes on"
            )
        raise


def _generate(job: Job, folder: Path, resume: bool, reporter: Reporter) -> Outcome:
    with Workers.start(job.config.workers or os.cpu_count() or 1) as workers:
        info = workers.load(job.generator, job.config.set, job.output, job.labels)
        for text in workers.warnings:
            reporter.warn(text)
        make(folder)
        with FolderLock(folder) as lock:
            run = RunFolder(folder)
            if not resume and not run.is_bare():  # another run was quicker
                raise in_use(folder)
            manifest = continue_run(run, job, info) if resume else start_run(run, job, info)
            run.sweep()
            if manifest.finished:
                reporter.note(f"{folder} is finished already; nothing is left to do")
                return _finished(run, manifest)
            source = job.source
            with PrivateSide.open(
                job.plan, lock, source.reader, source.location, source.info.public
            ) as side:
                try:
                    side.load()
                except PeError:
                    if not resume:  # nothing was spent: the folder is as it was
                        clear(folder)
                    raise
                manifest = _Run(job, info, workers, run, side, reporter).evolve(manifest)
            return _finished(run, manifest)


class _Run:
    """One session of a run that has started."""

    def __init__(
        self,
        job: Job,
        info: GeneratorInfo,
        workers: Workers,
        run: RunFolder,
        side: PrivateSide,
        reporter: Reporter,
    ) -> None:
        self._job, self._info, self._workers, self._run = job, info, workers, run
        self._side, self._terminal = side, reporter
        self._reporter = Logged(reporter, run.path(f"{INTERNAL}/log.txt"))
        self._columns = columns_for(job.output, len(job.labels), job.plan.rounds + 1)

    def evolve(self, manifest: Manifest) -> Manifest:
        """From the class counts to the release; returns the finished manifest."""
        started, job = time.monotonic(), self._job
        self._reporter.note(
            f"{self._run.root}: {job.generator} on {job.source}, {job.plan.summary()}"
        )
        for text in job.notes:
            self._reporter.note(text)
        for text in self._side.warnings():  # they depend on private data: shown, and not kept
            self._terminal.warn(text)
        plan, config = job.plan, job.config
        degrees = config.degrees or defaults.degrees(plan.rounds)
        learner = Learner(
            job, self._info, self._workers, self._run, degrees, config.retrain is not False
        )
        self._rehearse(learner)
        counts = self._class_counts()
        schedule = self._schedule(counts)
        manifest = replace(manifest, schedule=schedule, class_counts=counts.to_json()).write(
            self._run
        )
        evolution = Evolution(
            schedule=schedule,
            shares=counts.counts.astype(np.float64),
            maker=_Shown(self._workers, self._reporter),
            votes=_Votes(self._side, learner),
            memory=self._run,
            learn=self._shown_learning(learner),
            seed=self._job.config.seed,
        )
        result = evolution.run(lambda step: self._observe(step, schedule, started))
        if result.iterations < schedule.iterations:
            self._reporter.warn(
                f"the release comes from {result.iterations} of {schedule.iterations} iterations: noise was drawn and lost "
                "in interruptions, which counts as spent, and the budget is a hard limit"
            )
        data = self._workers.data(result.release)
        self._keep_grid("iterations/release_grid", result.release.labels, data)
        manifest = replace(
            manifest,
            finished=True,
            iterations=result.iterations,
            spent_epsilon=self._side.ledger.spent_epsilon(),
            release_digest=digest_samples(replace(result.release, data=data)),
        )
        self._reporter.note(
            f"released {len(data):,} samples after {time.monotonic() - started:.1f} s"
        )
        write_release(self._run, manifest, data, result.release.labels)
        Evaluator(
            job, self._info, self._workers, self._run, learner, self._side, self._reporter
        ).evaluate(result)
        write_internal_page(self._run, manifest)  # with what was measured
        return manifest.write(self._run)

    def _rehearse(self, learner: Learner) -> None:
        """Make, vary and embed one sample a class, as in every iteration: a plugin that cannot fails before anything is spent."""
        labels = np.arange(len(self._job.labels), dtype=np.int64)
        seeds = random.derive(self._job.config.seed, "rehearsal", len(labels))
        samples = self._workers.vary(self._workers.random(labels, seeds), 0.1, seeds)
        self._shown_learning(learner)(1, samples)
        self._workers.embed(samples)
        if self._info.adapts:
            self._rehearse_adapting(samples, seeds)

    def _rehearse_adapting(self, samples: Samples, seeds: Seeds) -> None:
        """Through all iterations, with votes as unlike as they may be; and whether a whole population can be told of."""
        rounds, most = (
            self._job.plan.rounds,
            self._job.config.candidates or defaults.MOST_CANDIDATES,
        )
        row = sum(column.nbytes for column in samples.state.values()) // max(len(samples), 1)
        if row * most > protocol.BYTES_LIMIT:
            raise PluginFailure(
                f"its samples have {row:,} bytes of state each, too many to tell it of {most:,} candidates and their votes",
                where=str(self._job.generator),
                fix="ask for fewer --candidates",
            )
        for t in range(1, rounds + 1):
            votes = np.arange(len(samples), dtype=np.int64) * 100
            self._workers.adapt(Released(t, rounds, samples.labels, votes, 1.0, samples.state))
            samples = self._workers.vary(samples, 0.1, seeds)
        self._workers.embed(samples)

    def _class_counts(self) -> ClassCounts:
        try:
            return self._side.class_counts()
        except BudgetExhausted:
            raise PrivacyRefusal(
                "the class counts were lost in an interruption, and the budget does not hold another release of them",
                where=str(self._run.root),
                fix="start a new run; its budget adds to what this one spent. One with --class-shares uniform or public needs no counts",
            ) from None

    def _schedule(self, counts: ClassCounts) -> Schedule:
        config, plan = self._job.config, self._job.plan
        classes = int((counts.counts > 0).sum()) or len(plan.class_names)
        return make_schedule(
            config, plan.rounds, plan.votes, plan.vote_scale, counts.total, classes
        )

    def _shown_learning(self, learner: Learner) -> Callable[[int, Samples], None]:
        def learn(t: int, population: Samples) -> None:
            with self._reporter.stage(f"learning the embedding of iteration {t}", 1):
                learner.learn(t, population)

        return learn

    def _observe(self, step: Step, schedule: Schedule, started: float) -> None:
        for text in self._workers.warnings:
            self._reporter.warn(text)
        grid = iteration_name(step.t - 1, "grid")
        if not self._run.path(f"{grid}.npz").exists():
            rows = np.concatenate(
                first_rows(step.candidates.labels, len(self._job.labels), self._columns)
            )
            shown = step.candidates.take(rows)
            self._keep_grid(grid, shown.labels, self._workers.data(shown))
        if step.recalled:  # told by the session that asked
            return
        above = float(
            (step.histogram.votes > schedule.threshold * step.histogram.noise_scale).mean()
        )
        text = f"{len(step.candidates):,} candidates, {above:.0%} above the threshold, {time.monotonic() - started:.1f} s"
        self._reporter.iteration(step.t, schedule.iterations, text)

    def _keep_grid(self, name: str, labels: NDArray[np.int64], data: NDArray[Any]) -> None:
        output = self._job.output
        grid = RecordGrid.pick(output, data, labels, len(self._job.labels), self._columns)
        save_arrays(
            self._run.path(f"{name}.npz"),
            {layout_of(output).array: grid.records, "filled": grid.filled},
        )


class _Shown:
    """The workers as the loop sees them: with a bar while they work."""

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

    def embed(self, samples: Samples, lookahead: int, degree: Degree, seeds: Seeds) -> Grid:
        with self._bar("candidates", len(samples)):
            return self._workers.embed(samples, lookahead, degree, seeds)

    @contextlib.contextmanager
    def _bar(self, name: str, rows: int) -> Iterator[None]:
        before = self._workers.advance
        with self._reporter.stage(name, rows) as stage:
            self._workers.advance = stage.advance
            try:
                yield
            finally:
                self._workers.advance = before


class _Votes:
    """The private side as the loop sees it."""

    def __init__(self, side: PrivateSide, learner: Learner) -> None:
        self._side, self._learner = side, learner

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        return self._side.released(t, len(candidates), digest_samples(candidates))

    def affordable(self) -> bool:
        return self._side.ledger.affords("votes")

    def ask(self, t: int, candidates: Samples, vectors: Grid) -> NoisyHistogram:
        learner, seal = self._learner, digest_samples(candidates)
        return self._side.vote(
            t, learner.embedding, learner.digest, vectors, candidates.labels, seal
        )


def _planned(job: Job) -> Outcome:
    config = {"settings": job.config.to_toml().splitlines()}
    text = (f"{job.generator} would run on {job.source} ({job.output.form})",)
    return Outcome(
        {"plan": job.plan.to_json(), **config},
        (*text, *job.plan.sentences(), "", *config["settings"]),
    )


def _finished(run: RunFolder, manifest: Manifest) -> Outcome:
    plan = manifest.plan
    page = run.path(RELEASE if plan.private else INTERNAL) / PAGE
    internal = run.path(INTERNAL) / PAGE
    samples = samples_path(run, manifest)
    document = {
        "run": str(run.root),
        "private": plan.private,
        "epsilon": plan.to_json()["epsilon"],
        "spent_epsilon": manifest.to_json()["spent_epsilon"],
        "delta": plan.delta,
        "samples": str(samples),
        "report": str(page),
        "internal_report": str(internal),
        "iterations": manifest.iterations,
    }
    text = (
        f"samples  {samples}",
        f"report   {page}",
        f"internal {internal}  (with the log and settings; not for publication)",
        plan.summary() if plan.private else "NOT PRIVATE: there is no release",
    )
    return Outcome(document, text)
