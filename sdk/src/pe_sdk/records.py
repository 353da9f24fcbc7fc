"""What a reader may return as records: an array, or what gives its rows as one."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Records(Protocol):
    """Records [n, *shape], of which the host asks for some consecutive rows at a time.

    An array is one. So is what keeps its rows on disk and returns those of a slice of step 1 as an
    array, such as a dataset of h5py. Then the records need not fit into memory.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...
