"""numba's njit with an on-disk cache where one can be written, and without where not (a read-only installation)."""

from collections.abc import Callable
from functools import update_wrapper
from hashlib import sha256
from pathlib import Path
from types import CellType, FunctionType
from typing import Any

import numba

_SOURCES = sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


def njit(function: Callable[..., Any]) -> Any:
    """Compile lazily, release the GIL, keep IEEE arithmetic (no fastmath): results do not depend on the batch."""
    try:
        return numba.njit(cache=True, nogil=True)(_of_these_sources(function))
    except RuntimeError:  # numba finds no folder for its cache
        return numba.njit(nogil=True)(function)


def _of_these_sources(function: Any) -> Any:
    """The function with a closure over the digest of all modules here, which it does not use.

    numba keeps what it compiled until the file of the function changes. What it calls of other files is compiled into it, and would be
    kept in its old form (numba#1833); but what it closes over is part of the key.
    """
    code = function.__code__.replace(co_freevars=("sources",))
    same = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, (CellType(_SOURCES),))
    return update_wrapper(same, function)
