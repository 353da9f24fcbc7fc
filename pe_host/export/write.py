"""Writing a release with an exporter: whole or not at all."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pe_host.errors import DataError
from pe_host.export.atomic import new_file, new_folder
from pe_host.export.built_in import BUILT_IN
from pe_host.export.table import check_release
from pe_sdk import CannotMake, ExporterSpec, OutputSpec, Release


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
    _check_kind(spec, release.output.kind)
    return write_with(spec, path, release)


def check_holds(name: str, output: OutputSpec, label_names: Sequence[str]) -> None:
    """Check that an exporter of the host can write such records: it writes a release of none.

    That finds a name that the format has no place for, or a library that is not installed.

    Raises:
        DataError: it cannot.
    """
    spec = BUILT_IN[name]
    _check_kind(spec, output.kind)
    none = np.empty((0, *output.shape), output.dtype), np.empty(0, np.int64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        if spec.folder:
            path.mkdir()
        _write(spec, path, check_release(output, *none, label_names))


def write_with(spec: ExporterSpec, path: Path, release: Release) -> Path:
    """Write a release with an exporter that writes its kind of records.

    Raises:
        DataError: the format cannot hold the release, or `path` is in use.
    """
    return create(path, spec.folder, lambda temporary: _write(spec, temporary, release))


def create(path: Path, folder: bool, fill: Callable[[Path], None]) -> Path:
    """Create a file or a folder that `fill` writes, under a temporary name first.

    Raises:
        DataError: `path` is in use, or the system refuses.
    """
    with (new_folder if folder else new_file)(path) as temporary:
        fill(temporary)
    return path


def _check_kind(spec: ExporterSpec, kind: str) -> None:
    if spec.kinds and kind not in spec.kinds:
        others = [o.name for o in BUILT_IN.values() if not o.kinds or kind in o.kinds]
        what = f"{spec.name} files cannot contain records of kind {kind}"
        raise DataError(what, where=f"--to {spec.name}", fix=f"use one of: {', '.join(others)}")


def _write(spec: ExporterSpec, path: Path, release: Release) -> None:
    try:
        spec.write(path, release)
    except CannotMake as error:
        fix = "choose another format"
        raise DataError(str(error), where=f"--to {spec.name}", fix=fix) from None
