"""`pe export`: write the released samples of a run in another format."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import PrivacyRefusal, UsageError
from pe_host.export import BUILT_IN, check_release
from pe_host.export.atomic import check_free
from pe_host.export.plugin import plugin_exporter
from pe_host.export.write import check_holds, write_with
from pe_host.plugins import PluginRef, find, resolve
from pe_host.plugins.names import EXPORTER, HOST, split
from pe_host.reporting import CommandResult
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.place import refuse_inside_run
from pe_host.run.samples import load_release, refuse_unfinished, samples_path
from pe_host.session.release import make_card
from pe_sdk import ExporterSpec


def export(root: Path, to: str, out: Path) -> CommandResult:
    """Write the released samples of a run in another format.

    Raises:
        UsageError: an unknown format.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: the run is not finished, its samples are not those that it released, the format
            cannot hold its records, or the destination is in use.
        PluginFailure: the exporter is a plugin, and fails.
    """
    ref = find_exporter(to)
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    refuse_not_private(run, manifest)
    exporter = prepare(ref, manifest, out)
    _, data, labels = load_release(run, manifest)
    path = write(run, manifest, data, labels, exporter, out)
    document = {"path": str(path), "samples": len(labels), "loses": exporter.loses}
    text = (f"wrote {len(labels)} samples to {path}", *describe_loss(exporter))
    return CommandResult(document, text)


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


def prepare(ref: PluginRef, manifest: Manifest, out: Path) -> ExporterSpec:
    """The exporter, once it is clear that it can write records of a run to a destination.

    Raises:
        DataError: the format cannot hold them, or the destination is in use or in a run folder.
        PluginFailure: the exporter cannot be loaded, or does not write this kind of records.
    """
    plan = manifest.plan
    refuse_inside_run(out)
    if ref.distribution != HOST:
        exporter = plugin_exporter(ref, plan.output.kind)
        check_free(out, exporter.folder)
        return exporter
    check_free(out, BUILT_IN[ref.name].folder)
    check_holds(ref.name, plan.output, plan.class_names)
    return BUILT_IN[ref.name]


def describe_loss(exporter: ExporterSpec) -> tuple[str, ...]:
    """A line about what the files do not keep; none if they keep everything."""
    return (f"{exporter.name} does not keep {exporter.loses}",) if exporter.loses else ()


def write(
    run: RunFolder,
    manifest: Manifest,
    data: NDArray[Any],
    labels: NDArray[np.int64],
    exporter: ExporterSpec,
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
    return write_with(exporter, out, release)
