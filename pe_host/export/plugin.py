"""Writing a release with an exporter that somebody else wrote, in a confined process.

The process may read the release and change one folder. What it leaves there is looked at before it
is moved to the destination.
"""

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from pe_host.errors import PluginFailure
from pe_host.export.npz import write
from pe_host.export.write import create
from pe_host.isolation.allowed import Allowed
from pe_host.plugins import PluginRef
from pe_host.plugins.question import ask
from pe_sdk import Release

SECONDS = 3600.0
"""Time limit of the exporter."""

_ABOUT_SECONDS = 60.0
_CHILD = "pe_host.export.child"


def write_with_plugin(ref: PluginRef, path: Path, release: Release) -> Path:
    """Write a release with the exporter of a plugin.

    Args:
        ref: the exporter.
        path: file or folder to create.
        release: what to write.

    Raises:
        PluginFailure: the exporter fails, takes too long, or writes something else than files.
        DataError: `path` is in use, or the system refuses.
    """
    about = ask(ref, {"do": "about"}, _ABOUT_SECONDS, Allowed(), _CHILD)
    folder = about.get("folder") is True

    def fill(destination: Path) -> None:
        with (
            tempfile.TemporaryDirectory() as given,
            tempfile.TemporaryDirectory(
                dir=destination if folder else destination.parent, prefix=".export."
            ) as taken,
        ):
            _store(Path(given), release)
            out = Path(taken) / "out"
            if folder:
                out.mkdir()
            request: dict[str, Any] = {"do": "write", "release": given, "out": str(out)}
            ask(ref, request, SECONDS, Allowed(read=(given,), write=(taken,)), _CHILD)
            _check(ref, out, folder)
            if not folder:
                out.rename(destination)
                return
            for entry in out.iterdir():
                entry.rename(destination / entry.name)

    return create(path, folder, fill)


def _store(folder: Path, release: Release) -> None:
    write(folder / "release.npz", release)
    about = {"output": release.output.to_json(), "card": release.card}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _check(ref: PluginRef, out: Path, folder: bool) -> None:
    """Raise PluginFailure unless there are files and folders only: a link could lead anywhere."""
    found = [out, *(Path(top) / name for top, dirs, files in os.walk(out) for name in dirs + files)]
    for path in found:
        mode = path.lstat().st_mode if os.path.lexists(path) else 0
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise PluginFailure("wrote something else than files and folders", where=str(ref))
    if stat.S_ISDIR(out.lstat().st_mode) != folder:
        kind = "a folder" if folder else "a file"
        raise PluginFailure(f"did not write {kind}, as it says it would", where=str(ref))
