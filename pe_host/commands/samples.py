"""`pe samples`: draw more samples from a finished run, at no cost.

They are made from the noisy votes only, so they are post-processing: the guarantee of the run
covers them too.
"""

from pathlib import Path

from pe_host.commands.export import (
    describe_loss,
    find_exporter,
    prepare,
    refuse_not_private,
    write,
)
from pe_host.commands.memory import bytes_of, refuse_too_many
from pe_host.reporting import CommandResult
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.samples import refuse_unfinished
from pe_host.session.rebuild import KeptPopulations, rebuild


def draw(root: Path, n: int, to: str, out: Path) -> CommandResult:
    """Write what a run would have released had `n` samples been wanted.

    Args:
        root: the folder of the run.
        n: number of samples, over all classes.
        to: name of an export format.
        out: file or folder to create.

    Raises:
        UsageError: an unknown format, or more samples than this machine can hold.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: the run is not finished, the format cannot hold its records, or the destination
            is in use.
        PluginFailure: the generator is not installed in the version of the run.
    """
    ref = find_exporter(to)
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    refuse_not_private(run, manifest)
    exporter = prepare(ref, manifest, out)  # before hours of rendering
    refuse_too_many("samples", n, bytes_of(manifest.plan.output), "--n")
    rebuilt = rebuild(root, manifest, KeptPopulations(run), n)
    path = write(run, manifest, rebuilt.data, rebuilt.labels, exporter, out)
    document = {
        "path": str(path),
        "samples": len(rebuilt.labels),
        "digest": rebuilt.digest,
        "loses": exporter.loses,
    }
    text = (
        f"wrote {len(rebuilt.labels):,} samples to {path}",
        *describe_loss(exporter),
        f"{manifest.plan.summary()}: the run's guarantee covers them; nothing was spent",
    )
    return CommandResult(document, text)
