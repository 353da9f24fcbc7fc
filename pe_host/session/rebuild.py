"""Go through a finished run again, from its seeds and noisy histograms, without private data.

The result is a function of what the run has released: at the same size it is the release, bit for
bit. At another size it is what the run would have released had more samples been wanted.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.pool import Workers
from pe_host.digest import digest_samples
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PluginFailure
from pe_host.evolution.loop import Evolution, PopulationStore, Step
from pe_host.evolution.schedule import Schedule
from pe_host.plugins import resolve
from pe_host.plugins.isolated import DESCRIBE_SECONDS, find_needs
from pe_host.plugins.names import GENERATOR
from pe_host.plugins.permissions import permit
from pe_host.privacy import ClassCounts, NoisyHistogram
from pe_host.privacy.files import COUNTS
from pe_host.privacy.released import Origin
from pe_host.privacy.side import check_candidates_digest
from pe_host.privacy.store import FileStore
from pe_host.run.folder import MANIFEST, RunFolder, votes_name
from pe_host.run.manifest import Manifest
from pe_sdk import Samples


@dataclass(frozen=True)
class Rebuilt:
    """Samples that were made again.

    Args:
        data: records [n, *shape].
        labels: int64 [n].
        iterations: number of noisy histograms that they rest on.
        digest: see `Manifest.release_digest`.
    """

    data: NDArray[Any]
    labels: NDArray[np.int64]
    iterations: int
    digest: str


def rebuild(
    root: Path, manifest: Manifest, store: PopulationStore, samples: int | None = None
) -> Rebuilt:
    """Repeat the loop of a finished run.

    Args:
        root: the folder of the run.
        manifest: its manifest, finished.
        store: keeps the populations.
        samples: number of samples to make; by default as many as the run released.

    Raises:
        DataError: a histogram is missing or does not fit.
        PluginFailure: the generator is not installed in the version of the run.
    """
    assert manifest.schedule is not None and manifest.class_counts is not None
    kept = FileStore(root)
    _check_sizes(manifest.schedule, root, kept)
    schedule = manifest.schedule if samples is None else replace(manifest.schedule, samples=samples)
    with _generator(root, manifest) as workers:
        evolution = Evolution(
            schedule=schedule,
            shares=_class_counts(manifest, kept, root).counts.astype(np.float64),
            sampler=workers,
            votes=_StoredVotes(kept, manifest),
            store=store,
            fit_embedding=_never_fitted,
            seed=manifest.config["seed"],
            first=RunFolder(root).first_candidates(),
        )
        result = evolution.run(_unobserved)
        data = workers.data(result.release)
    digest = digest_samples(replace(result.release, data=data))
    return Rebuilt(data, result.release.labels, result.iterations, digest)


def damaged_schedule(root: Path) -> DataError:
    """The error for a schedule that is not that of the run."""
    return DataError(
        "the manifest is damaged: its schedule has other sizes than the files of the run",
        where=str(root / MANIFEST),
        fix="restore the file from a backup",
    )


def _class_counts(manifest: Manifest, store: FileStore, root: Path) -> ClassCounts:
    """The class counts that the run declared or released, and that its manifest must state."""
    plan = manifest.plan
    if plan.count_scale is None:
        counts = plan.shares.declared(plan.class_names)
    else:
        stored = store.load(COUNTS)
        if stored is None:
            what, fix = "the noisy class counts are missing", "restore the file from a backup"
            raise DataError(what, where=COUNTS, fix=fix)
        origin: Origin = "noisy" if plan.private else "exact"
        counts = ClassCounts(plan.class_names, np.maximum(stored[0], 0), origin)
    if counts.to_json() != manifest.class_counts:
        raise DataError(
            "the manifest is damaged: its class counts are not those that the run released",
            where=str(root / MANIFEST),
            fix="restore the file from a backup",
        )
    return counts


def _check_sizes(schedule: Schedule, root: Path, store: FileStore) -> None:
    """Refuse a schedule of larger sizes than the run had, before as much is made.

    A histogram can have a few candidates more than the schedule, as every class has at least k.
    """
    votes = [store.load(votes_name(t)) for t in range(1, schedule.iterations + 1)]
    found = [len(stored[0]) for stored in votes if stored is not None]
    if max(schedule.sizes) > max(found, default=max(schedule.sizes)):
        raise damaged_schedule(root)


class KeptPopulations:
    """The populations that a run has stored; nothing is written."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def population(self, t: int, origin: str, make: Callable[[], Samples]) -> Samples:
        """S_t as the run stored it, if it is of this origin, else as `make` returns it."""
        kept = self._run.kept_population(t, origin)
        return make() if kept is None else kept

    def release(self, origin: str, make: Callable[[], Samples]) -> Samples:
        """What `make` returns."""
        return make()


@contextmanager
def _generator(root: Path, manifest: Manifest) -> Iterator[Workers]:
    """Start workers with the generator of the run, in its version."""
    plan = manifest.plan
    generator = resolve(GENERATOR, f"{manifest.generator.distribution}/{manifest.generator.name}")
    if generator != manifest.generator:
        what = f"{generator} is installed, but the run was made by {manifest.generator}"
        raise PluginFailure(what, where=str(root), fix="install the version of the run")
    options, network = manifest.config["set"], bool(plan.network)  # as the run had it
    needs = find_needs(generator, options, DESCRIBE_SECONDS)
    allowed = permit(generator, needs, options, network)
    with Workers.start(os.cpu_count() or 1, allowed=allowed) as workers:
        info = workers.load(generator, options, plan.output, plan.class_names)
        manifest.check_parts(info.parts, str(root))
        yield workers


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
    """Stand in for training: all votes of the run are stored, so nothing is embedded again."""
    raise _missing(t)


def _unobserved(step: Step) -> None:
    pass
