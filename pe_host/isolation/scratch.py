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
    """Remove the folder with all that is in it, links not followed."""
    try:
        Path(path).rmdir()  # usually it is empty
    except OSError:
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def lead_to(environ: MutableMapping[str, str], scratch: str, cache: str, models: str) -> None:
    """Set the variables by which libraries find both, and make the cache.

    Args:
        environ: where to set them.
        scratch: for temporary files.
        cache: for what is kept; "" for a folder in the scratch folder.
        models: of a hub; "" for a folder in the cache.
    """
    place = Path(cache or scratch)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch))
    environ.update({name: str(place / folder) for name, folder in _CACHES.items()})
    environ.update(WITHOUT_SEMAPHORES)
    environ["HF_HUB_CACHE"] = models or str(place / _CACHES["HF_HOME"] / "hub")
