"""numba's `njit` with the settings that simulators need.

This package does not depend on numba: it is for packages that do. numba is imported at first use.
"""

from collections.abc import Callable
from functools import cache, update_wrapper
from hashlib import sha256
from pathlib import Path
from types import CellType, FunctionType
from typing import Any


def njit(function: Callable[..., Any]) -> Any:
    """Compile a function lazily, to code on one thread that releases the GIL.

    It keeps IEEE arithmetic (no fastmath): results do not depend on the batch. Compiled code is
    cached on disk where that is writable, until a module in the function's folder changes.

    Args:
        function: a top-level function of a module; it may call others that are compiled by `njit`.
    """
    import numba

    try:
        return numba.njit(cache=True, nogil=True)(_keyed_by_sources(function))
    except RuntimeError:  # numba finds no folder for its cache, as in a read-only installation
        return numba.njit(nogil=True)(function)


def _keyed_by_sources(function: Any) -> Any:
    """Return the function with an unused closure over the digest of all modules in its folder.

    numba caches what it compiled until the file of the function changes. Functions called from
    other files are compiled into it, and would stay outdated (numba#1833). What a function closes
    over is part of the cache key.
    """
    digest = _sources(str(Path(function.__code__.co_filename).parent))
    code = function.__code__.replace(co_freevars=("sources",))
    same = FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, (CellType(digest),)
    )
    return update_wrapper(same, function)


@cache
def _sources(folder: str) -> str:
    return sha256(
        b"".join(path.read_bytes() for path in sorted(Path(folder).glob("*.py")))
    ).hexdigest()
