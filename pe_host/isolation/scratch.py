"""The scratch folder and the cache of a confined process, and the variables that lead there."""

import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

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


def make_scratch(environ: Mapping[str, str] = os.environ) -> str:
    """Make a folder that only this user can use, where temporary files belong; returns its path."""
    parents = [environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for parent in (*parents, "/tmp", "/var/tmp", os.getcwd()):  # noqa: S108  mode 0700, and new
        if os.path.isdir(parent):
            path = os.path.join(os.path.abspath(parent), f"pe-{os.urandom(8).hex()}")
            with suppress(OSError):
                os.mkdir(path, 0o700)
                return path
    raise OSError("there is no folder for temporary files")


def remove_scratch(path: str) -> None:
    """Remove the folder with all that is in it, links not followed."""
    try:
        os.rmdir(path)  # usually it is empty
    except OSError:
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def lead_to(environ: MutableMapping[str, str], scratch: str, cache: str) -> str:
    """Set the variables by which libraries find both; returns the folder of the cache.

    Args:
        environ: where to set them.
        scratch: for temporary files.
        cache: for what is kept; it is made. "" for a folder in the scratch folder.
    """
    cache = cache or os.path.join(scratch, "cache")
    os.makedirs(cache, mode=0o700, exist_ok=True)
    environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch))
    kept = {name: os.path.join(cache, folder).rstrip("/") for name, folder in _CACHES.items()}
    if "HF_HUB_CACHE" in environ:
        del kept["HF_HOME"]
    environ.update(kept)
    return cache
