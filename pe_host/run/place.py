"""Checks of where a run may live.

Imports little, because the command line checks before it imports what is heavy.
"""

import contextlib
import itertools
import json
import os
from pathlib import Path

from pe_host.durable import is_part
from pe_host.errors import DataError

MANIFEST = "manifest.json"
# Named here again, because `pe_host.privacy.files` is heavy.
_BEFORE = frozenset({".lock", "ledger.jsonl", "first.npz", "config.toml"})


def refuse_used(folder: Path) -> None:
    """Raise DataError unless the folder is empty or missing, as a new run needs it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise in_use(folder)


def in_use(folder: Path) -> DataError:
    """The error for a folder that holds something already: a run, or what is none."""
    other = "choose another --out"
    if not folder.is_dir():
        what, fix = "this is a file, not a folder", other
    elif not (folder / MANIFEST).exists() and not is_bare(folder):
        what, fix = "the folder is in use by something that is not a run", other
    elif _is_finished(folder):
        what = "the folder holds a finished run"
        fix = f"add --resume to see its result, or {other} for a new run"
    else:
        what = "the folder holds a run that is not finished"
        fix = f"add --resume to continue it, or {other} for a new run"
    return DataError(what, where=str(folder), fix=fix)


def _is_finished(folder: Path) -> bool:
    """Whether the manifest says so. If it is damaged, --resume reports that."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return isinstance(document, dict) and document.get("finished") is True
    return False


def is_bare(folder: Path) -> bool:
    """True if the folder contains nothing but what a run makes before its manifest."""
    return {path.name for path in folder.iterdir() if not is_part(path.name)} <= _BEFORE


def refuse_overlap(folder: Path, location: str) -> None:
    """Raise DataError where the run folder and the private data lie within each other.

    A run inside the data would be read as data the next time, and data inside a run would be taken
    for the run's files.
    """
    if not location or not Path(location).exists():
        return
    run, data = folder.resolve(), Path(location).resolve()
    if run == data and run.is_dir() and not any(run.iterdir()):
        return  # it was just made for the run, and the location is no path but looks like its name
    if run == data or data in run.parents or run in data.parents:
        what = "the run folder and the private data lie within each other"
        raise DataError(what, where=str(folder), fix="choose another --out")


def refuse_inside_run(path: Path) -> None:
    """Raise DataError where something would be made in the folder of a run, or in one below it.

    A run folder holds what the run wrote and nothing else: whoever publishes `release` publishes
    all that is in it.
    """
    for above in Path(os.path.realpath(path)).parents:  # Path.resolve fails where links circle
        # os.path takes a name that is too long for one that does not exist.
        if all(os.path.isfile(above / name) for name in (MANIFEST, "config.toml")):  # noqa: PTH113
            what = f"the destination lies in the folder of a run, {above}"
            raise DataError(what, where=str(path), fix="choose another --out")


def fresh_folder(name: str) -> Path:
    """A new folder `runs/NAME-NNN`, made at once so that no other run takes it."""
    make_run_folder(Path("runs"))
    for number in itertools.count(1):
        folder = Path("runs") / f"{name}-{number:03d}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            break
    return folder


def make_run_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        DataError: the system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot make the run folder: {error.strerror}"
        raise DataError(what, where=str(folder), fix="choose another --out") from None
