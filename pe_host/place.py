"""Where a run may live: checked before anything is opened or spent, so that nobody's files are touched."""

import contextlib
import itertools
from pathlib import Path

from pe_host.errors import DataError
from pe_host.privacy.lock import LOCK
from pe_host.privacy.side import LEDGER
from pe_host.run import CONFIG, MANIFEST, RunFolder


def refuse_used(folder: Path) -> None:
    """A new run takes an empty folder, or one that is not there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise in_use(folder)


def in_use(folder: Path) -> DataError:
    """What is said of a folder that holds something."""
    fix = "give --resume to go on with the run in it, or another --out"
    return DataError("the folder is in use", where=str(folder), fix=fix)


def refuse_no_run(folder: Path) -> None:
    """--resume takes the folder of a run, or of one that was killed before it wrote its manifest."""
    if not folder.is_dir():
        raise DataError(
            "there is no such run", where=str(folder), fix="leave out --resume to start one"
        )
    if not (folder / MANIFEST).exists() and not RunFolder(folder).is_bare():
        raise DataError(
            "this is no run: it has no manifest.json", where=str(folder), fix="choose another --out"
        )


def refuse_overlap(folder: Path, location: str) -> None:
    """A run inside the data would be read as data the next time, and data inside a run be taken for its files."""
    if not location or not Path(location).exists():
        return
    run, data = folder.resolve(), Path(location).resolve()
    if run == data or data in run.parents or run in data.parents:
        raise DataError(
            "the run folder and the private data lie within each other",
            where=str(folder),
            fix="choose another --out",
        )


def clear(folder: Path) -> None:
    """Take back what a run writes before it reads the data, and nothing else."""
    for name in (LEDGER, CONFIG, MANIFEST, LOCK):
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it
        folder.rmdir()


def fresh_folder(name: str) -> Path:
    """A new folder, made at once so that no other run takes it."""
    make(Path("runs"))
    for number in itertools.count(1):
        folder = Path("runs") / f"{name}-{number:03d}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            break
    return folder


def make(folder: Path) -> None:
    """Make a folder and those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"cannot make the run folder: {error.strerror}",
            where=str(folder),
            fix="choose another --out",
        ) from None
