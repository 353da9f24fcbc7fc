"""Blocks of work, all of one fixed size; the last one is padded by repeating its last row.

A plugin may not be bit-exact for every batch, because a matrix product chooses its order of
summation by the size of the batch. It still returns the same bits for the same blocks. So the
plugin sets the size, which never depends on the number of workers.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """Rows start..stop-1 of the work, sent as `size` rows."""

    index: int
    start: int
    stop: int
    size: int

    def __str__(self) -> str:
        return f"block {self.index} (rows {self.start} to {self.stop - 1})"

    def cut(self, column: NDArray[Any]) -> NDArray[Any]:
        """The block's rows of a column [n, ...], padded to [size, ...]."""
        rows = column[self.start : self.stop]
        missing = self.size - len(rows)
        return (
            rows if missing == 0 else np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
        )

    def trim(self, column: NDArray[Any]) -> NDArray[Any]:
        """The column without the padding, [stop - start, ...]."""
        return column[: self.stop - self.start]


def blocks(rows: int, size: int) -> Iterator[Block]:
    """The blocks that cover `rows` rows, in order."""
    for index, start in enumerate(range(0, rows, size)):
        yield Block(index, start, min(start + size, rows), size)


class BlockQueue:
    """Blocks that are handed out in order, to any thread, until one fails.

    Args:
        pending: the blocks.
    """

    def __init__(self, pending: Iterator[Block]) -> None:
        self._pending, self._lock = pending, threading.Lock()
        self.failures: dict[int, Exception] = {}
        """Errors by index of the block."""

    def next(self) -> Block | None:
        """The next block; None after the last, or once a block has failed."""
        with self._lock:
            return None if self.failures else next(self._pending, None)

    def fail(self, block: Block, error: Exception) -> None:
        """Record why a block failed."""
        with self._lock:
            self.failures[block.index] = error
