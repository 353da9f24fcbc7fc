"""`pe replay`: rebuild the samples of a run from seeds and noisy histograms, and compare.

It needs no private data.
"""

import dataclasses
import os
import tempfile
from pathlib import Path

import numpy as np

from pe_host.compute.pool import Workers
from pe_host.digest import digest_samples
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PluginFailure
from pe_host.evolution.loop import Evolution, Step
from pe_host.plugins import resolve
from pe_host.plugins.isolated import DESCRIBE_SECONDS, find_needs
from pe_host.plugins.names import GENERATOR
from pe_host.plugins.permissions import permit
from pe_host.privacy import NoisyHistogram
from pe_host.privacy.side import check_candidates_digest
from pe_host.privacy.store import FileStore
from pe_host.reporting import CommandResult
from pe_host.run.folder import MANIFEST, RunFolder, votes_name
from pe_host.run.manifest import Manifest
from pe_host.run.samples import load_samples, refuse_unfinished, samples_path
from pe_sdk import Samples


def replay(root: Path) -> CommandResult:
    """Repeat the run in a scratch folder and compare the release, bit for bit.

    Raises:
        DataError: the run is not finished, a histogram is missing, or the samples differ.
        PluginFailure: the generator is not installed in the version of the run.
    """
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    assert manifest.schedule is not None and manifest.class_counts is not None
    plan, store = manifest.plan, FileStore(root)
    kept, labels = load_samples(run, manifest)
    _check_sizes(manifest, len(labels), store)
    generator = resolve(GENERATOR, f"{manifest.generator.distribution}/{manifest.generator.name}")
    if generator != manifest.generator:
        what = f"{generator} is installed, but the run was made by {manifest.generator}"
        raise PluginFailure(what, where=str(root), fix="install the version of the run")
    options, network = manifest.config["set"], bool(plan.network)  # as the run had it
    needs = find_needs(generator, options, DESCRIBE_SECONDS)
    allowed = permit(generator, needs, options, network)
    with (
        Workers.start(os.cpu_count() or 1, allowed=allowed) as workers,
        tempfile.TemporaryDirectory() as scratch,
    ):
        info = workers.load(generator, manifest.config["set"], plan.output, plan.class_names)
        manifest.check_parts(info.parts, str(root))
        evolution = Evolution(
            schedule=manifest.schedule,
            shares=np.array(manifest.class_counts["counts"], np.float64),
            sampler=workers,
            votes=_StoredVotes(store, manifest),
            store=RunFolder(Path(scratch)),
            fit_embedding=_never_fitted,
            seed=manifest.config["seed"],
        )
        result = evolution.run(_unobserved)
        data = workers.data(result.release)
        digest = digest_samples(dataclasses.replace(result.release, data=data))
    if not np.array_equal(kept, data) or not np.array_equal(labels, result.release.labels):
        raise DataError(
            "the released samples are not those that the run made",
            where=str(samples_path(run, manifest)),
            fix="restore the file from a backup; someone changed it after the run",
        )
    if digest != manifest.release_digest or result.iterations != manifest.iterations:
        raise DataError(
            "the rebuilt samples differ from those of the run",
            where=str(root),
            fix=(
                "compare the versions in its manifest.json with those installed; "
                "only the same machine and versions give the same bits"
            ),
        )
    document = {
        "same": True,
        "samples": len(result.release),
        "iterations": result.iterations,
        "digest": digest,
    }
    text = (
        f"the same {len(result.release)} samples, bit for bit, "
        f"from {result.iterations} noisy histograms"
    )
    return CommandResult(document, (text,))


def _check_sizes(manifest: Manifest, samples: int, store: FileStore) -> None:
    """Refuse a schedule of other sizes than the run had, before as much is made.

    A histogram can have a few candidates more than the schedule, as every class has at least k.
    """
    schedule, plan = manifest.schedule, manifest.plan
    assert schedule is not None  # of a finished run
    votes = [store.load(votes_name(t)) for t in range(1, plan.rounds + 1)]
    found = [len(stored[0]) for stored in votes if stored is not None]
    most = max(found, default=max(schedule.sizes))
    if schedule.samples != samples or max(schedule.sizes) > most:
        raise DataError(
            "the manifest is damaged: its schedule has other sizes than the files of the run",
            where=str(store.folder / MANIFEST),
            fix="restore the file from a backup",
        )


class _StoredVotes:
    """The stored histograms of a run, in the order in which it used them."""

    def __init__(self, store: FileStore, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        if t > (self._manifest.iterations or 0):
            return None
        stored = self._store.load(votes_name(t))
        if stored is None or len(stored[0]) != len(candidates):
            raise _missing(t)
        check_candidates_digest(stored[1], t, digest_samples(candidates))
        return NoisyHistogram(stored[0], t, self._manifest.plan.vote_scale)

    def affordable(self) -> bool:
        """False: after the histograms that it has, the run ended."""
        return False

    def ask(
        self, t: int, phi: FittedEmbedding, candidates: Samples, vectors: object
    ) -> NoisyHistogram:
        raise _missing(t)


def _missing(t: int) -> DataError:
    what = f"the noisy histogram of iteration {t} is missing"
    return DataError(what, where=votes_name(t), fix="restore the file from a backup")


def _never_fitted(t: int, population: Samples) -> FittedEmbedding:
    """Stand in for training: all votes of the run are stored, so a replay embeds nothing."""
    raise _missing(t)


def _unobserved(step: Step) -> None:
    pass
