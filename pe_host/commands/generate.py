"""`pe generate`: resolve the job, open the run folder, evolve, release."""

import contextlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pe_host.commands.inspect import describe_reading, facts
from pe_host.commands.memory import ROW_BYTES, bytes_of, refuse_too_many
from pe_host.compute.info import GeneratorInfo
from pe_host.compute.pool import Workers
from pe_host.durable import owner_only, restrict
from pe_host.errors import PeError
from pe_host.files import paths_in
from pe_host.job.config import RunConfig
from pe_host.job.confinement import UNCONFINED
from pe_host.job.job import Job, resolve
from pe_host.plugins import PluginEntry
from pe_host.privacy import FolderLock, PrivacyPlan, PrivateSide
from pe_host.privacy.budget import RunAccount
from pe_host.privacy.ledger import Ledger
from pe_host.reporting import CommandResult, Reporter
from pe_host.run.folder import (
    INTERNAL,
    INTERNAL_PAGE,
    LEDGER,
    MANIFEST,
    PAGE,
    RELEASE,
    RunFolder,
    discard_unstarted,
    refuse_no_run,
)
from pe_host.run.manifest import Manifest
from pe_host.run.place import (
    fresh_folder,
    in_use,
    make_run_folder,
    refuse_overlap,
    refuse_used,
)
from pe_host.run.samples import samples_path
from pe_host.session.budget import check_cap, counted
from pe_host.session.session import Session
from pe_host.session.start import continue_run, start_run
from pe_sdk import TrainableEmbedding


def generate(
    config: RunConfig,
    *,
    out: Path | None,
    resume: bool,
    dry_run: bool,
    reporter: Reporter,
    installed: Sequence[PluginEntry] | None = None,
    adopt: bool = False,
    exposed: str = "",
) -> CommandResult:
    """Run Private Evolution, or continue a run.

    Args:
        config: settings.
        out: the run folder; a fresh one below `runs/` by default.
        resume: `out` holds a run of the same settings, finished or not.
        dry_run: resolve everything, calibrate the noise and return how the data are read and the
            plan; spend and write nothing.
        reporter: shows progress.
        installed: the plugins; by default the result of `pe_host.plugins.find`.
        adopt: with `resume`: count a run that another budget database counted by its ledger.
        exposed: why this process is not confined although the kernel could confine it, which only
            public data allow; "" otherwise.

    Raises:
        PeError: of the fitting kind. What was done is kept, and --resume continues from there.
    """
    begun = _plan_of(out) if resume and config.start else None
    job = resolve(config, installed, exposed, begun)
    if exposed:
        reporter.warn(f"{exposed}: readers and embeddings are not kept from your files and network")
    if out is not None:
        for path in paths_in(job.source.location):
            refuse_overlap(out, path)
        (refuse_no_run if resume else refuse_used)(out)
    if dry_run:
        for text in job.notes:
            reporter.note(text)
        if not resume:
            check_cap(job, out or Path("runs"))
        return _planned(job)
    for text in describe_reading(job.source, job.labels, job.config.origin("classes")):
        reporter.note(text)
    folder = out or fresh_folder(job.generator.name)
    try:
        return _generate(job, folder, resume, adopt, reporter)
    except KeyboardInterrupt:
        if (folder / MANIFEST).exists():
            reporter.note(
                f"what was done is kept in {folder}; "
                f"the same command with --out {folder} --resume continues it"
            )
        raise


def _plan_of(out: Path | None) -> PrivacyPlan | None:
    """The plan of the run in a folder, if one was started there."""
    if out is None or not (out / MANIFEST).exists():
        return None
    return Manifest.read(RunFolder(out)).plan


def _generate(
    job: Job, folder: Path, resume: bool, adopt: bool, reporter: Reporter
) -> CommandResult:
    _refuse_too_many(job)
    if job.plan.unconfined:
        reporter.warn(UNCONFINED)
    with Workers.start(_useful_workers(job), allowed=job.allowed) as workers:
        info = workers.load(job.generator, job.config.set, job.output, job.labels)
        for text in workers.warnings:
            reporter.warn(text)
        # What is NOT PRIVATE is for its owner only, whatever the umask.
        with contextlib.nullcontext() if job.plan.private else owner_only():
            make_run_folder(folder)
            return _evolve(job, folder, resume, adopt, workers, info, reporter)


def _evolve(
    job: Job,
    folder: Path,
    resume: bool,
    adopt: bool,
    workers: Workers,
    info: GeneratorInfo,
    reporter: Reporter,
) -> CommandResult:
    source, run = job.source, RunFolder(folder)
    with FolderLock(folder) as lock, contextlib.ExitStack() as stack:
        if not resume and not run.is_bare():  # another run was quicker
            raise in_use(folder)
        run.remove_partials()
        begun = continue_run(run, job, info) if resume else None
        if begun is not None:
            job = replace(job, plan=begun.plan)
        restrict(run.path(INTERNAL) if job.plan.private else folder)
        if begun is not None and begun.finished:
            if adopt:
                _adopt_finished(job, run, reporter)
            reporter.note(f"{folder} is already finished; nothing is left to do")
            return _finished(run, begun)
        with _undone_on_failure(folder, begun, reporter):
            account = stack.enter_context(counted(run, job, adopt, reporter))
            stack.enter_context(_withdrawn_on_failure(account, reporter))
            manifest = begun or start_run(run, job, info, account)
            opened = PrivateSide.open(
                job.plan, lock, source.reader, source.location, source.info.public, account
            )
            side = stack.enter_context(opened)
            side.load()
        session = Session(job, info, workers, run, side, reporter, account)
        return _finished(run, session.evolve(manifest))


@contextlib.contextmanager
def _undone_on_failure(folder: Path, begun: Manifest | None, reporter: Reporter) -> Iterator[None]:
    """Leave the folder of a new run as it was if the block fails: nothing was spent in it.

    The error of the block is raised; one that undoing meets is a warning.
    """
    try:
        yield
    except Exception:
        if begun is None:
            try:
                discard_unstarted(folder)
            except OSError as error:
                place = error.filename or folder
                reporter.warn(f"{place}: cannot remove what the run had written: {error.strerror}")
        raise


@contextlib.contextmanager
def _withdrawn_on_failure(account: RunAccount | None, reporter: Reporter) -> Iterator[None]:
    """Free what a run has reserved if the block fails before it has drawn anything.

    The error of the block is raised; one that freeing meets is a warning.
    """
    try:
        yield
    except Exception:
        if account is not None:
            try:
                account.withdraw()
            except PeError as error:
                reporter.warn(f"the budget may still reserve what this run planned: {error}")
        raise


def _adopt_finished(job: Job, run: RunFolder, reporter: Reporter) -> None:
    """Count a finished run here by its ledger."""
    with counted(run, job, True, reporter) as account:
        if account is not None:
            Ledger.open(run.path(LEDGER), job.plan, account)
            account.finish()


def _refuse_too_many(job: Job) -> None:
    """Refuse more candidates or samples than this machine can hold, before anything is spent."""
    # The data of all samples are held at once; candidates can be made from their state again.
    for name, size in (("candidates", ROW_BYTES), ("samples", bytes_of(job.output))):
        refuse_too_many(name, getattr(job.config, name) or 0, size, job.config.origin(name))


def _useful_workers(job: Job) -> int:
    """The number of workers asked for, less those that would never get a block.

    What they make does not depend on their number. Training takes examples besides the candidates,
    so an embedding that learns gets every worker.
    """
    asked, block = job.config.workers or os.cpu_count() or 1, job.about["block"]
    if type(block) is not int or block < 1:  # the generator said so: loading it reports that
        return asked
    rows = (job.config.candidates, job.config.samples, len(job.labels))
    if None in rows or isinstance(job.make_embedding(), TrainableEmbedding):
        return asked
    return min(asked, max(math.ceil(count / block) for count in rows if count))


def _planned(job: Job) -> CommandResult:
    settings = job.config.to_toml().splitlines()
    would = f"{job.generator} would run on {job.source} ({job.output.form})"
    return CommandResult(
        {
            "reading": facts(job.source, job.labels, job.config.origin("classes")),
            "plan": job.plan.to_json(),
            "settings": settings,
        },
        (
            would,
            "",
            *describe_reading(job.source, job.labels, job.config.origin("classes")),
            "",
            *job.plan.sentences(),
            "",
            *settings,
        ),
    )


def _finished(run: RunFolder, manifest: Manifest) -> CommandResult:
    plan = manifest.plan
    page = run.path(RELEASE if plan.private else INTERNAL) / PAGE
    internal = run.path(INTERNAL_PAGE)
    samples = samples_path(run, manifest)
    document = {
        "run": str(run.root),
        "private": plan.private,
        "epsilon": plan.to_json()["epsilon"],
        "total_epsilon": plan.total_epsilon if plan.private else "inf",
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
        f"internal {internal}  (with the log and all settings; do not publish)",
        plan.summary() if plan.private else "NOT PRIVATE: there is no release",
    )
    return CommandResult(document, text)
