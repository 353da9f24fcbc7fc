"""`pe export`: write the released samples of a run in another format."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import PrivacyRefusal, UsageError
from pe_host.export import check_release, write_built_in
from pe_host.export.plugin import write_with_plugin
from pe_host.plugins import PluginRef, find, resolve
from pe_host.plugins.names import EXPORTER, HOST, split
from pe_host.reporting import CommandResult
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.samples import load_samples, refuse_unfinished, samples_path
from pe_host.session.release import make_card


def export(root: Path, to: str, out: Path) -> CommandResult:
    """Write the released samples of a run in another format.

    Raises:
        UsageError: an unknown format.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: the run is not finished, or the destination is in use.
    """
    exporter = find_exporter(to)
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    refuse_not_private(run, manifest)
    data, labels = load_samples(run, manifest)
    path = write(run, manifest, data, labels, exporter, out)
    document = {"path": str(path), "samples": len(labels)}
    return CommandResult(document, (f"wrote {len(labels)} samples to {path}",))


def find_exporter(to: str) -> PluginRef:
    """Find an exporter by its name, which is that of a format.

    Raises:
        UsageError: there is no such exporter.
        PluginFailure: it cannot be used.
    """
    installed = find()
    names = sorted({entry.name for entry in installed if entry.kind == EXPORTER})
    if split(to)[1] not in names:
        raise UsageError(f"unknown format {to!r}", where="--to", fix=f"use {', '.join(names)}")
    return resolve(EXPORTER, to, installed)


def refuse_not_private(run: RunFolder, manifest: Manifest) -> None:
    """Raise PrivacyRefusal for a run that is NOT PRIVATE."""
    if not manifest.plan.private:
        raise PrivacyRefusal(
            "this run is NOT PRIVATE and has no release",
            where=str(run.root),
            fix=f"for experiments on public data, use {samples_path(run, manifest)}",
        )


def write(
    run: RunFolder,
    manifest: Manifest,
    data: NDArray[Any],
    labels: NDArray[np.int64],
    exporter: PluginRef,
    out: Path,
) -> Path:
    """Write samples of a run with an exporter, and return where they are.

    Raises:
        DataError: the format cannot hold them, or the destination is in use.
        PluginFailure: the exporter fails.
    """
    plan = manifest.plan
    card = make_card(run, manifest, np.bincount(labels, minlength=len(plan.class_names)))
    release = check_release(plan.output, data, labels, plan.class_names, card)
    if exporter.distribution == HOST:
        return write_built_in(exporter.name, out, release)
    return write_with_plugin(exporter, out, release)
