"""`pe export`: write the released samples of a run in another format."""

from pathlib import Path

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
    if to not in WRITERS:
        raise UsageError(f"unknown format {to!r}", where="--to", fix=f"use {', '.join(WRITERS)}")
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    if not manifest.plan.private:
        raise PrivacyRefusal(
            "this run is NOT PRIVATE and has no release",
            where=str(root),
            fix=f"for experiments on public data, use {samples_path(run, manifest)}",
        )
    data, labels = load_samples(run, manifest)
    table = RecordTable.check(manifest.plan.output, data, labels, manifest.plan.class_names)
    path = WRITERS[to](out, table)
    document = {"path": str(path), "samples": len(labels)}
    return CommandResult(document, (f"wrote {len(labels)} samples to {path}",))
