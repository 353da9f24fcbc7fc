"""Writing a release with an exporter: whole or not at all."""

from collections.abc import Callable
from pathlib import Path

from pe_host.errors import DataError
from pe_host.export.atomic import new_file, new_folder
from pe_host.export.built_in import BUILT_IN
from pe_sdk import CannotMake, ExporterSpec, Release


def write_built_in(name: str, path: Path, release: Release) -> Path:
    """Write a release with an exporter of the host.

    Args:
        name: one of `BUILT_IN`.
        path: file or folder to create.
        release: what to write.

    Raises:
        DataError: the format cannot hold the release, or `path` is in use.
    """
    spec = BUILT_IN[name]
    if spec.kinds and release.output.kind not in spec.kinds:
        kind = release.output.kind
        others = [o.name for o in BUILT_IN.values() if not o.kinds or kind in o.kinds]
        what = f"{name} files cannot contain records of kind {kind}"
        raise DataError(what, where=f"--to {name}", fix=f"use one of: {', '.join(others)}")
    return create(path, spec.folder, lambda temporary: _write(spec, temporary, release))


def create(path: Path, folder: bool, fill: Callable[[Path], None]) -> Path:
    """Create a file or a folder that `fill` writes, under a temporary name first.

    Raises:
        DataError: `path` is in use, or the system refuses.
    """
    with (new_folder if folder else new_file)(path) as temporary:
        fill(temporary)
    return path


def _write(spec: ExporterSpec, path: Path, release: Release) -> None:
    try:
        spec.write(path, release)
    except CannotMake as error:
        fix = "choose another format"
        raise DataError(str(error), where=f"--to {spec.name}", fix=fix) from None
