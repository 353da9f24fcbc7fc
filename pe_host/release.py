"""The end of a run: the folder `release/`, which may be published, and the pages about it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError, PrivacyRefusal, UsageError
from pe_host.export import WRITERS, RecordTable, write_npz
from pe_host.export.atomic import new_folder
from pe_host.layouts import layout_of
from pe_host.manifest import Manifest
from pe_host.outcome import Outcome
from pe_host.report import card, render
from pe_host.report.build import gather
from pe_host.run import INTERNAL, RELEASE, RunFolder, load_arrays

SAMPLES = "samples.npz"
CARD = "README.md"
PAGE = "report.html"


def write_release(
    run: RunFolder, manifest: Manifest, data: NDArray[Any], labels: NDArray[Any]
) -> None:
    """Write samples, card and pages. Where the run is NOT PRIVATE there is no `release/`: all stays in `internal/`."""
    plan, shown = manifest.plan, gather(run, manifest)
    table = RecordTable.check(plan.output, data, labels, plan.class_names)
    internal = run.path(INTERNAL)
    if not plan.private:
        internal.mkdir(exist_ok=True)
        (internal / SAMPLES).unlink(missing_ok=True)
        write_npz(internal / SAMPLES, table)
    else:
        if run.path(
            RELEASE
        ).exists():  # a crash came between this and the manifest; the content is the same
            shutil.rmtree(run.path(RELEASE))
        with new_folder(run.path(RELEASE)) as folder:
            write_npz(folder / SAMPLES, table)
            (folder / CARD).write_text(card(shown), encoding="utf-8")
            (folder / PAGE).write_text(render(shown.public()), encoding="utf-8")
    run.write_text(f"{INTERNAL}/{PAGE}", render(shown))


def write_internal_page(run: RunFolder, manifest: Manifest) -> None:
    """Write the page that stays with the operator anew."""
    run.write_text(f"{INTERNAL}/{PAGE}", render(gather(run, manifest)))


def samples_path(run: RunFolder, manifest: Manifest) -> Path:
    """Where the final samples of a finished run are."""
    return run.path(RELEASE if manifest.plan.private else INTERNAL) / SAMPLES


def load_samples(run: RunFolder, manifest: Manifest) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The final samples of a finished run, [n, *shape], and their labels.

    Raises:
        DataError: the file is damaged.
    """
    path, output = samples_path(run, manifest), manifest.plan.output
    stored, layout = load_arrays(path), layout_of(output)
    try:
        return layout.records(output, stored[layout.array]), stored["labels"]
    except (KeyError, ValueError):
        fix = "put the file back from a copy"
        raise DataError(
            "this holds no samples of the form of the run", where=str(path), fix=fix
        ) from None


def build_reports(root: Path) -> Outcome:
    """Write the pages of a run anew, whole or of what there is so far.

    Raises:
        DataError: there is no run.
    """
    run = RunFolder(root)
    manifest = Manifest.read(run)
    data = gather(run, manifest)
    pages = [f"{INTERNAL}/{PAGE}"]
    run.write_text(pages[0], render(data))
    if manifest.plan.private and manifest.finished:
        pages.append(f"{RELEASE}/{PAGE}")
        run.write_text(pages[1], render(data.public()))
    text = [f"wrote {run.path(page)}" for page in pages]
    if data.internal and data.internal.damaged:
        text.append(f"the measurements cannot be read: {run.path(data.internal.damaged)}")
    return Outcome({"pages": [str(run.path(page)) for page in pages]}, tuple(text))


def export(root: Path, to: str, out: Path) -> Outcome:
    """Write the released samples of a run in another form.

    Raises:
        UsageError: an unknown form.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: no finished run, or a destination that is in use.
    """
    if to not in WRITERS:
        raise UsageError(f"cannot write {to!r}", where="--to", fix=f"one of {', '.join(WRITERS)}")
    run = RunFolder(root)
    manifest = Manifest.read(run)
    if not manifest.finished:
        raise DataError(
            "this run is not finished",
            where=str(root),
            fix="run the same `pe generate` with --resume",
        )
    if not manifest.plan.private:
        raise PrivacyRefusal(
            "this run is NOT PRIVATE and has no release",
            where=str(root),
            fix=f"for experiments on public data its samples are in {samples_path(run, manifest)}",
        )
    data, labels = load_samples(run, manifest)
    table = RecordTable.check(manifest.plan.output, data, labels, manifest.plan.class_names)
    path = WRITERS[to](out, table)
    return Outcome(
        {"path": str(path), "samples": len(labels)}, (f"wrote {len(labels)} samples to {path}",)
    )
