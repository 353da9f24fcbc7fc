"""The scratch folder and the cache of a confined process, and the variables that lead there."""

import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

_CACHES = {
    "XDG_CACHE_HOME": "",
    "NUMBA_CACHE_DIR": "numba",
    "MPLCONFIGDIR": "matplotlib",
    "CUDA_CACHE_PATH": "cuda",
    "TORCH_HOME": "torch",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "TRITON_CACHE_DIR": "triton",
    "HF_HOME": "huggingface",
}
"""Variable -> subfolder of the cache."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

WITHOUT_SEMAPHORES = {"JOBLIB_MULTIPROCESSING": "0"}
"""Named semaphores lie in /dev/shm, which is closed; joblib would warn when it is imported."""


def make_scratch(environ: Mapping[str, str] = os.environ) -> str:
    """Make a folder that only this user can use, where temporary files belong; returns its path.

    It can hold all private records, and /tmp is often in memory, so /var/tmp comes first.

    Raises:
        OSError: there is no place for it.
    """
    parents = [environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for parent in filter(None, (*parents, "/var/tmp", "/tmp", ".")):
        path = Path(parent).absolute() / f"pe-{os.urandom(8).hex()}"
        with suppress(OSError):
            path.mkdir(0o700)
            return str(path)
    raise OSError("there is no folder for temporary files")


def remove_scratch(path: str) -> None:
    """Remove the folder with all that is in it, links not followed.

    What is in it was made to stay, perhaps: folders in folders without end, or without permissions.
    Neither is an error, nor needs recursion.
    """
    with suppress(OSError):
        if not _is_removed(path):  # usually it is empty
            top = os.open(path, _FOLDER)
            try:
                while _flatten(top):
                    pass
            finally:
                os.close(top)
            _is_removed(path)


def _is_removed(path: str, parent: int | None = None) -> bool:
    """Remove an empty folder; return whether it is gone."""
    try:
        os.rmdir(path, dir_fd=parent)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _flatten(top: int) -> bool:
    """Remove the files below a folder, and move what lies two folders deep up by one.

    Returns:
        Whether that removed a folder. Each round removes a level of all that is in the folder.
    """
    removed = False
    for folder in _folders(top):
        with suppress(OSError):
            inner = _opened(folder, top)
            try:
                for name in _folders(inner):
                    with suppress(OSError):
                        os.close(_opened(name, inner))  # it must be writable to be moved
                        os.rename(name, os.urandom(8).hex(), src_dir_fd=inner, dst_dir_fd=top)
            finally:
                os.close(inner)
            removed |= _is_removed(folder, top)
    return removed


def _folders(folder: int) -> list[str]:
    """Return the names of the folders in a folder, and remove all else."""
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
                continue
            with suppress(OSError):
                os.unlink(entry.name, dir_fd=folder)
    return found


def _opened(name: str, parent: int) -> int:
    """Open a folder and let its owner do everything in it; a confined warden may not always."""
    try:
        folder = os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        folder = os.open(name, _FOLDER, dir_fd=parent)
    with suppress(OSError):
        os.fchmod(folder, 0o700)
    return folder


def lead_to(environ: MutableMapping[str, str], scratch: str, cache: str, models: str) -> None:
    """Set the variables by which libraries find both, and make the cache.

    Args:
        environ: where to set them.
        scratch: for temporary files.
        cache: for what is kept; "" for a folder in the scratch folder, which also stands for one
            that cannot be made: in a dry run, or where home is read-only.
        models: of a hub; "" for a folder in the cache.
    """
    place = Path(cache or scratch)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        place = Path(scratch)
    environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch))
    environ.update({name: str(place / folder) for name, folder in _CACHES.items()})
    environ.update(WITHOUT_SEMAPHORES)
    environ["HF_HUB_CACHE"] = models or str(place / _CACHES["HF_HOME"] / "hub")
