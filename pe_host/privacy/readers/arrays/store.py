"""What the files of a reader look like to the rest of this package."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Records


class ArrayStore(Protocol):
    """Arrays by name, of a file or of several. What cannot be read raises SourceError.

    Attributes:
        where: the source, for errors.
        layout: what the files are, in a few words.
        hint: how a missing array is added: the next step in an error.
    """

    where: str
    layout: str
    hint: str

    def names(self) -> tuple[str, ...]:
        """The names of all arrays, in order."""
        ...

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and dtype of an array; its values are not read.

        The dtype is `object` where the array holds Python objects.
        """
        ...

    def array(self, name: str) -> NDArray[Any]:
        """Read a small array: labels, clients or names."""
        ...

    def records(self, name: str) -> Records:
        """Take a large array, whose first axis counts records."""
        ...
