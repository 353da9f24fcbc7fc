"""numba's njit as simulators need it, for packages that depend on numba: this one does not, and imports it at the first use."""

from collections.abc import Callable
from functools import cache, update_wrapper
from hashlib import sha256
from pathlib import Path
from types import CellType, FunctionType
from typing import Any


def njit(function: Callable[..., Any]) -> Any:
    """Compile lazily on one thread, release the GIL, keep IEEE arithmetic (no fastmath): results do not depend on the batch.

    What was compiled is kept on disk where that can be written, until a module of the function's folder changes.

    Args:
        function: of a module's top level; it may call others that are compiled so.
    """
    import numba

    try:
        return numba.njit(cache=True, nogil=True)(_of_its_sources(function))
    except RuntimeError:  # numba finds no folder for its cache, as in a read-only installation
        return numba.njit(nogil=True)(function)


def _of_its_sources(function: Any) -> Any:
    """The function with a closure over the digest of all modules of its folder, which it does not use.

    numba keeps what it compiled until the file of the function changes. What it calls of other files is compiled into it, and would be
    kept in its old form (numba#1833); but what it closes over is part of the key.
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
