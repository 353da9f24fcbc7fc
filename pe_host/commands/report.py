"""`pe report`: write the reports of a run again."""

from pathlib import Path

from pe_host.job.config import published_settings
from pe_host.report import render
from pe_host.report.build import gather
from pe_host.reporting import CommandResult
from pe_host.run.folder import INTERNAL_PAGE, PAGE, RELEASE, RunFolder
from pe_host.run.manifest import Manifest


def build_reports(root: Path) -> CommandResult:
    """Write the reports of a run again, from whatever it has so far.

    Raises:
        DataError: this folder is not a run.
    """
    run = RunFolder(root)
    manifest = Manifest.read(run)
    data = gather(run, manifest, published_settings())
    pages = [INTERNAL_PAGE]
    run.write_text(INTERNAL_PAGE, render(data))
    if manifest.plan.private and manifest.finished:
        pages.append(f"{RELEASE}/{PAGE}")
        run.write_text(pages[1], render(data.public()))
    text = [f"wrote {run.path(page)}" for page in pages]
    if data.internal and data.internal.damaged:
        text.append(f"the evaluation cannot be read: {run.path(data.internal.damaged)}")
    return CommandResult({"pages": [str(run.path(page)) for page in pages]}, tuple(text))
