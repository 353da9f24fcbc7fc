"""The content of a report, gathered from the run folder only: no generator, no private data."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.files import NotAFile, read_regular
from pe_host.formats.npz import layout_of
from pe_host.privacy.ledger import Entry, Ledger
from pe_host.privacy.store import FileStore
from pe_host.report.data import (
    EvaluationView,
    GeneratorView,
    InternalView,
    IterationView,
    LedgerRow,
    PrivacyView,
    ReleaseView,
    ReportData,
)
from pe_host.report.evaluation import read_evaluation
from pe_host.report.grid import RecordGrid
from pe_host.report.statistics import vote_statistics
from pe_host.run.folder import (
    CARD,
    COUNTS,
    EVALUATION,
    LEDGER,
    LOG,
    PAGE,
    RELEASED_GRID,
    RELEASED_POPULATION,
    SAMPLES,
    RunFolder,
    grid_name,
    load_arrays,
    population_name,
    votes_name,
)
from pe_host.run.manifest import Manifest
from pe_sdk import OutputSpec


def gather(run: RunFolder, manifest: Manifest, published: Collection[str]) -> ReportData:
    """Gather the report of a run, finished or not.

    Args:
        run, manifest: the run.
        published: the names of the settings that the public page shows.
    """
    plan = manifest.plan
    views = []
    for t in range(plan.rounds):
        grid = _grid(run, grid_name(t), plan.output)
        if grid is None:
            break
        views.append(_iteration(run, manifest, t, grid))
    shown = {
        name: value for name, value in manifest.config.items() if value not in (None, "", [], {})
    }
    evaluation, damaged = _evaluation(run)
    return ReportData(
        title=f"Synthetic data by {manifest.generator.name}",
        status=_status(manifest),
        generator=_generator(manifest),
        privacy=_privacy(run, manifest),
        class_names=plan.class_names,
        iterations=tuple(views),
        release=_release(run, manifest),
        settings=_sorted({n: v for n, v in shown.items() if n in published} | _schedule(manifest)),
        versions=_sorted(manifest.versions),
        internal=InternalView(
            source=str(manifest.config.get("data", "")),
            logs=_lines(run),
            settings=_sorted({n: v for n, v in shown.items() if n not in published}),
            evaluation=evaluation,
            damaged=damaged,
        ),
    )


def _lines(run: RunFolder) -> tuple[str, ...]:
    """The lines of the log, as far as it is a file with text: the page appears anyway."""
    with suppress(OSError, NotAFile):
        return tuple(read_regular(run.path(LOG)).decode("utf-8", "replace").splitlines())
    return ()


def _evaluation(run: RunFolder) -> tuple[EvaluationView | None, str]:
    """The evaluation, or the name of its file if that cannot be read: the page appears anyway."""
    try:
        return read_evaluation(run), ""
    except DataError:
        return None, EVALUATION


def _sorted(table: Mapping[str, Any]) -> dict[str, Any]:
    """Sort by name, so that a page that is written again is the same."""
    return dict(sorted(table.items()))


def _status(manifest: Manifest) -> str:
    if not manifest.finished:
        return "not finished"
    return "finished" if manifest.iterations == manifest.plan.rounds else "ended early"


def _generator(manifest: Manifest) -> GeneratorView:
    ref = manifest.generator
    try:
        about = metadata(ref.distribution).json
    except PackageNotFoundError:
        return GeneratorView(ref.name, ref.distribution, ref.version)
    licence = str(about.get("license_expression") or about.get("license") or "")
    return GeneratorView(
        ref.name, ref.distribution, ref.version, str(about.get("summary", "")), licence
    )


def _privacy(run: RunFolder, manifest: Manifest) -> PrivacyView:
    plan = manifest.plan
    ledger = _ledger(run, manifest)
    return PrivacyView(
        private=plan.private,
        epsilon=plan.epsilon,
        delta=plan.delta,
        mu=plan.mu if plan.private else None,
        unit=plan.unit,
        rounds_planned=plan.rounds,
        rounds_spent=sum(row.kind != "class counts" for row in ledger),
        rounds_used=sum(row.kind == "votes" and row.used for row in ledger),
        sentences=tuple(plan.sentences(_released_number(manifest), manifest.confined)),
        trusted=(plan.reader, *plan.embeddings),
        ledger=ledger,
        confined=manifest.confined and not plan.unconfined,
    )


def _released_number(manifest: Manifest) -> int | None:
    counts = manifest.class_counts
    return None if counts is None else sum(counts["counts"])


def _ledger(run: RunFolder, manifest: Manifest) -> tuple[LedgerRow, ...]:
    """The lines of the ledger.

    Of several attempts at one release the last was used, if it went into the result.
    """
    path = run.path(LEDGER)
    if not path.exists():
        return ()
    entries, store = Ledger.open(path, manifest.plan).entries, FileStore(run.root)
    kept = {(entry.kind, entry.round) for entry in entries if store.load(_name(entry)) is not None}
    last = {(entry.kind, entry.round): entry.attempt for entry in entries}
    rounds = manifest.plan.rounds if manifest.iterations is None else manifest.iterations
    return tuple(
        LedgerRow(
            round=entry.round or None,
            kind=entry.kind.replace("-", " "),
            scale=entry.cost.scale if entry.cost else 0.0,
            coordinates=entry.cost.coordinates if entry.cost else 0,
            attempt=entry.attempt,
            used=(entry.kind, entry.round) in kept
            and last[entry.kind, entry.round] == entry.attempt
            and entry.round <= rounds,
        )
        for entry in entries
    )


def _name(entry: Entry) -> str:
    """Name under which the result of a line is stored; one that does not exist for a torn line."""
    return {"votes": votes_name(entry.round), "class-counts": COUNTS}.get(
        entry.kind, "iterations/none"
    )


def _iteration(run: RunFolder, manifest: Manifest, t: int, grid: RecordGrid) -> IterationView:
    schedule, stats = manifest.schedule, {}
    if (votes := _votes(run, t)) is not None and schedule:
        scale = manifest.plan.vote_scale
        stats = vote_statistics(votes, scale, schedule.threshold)
    candidates = len(_labels(run.path(population_name(t)), len(manifest.plan.class_names)))
    degree = schedule.degrees[t - 1] if t > 0 and schedule else None
    return IterationView(t, degree, candidates, grid, stats)


def _votes(run: RunFolder, t: int) -> NDArray[np.int64] | None:
    """The noisy votes that chose the parents of population t; None for the first."""
    stored = FileStore(run.root).load(votes_name(t)) if t > 0 else None
    return None if stored is None else stored[0]


def _grid(run: RunFolder, name: str, output: OutputSpec) -> RecordGrid | None:
    path = run.path(name)
    if not path.exists():
        return None
    stored = load_arrays(path)
    try:
        return RecordGrid(output, stored[layout_of(output).array], stored["filled"])
    except (KeyError, TypeError, ValueError):
        raise _damaged(path) from None


def _labels(path: Path, classes: int) -> NDArray[np.int64]:
    """The labels of a stored population, int64 [n] in [0, classes)."""
    labels = load_arrays(path).get("labels", np.zeros(0))
    if labels.dtype != np.int64 or labels.ndim != 1 or ((labels < 0) | (labels >= classes)).any():
        raise _damaged(path)
    return labels


def _damaged(path: Path) -> DataError:
    what = "this file does not hold samples of this run"
    return DataError(what, where=str(path), fix="restore the file from a backup")


def _release(run: RunFolder, manifest: Manifest) -> ReleaseView | None:
    if not manifest.finished:
        return None
    output = manifest.plan.output
    classes = len(manifest.plan.class_names)
    counts = np.bincount(_labels(run.path(RELEASED_POPULATION), classes), minlength=classes)
    record = output.form
    files = (SAMPLES, CARD, PAGE) if manifest.plan.private else ()
    return ReleaseView(tuple(counts.tolist()), record, _grid(run, RELEASED_GRID, output), files)


def _schedule(manifest: Manifest) -> dict[str, Any]:
    """The settings that the host chose because none were given."""
    if manifest.schedule is None:
        return {}
    schedule = manifest.schedule
    return {
        "candidates": list(schedule.sizes),
        "degrees": list(schedule.degrees),
        "samples": schedule.samples,
        "final_degree": schedule.final_degree,
        "threshold": schedule.threshold,
        "selection": schedule.selection,
        "keep_parents": schedule.keep_parents,
    }
