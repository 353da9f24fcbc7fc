"""numba's njit with an on-disk cache where one can be written, and without where not (a read-only installation)."""

from collections.abc import Callable
from typing import Any

import numba


def njit(function: Callable[..., Any]) -> Any:
    """Compile lazily, release the GIL, keep IEEE arithmetic (no fastmath): results do not depend on the batch."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba finds no folder for its cache
        return numba.njit(nogil=True)(function)
