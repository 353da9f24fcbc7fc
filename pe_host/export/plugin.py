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
from pe_host.export.npz import write as write_npz
from pe_host.isolation.allowed import Allowed
from pe_host.plugins import PluginRef
from pe_host.plugins.answers import InvalidAnswer, check_exporter, failure_of
from pe_host.plugins.question import ask
from pe_sdk import ExporterSpec, Release

SECONDS = 3600.0
"""Time limit of the exporter."""

_ABOUT_SECONDS = 60.0
_CHILD = "pe_host.export.child"


def plugin_exporter(ref: PluginRef, kind: str) -> ExporterSpec:
    """The exporter of a plugin, which writes in a process of its own.

    Its `write` raises PluginFailure where the exporter fails, takes too long, or writes something
    else than files.

    Args:
        ref: the exporter.
        kind: kind of the records that it is to write.

    Raises:
        PluginFailure: it cannot be loaded, or does not write records of this kind.
    """
    answer = ask(ref, {"do": "about"}, _ABOUT_SECONDS, Allowed(), _CHILD)
    try:
        about = check_exporter(answer)
    except InvalidAnswer as error:
        raise failure_of(error, ref) from None
    folder, kinds = about["folder"], tuple(about["kinds"])
    if kinds and kind not in kinds:
        fix = f"use an exporter that does; this one writes {', '.join(kinds)}"
        what = f"does not write records of kind {kind}"
        raise PluginFailure(what, where=str(ref), fix=fix)

    def write(destination: Path, release: Release) -> None:
        with (
            tempfile.TemporaryDirectory() as given,
            tempfile.TemporaryDirectory(
                dir=destination if folder else destination.parent, prefix=".export."
            ) as taken,
        ):
            _store_release(Path(given), release)
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

    return ExporterSpec(ref.name, "", write, folder, kinds, loses=about["loses"])


def _store_release(folder: Path, release: Release) -> None:
    write_npz(folder / "release.npz", release)
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
