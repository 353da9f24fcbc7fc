"""`pe replay`: make the samples of a run again from seeds and noisy histograms, and compare. No private data is needed."""

import dataclasses
import os
import tempfile
from pathlib import Path

import numpy as np

from pe_host.compute.pool import Workers
from pe_host.digest import digest_samples
from pe_host.errors import DataError, PluginFailure
from pe_host.evolution.loop import Evolution, Step
from pe_host.manifest import Manifest
from pe_host.outcome import Outcome
from pe_host.plugins import resolve
from pe_host.plugins.names import GENERATOR
from pe_host.privacy import NoisyHistogram
from pe_host.privacy.side import check_seal, votes_name
from pe_host.privacy.store import FileStore
from pe_host.release import load_samples, samples_path
from pe_host.run import RunFolder
from pe_sdk import Samples


def replay(root: Path) -> Outcome:
    """Go through the run again in a scratch folder and compare the release, bit for bit.

    Raises:
        DataError: there is no finished run, a histogram is missing, or the samples come out differently.
        PluginFailure: the generator is not here in the version of the run.
    """
    run = RunFolder(root)
    manifest = Manifest.read(run)
    if not manifest.finished or manifest.schedule is None or manifest.class_counts is None:
        raise DataError(
            "this run is not finished",
            where=str(root),
            fix="run the same `pe generate` with --resume",
        )
    plan = manifest.plan
    generator = resolve(GENERATOR, f"{manifest.generator.distribution}/{manifest.generator.name}")
    if generator != manifest.generator:
        raise PluginFailure(
            f"here is {generator}, but the run was made by {manifest.generator}", where=str(root)
        )
    with Workers.start(os.cpu_count() or 1) as workers, tempfile.TemporaryDirectory() as scratch:
        info = workers.load(generator, manifest.config["set"], plan.output, plan.class_names)
        manifest.check_parts(info, str(root))
        evolution = Evolution(
            schedule=manifest.schedule,
            shares=np.array(manifest.class_counts["counts"], np.float64),
            maker=workers,
            votes=_Kept(FileStore(root), manifest),
            memory=RunFolder(Path(scratch)),
            learn=_never,
            seed=manifest.config["seed"],
        )
        result = evolution.run(_unobserved)
        data = workers.data(result.release)
        digest = digest_samples(dataclasses.replace(result.release, data=data))
    kept, labels = load_samples(run, manifest)
    if not np.array_equal(kept, data) or not np.array_equal(labels, result.release.labels):
        raise DataError(
            "the released samples are not those that the run made",
            where=str(samples_path(run, manifest)),
        )
    if digest != manifest.release_digest or result.iterations != manifest.iterations:
        raise DataError(
            "the samples come out differently from those of the run",
            where=str(root),
            fix="compare the versions in its manifest.json with those here; only the same machine and versions give the same bits",
        )
    text = f"the same {len(result.release)} samples, bit for bit, from {result.iterations} noisy histograms"
    return Outcome(
        {
            "same": True,
            "samples": len(result.release),
            "iterations": result.iterations,
            "digest": digest,
        },
        (text,),
    )


class _Kept:
    """The stored histograms of a run, in the order it used them."""

    def __init__(self, store: FileStore, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        if t > (self._manifest.iterations or 0):
            return None
        stored = self._store.load(votes_name(t))
        if stored is None or len(stored[0]) != len(candidates):
            raise DataError(f"the noisy histogram of iteration {t} is missing", where=votes_name(t))
        check_seal(stored[1], t, digest_samples(candidates))
        return NoisyHistogram(stored[0], t, self._manifest.plan.vote_scale)

    def affordable(self) -> bool:
        """Never: after the histograms it has, the run ended."""
        return False

    def ask(self, t: int, candidates: Samples, vectors: object) -> NoisyHistogram:
        raise DataError(f"the noisy histogram of iteration {t} is missing", where="iterations")


def _never(t: int, population: Samples) -> None:
    """Replaying needs no embedding: everything that was voted on is stored as votes."""


def _unobserved(step: Step) -> None:
    pass
