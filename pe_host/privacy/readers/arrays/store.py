"""What the files of a reader look like to the rest of this package."""

from collections.abc import Mapping
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
        private_names: whether the name of an array can be that of a record, as names of files can.
    """

    where: str
    layout: str
    hint: str
    private_names: bool

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


class InMemory:
    """Arrays that a reader has made of its files.

    Args:
        arrays: by name.
        where, layout, hint: see `ArrayStore`.
    """

    private_names = False

    def __init__(
        self, arrays: Mapping[str, NDArray[Any]], where: str, layout: str, hint: str
    ) -> None:
        self._arrays, self.where, self.layout, self.hint = arrays, where, layout, hint

    def names(self) -> tuple[str, ...]:
        return tuple(self._arrays)

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        return self._arrays[name].shape, self._arrays[name].dtype

    def array(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def records(self, name: str) -> Records:
        return self._arrays[name]
