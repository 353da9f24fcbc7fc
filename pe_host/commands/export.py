"""`pe export`: write the released samples of a run in another format."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import PrivacyRefusal, UsageError
from pe_host.export import WRITERS, RecordTable
from pe_host.reporting import CommandResult
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.samples import load_samples, refuse_unfinished, samples_path


def export(root: Path, to: str, out: Path) -> CommandResult:
    """Write the released samples of a run in another format.

    Raises:
        UsageError: an unknown format.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: the run is not finished, or the destination is in use.
    """
    refuse_unknown(to)
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    refuse_not_private(run, manifest)
    data, labels = load_samples(run, manifest)
    path = write(manifest, data, labels, to, out)
    document = {"path": str(path), "samples": len(labels)}
    return CommandResult(document, (f"wrote {len(labels)} samples to {path}",))


def refuse_unknown(to: str) -> None:
    """Raise UsageError for a format that nobody writes."""
    if to not in WRITERS:
        raise UsageError(f"unknown format {to!r}", where="--to", fix=f"use {', '.join(WRITERS)}")


def refuse_not_private(run: RunFolder, manifest: Manifest) -> None:
    """Raise PrivacyRefusal for a run that is NOT PRIVATE."""
    if not manifest.plan.private:
        raise PrivacyRefusal(
            "this run is NOT PRIVATE and has no release",
            where=str(run.root),
            fix=f"for experiments on public data, use {samples_path(run, manifest)}",
        )


def write(
    manifest: Manifest, data: NDArray[Any], labels: NDArray[np.int64], to: str, out: Path
) -> Path:
    """Write samples of a run in a format, and return where they are.

    Raises:
        DataError: the format cannot hold them, or the destination is in use.
    """
    table = RecordTable.check(manifest.plan.output, data, labels, manifest.plan.class_names)
    return WRITERS[to](out, table)
