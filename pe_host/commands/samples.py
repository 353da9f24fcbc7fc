"""`pe samples`: draw more samples from a finished run, at no cost.

They are made from the noisy votes only, so they are post-processing: the guarantee of the run
covers them too.
"""

from pathlib import Path

from pe_host.commands.export import find_exporter, refuse_not_private, write
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
        UsageError: an unknown format.
        PrivacyRefusal: the run is NOT PRIVATE.
        DataError: the run is not finished, or the destination is in use.
        PluginFailure: the generator is not installed in the version of the run.
    """
    exporter = find_exporter(to)
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    refuse_not_private(run, manifest)
    rebuilt = rebuild(root, manifest, KeptPopulations(run), n)
    path = write(run, manifest, rebuilt.data, rebuilt.labels, exporter, out)
    document = {"path": str(path), "samples": len(rebuilt.labels), "digest": rebuilt.digest}
    text = (
        f"wrote {len(rebuilt.labels):,} samples to {path}",
        f"{manifest.plan.summary()}: the run's guarantee covers them; nothing was spent",
    )
    return CommandResult(document, text)
