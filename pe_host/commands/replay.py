"""`pe replay`: rebuild the samples of a run from seeds and noisy histograms, and compare.

It needs no private data.
"""

import tempfile
from pathlib import Path

import numpy as np

from pe_host.errors import DataError
from pe_host.reporting import CommandResult
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.samples import load_samples, refuse_unfinished, samples_path
from pe_host.session.rebuild import damaged_schedule, rebuild


def replay(root: Path) -> CommandResult:
    """Repeat the run in a scratch folder and compare the release, bit for bit.

    Raises:
        DataError: the run is not finished, a histogram is missing, or the samples differ.
        PluginFailure: the generator is not installed in the version of the run.
    """
    run = RunFolder(root)
    manifest = Manifest.read(run)
    refuse_unfinished(manifest, root)
    kept, labels = load_samples(run, manifest)
    assert manifest.schedule is not None  # of a finished run
    if manifest.schedule.samples != len(labels):
        raise damaged_schedule(root)
    with tempfile.TemporaryDirectory() as scratch:
        rebuilt = rebuild(root, manifest, RunFolder(Path(scratch)))
    if not np.array_equal(kept, rebuilt.data) or not np.array_equal(labels, rebuilt.labels):
        raise DataError(
            "the released samples are not those that the run made",
            where=str(samples_path(run, manifest)),
            fix="restore the file from a backup; someone changed it after the run",
        )
    if (rebuilt.digest, rebuilt.iterations) != (manifest.release_digest, manifest.iterations):
        raise DataError(
            "the rebuilt samples differ from those of the run",
            where=str(root),
            fix=(
                "compare the versions in its manifest.json with those installed; "
                "only the same machine and versions give the same bits"
            ),
        )
    document = {
        "same": True,
        "samples": len(rebuilt.labels),
        "iterations": rebuilt.iterations,
        "digest": rebuilt.digest,
    }
    text = (
        f"the same {len(rebuilt.labels)} samples, bit for bit, "
        f"from {rebuilt.iterations} noisy histograms"
    )
    return CommandResult(document, (text,))
