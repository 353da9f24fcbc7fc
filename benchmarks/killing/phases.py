"""The phases of a run, and the board on which a run shows how far it is."""

import mmap

import numpy as np

PHASES = (
    "start",
    "admission",
    "preflight",
    "class counts",
    "candidates",
    "votes",
    "noise",
    "release",
    "evaluation",
    "end",
)
"""In order, except that candidates, votes and noise come again in each iteration.

Class counts are noise, too. `admission` is the time from the lock to the records in memory;
`noise` that from the check of the budget to the stored answer.
"""


class Board:
    """Memory that a run shares with the process that watches it."""

    def __init__(self) -> None:
        self._numbers = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), np.float64)
        self.operations = self._numbers[1 : 1 + len(PHASES)]
        """Operations so far of each phase."""
        self.seconds = self._numbers[1 + len(PHASES) : 1 + 2 * len(PHASES)]
        """Time so far in each phase."""

    @property
    def phase(self) -> int:
        """The phase that the run is in, as a position in PHASES."""
        return int(self._numbers[0])

    @phase.setter
    def phase(self, position: int) -> None:
        self._numbers[0] = position

    def clear(self) -> None:
        """Forget the last run."""
        self._numbers[:] = 0
