"""The final samples of a finished run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.digest import digest_samples
from pe_host.errors import DataError
from pe_host.formats.npz import layout_of
from pe_host.run.folder import INTERNAL, RELEASE, SAMPLES, RunFolder, load_arrays
from pe_host.run.manifest import Manifest
from pe_sdk import Samples


def samples_path(run: RunFolder, manifest: Manifest) -> Path:
    """File of the final samples: in `release/`, or in `internal/` where the run is NOT PRIVATE."""
    return run.path(RELEASE if manifest.plan.private else INTERNAL) / SAMPLES


def load_samples(run: RunFolder, manifest: Manifest) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The final samples, [n, *shape], and their labels, int64 [n].

    Raises:
        DataError: the file is damaged.
    """
    path, output = samples_path(run, manifest), manifest.plan.output
    stored, layout = load_arrays(path), layout_of(output)
    try:
        return layout.records(output, stored[layout.array]), stored["labels"]
    except (KeyError, ValueError):
        what = "this file does not hold samples of this run"
        raise DataError(what, where=str(path), fix="restore the file from a backup") from None


def load_release(
    run: RunFolder, manifest: Manifest
) -> tuple[Samples, NDArray[Any], NDArray[np.int64]]:
    """The final samples as the run released them: their parameters, data and labels.

    Raises:
        DataError: a file is damaged, or holds something else than what the run released.
    """
    data, labels = load_samples(run, manifest)
    parameters = run.released_population()
    same = np.array_equal(parameters.labels, labels) and len(data) == len(labels)
    if not same or digest_samples(replace(parameters, data=data)) != manifest.release_digest:
        raise DataError(
            "the samples in this folder are not those that the run released",
            where=str(run.root),
            fix="restore the run from a backup; someone changed it after it ended",
        )
    return parameters, data, labels


def refuse_unfinished(manifest: Manifest, root: Path) -> None:
    """Raise DataError unless the run is finished, and its manifest complete."""
    if not manifest.finished or manifest.schedule is None or manifest.class_counts is None:
        fix = "run the same `pe generate` with --resume"
        raise DataError("this run is not finished", where=str(root), fix=fix)
