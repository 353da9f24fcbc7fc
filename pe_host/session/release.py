"""The release of a run: the folder `release/`, which may be published, and the internal page."""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.durable import make_private_folder, owner_only
from pe_host.export import check_release, write_built_in
from pe_host.export.atomic import new_folder
from pe_host.job.config import published_settings
from pe_host.report import card, render
from pe_host.report.build import gather
from pe_host.run.folder import CARD, INTERNAL, INTERNAL_PAGE, PAGE, RELEASE, SAMPLES, RunFolder
from pe_host.run.manifest import Manifest


def write_release(
    run: RunFolder, manifest: Manifest, data: NDArray[Any], labels: NDArray[Any]
) -> None:
    """Write samples, card and public page.

    A run that is NOT PRIVATE has no `release/`: its samples stay in `internal/`.
    """
    plan = manifest.plan
    release = check_release(plan.output, data, labels, plan.class_names)
    if not plan.private:
        internal = run.path(INTERNAL)
        make_private_folder(internal)
        (internal / SAMPLES).unlink(missing_ok=True)
        with owner_only():
            write_built_in("npz", internal / SAMPLES, release)
        return
    if run.path(RELEASE).exists():  # killed before the manifest was written; same content
        shutil.rmtree(run.path(RELEASE))
    shown = gather(run, manifest, published_settings()).public()
    with new_folder(run.path(RELEASE)) as folder:
        write_built_in("npz", folder / SAMPLES, release)
        (folder / CARD).write_text(card(shown), encoding="utf-8")
        (folder / PAGE).write_text(render(shown), encoding="utf-8")


def make_card(run: RunFolder, manifest: Manifest, counts: NDArray[np.int64]) -> str:
    """Return the dataset card of samples of a finished run that stand in other files.

    Args:
        run, manifest: the run.
        counts: the number of samples of each class.
    """
    shown = gather(run, manifest, published_settings()).public()
    assert shown.release is not None  # the run is finished
    release = replace(shown.release, counts=tuple(map(int, counts)), files=())
    return card(replace(shown, release=release))


def write_internal_page(run: RunFolder, manifest: Manifest) -> None:
    """Write the page that stays with the operator."""
    run.write_text(INTERNAL_PAGE, render(gather(run, manifest, published_settings())))
