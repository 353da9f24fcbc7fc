"""Checks of where a run may live.

Imports little, because the command line checks before it imports what is heavy.
"""

import contextlib
import itertools
from pathlib import Path

from pe_host.errors import DataError


def refuse_used(folder: Path) -> None:
    """Raise DataError unless the folder is empty or missing, as a new run needs it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise in_use(folder)


def in_use(folder: Path) -> DataError:
    """The error for a folder that holds something already."""
    fix = "add --resume to continue the run in it, or choose another --out"
    return DataError("the folder is in use", where=str(folder), fix=fix)


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
