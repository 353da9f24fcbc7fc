"""The two kinds of generator: `Simulator` knows its parameters, `Generator` is a black box."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.random import Seeds
from pe_sdk.released import Released
from pe_sdk.samples import Samples
from pe_sdk.space import Columns, Degree, ParameterSpace


class Simulator(ABC):
    """A program that draws a sample from named parameters. The author writes a space and `render`, nothing else."""

    space: ParameterSpace

    def space_for(self, label: str) -> ParameterSpace:
        """The space of one label, where it depends on the label: same names, kinds and choices as `space`, narrower."""
        return self.space

    @abstractmethod
    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[Any]:
        """Draw the samples.

        Args:
            params: a column a parameter, n rows, inside the space.
            labels: int64 [n], positions in the label names the simulator was made for.
            seeds: uint64 [n], for randomness that is no parameter (see `pe_sdk.random`).

        Returns:
            [n, *shape] of the dtype of the OutputSpec. Row i depends on row i of the arguments alone.
        """


class Generator(ABC):
    """Makes random samples and variations of samples (RANDOM_API and VARIATION_API of arXiv 2305.15560, section 3).

    The output is a function of the arguments alone, row by row: no state between calls, no global randomness.
    """

    state_only: bool = False
    """True where the data follow from labels and state: `random` and `vary` return none, `restore` makes it."""

    takes_foreign: bool = False
    """True where `vary` takes samples of other generators too: data and labels, without state of its own."""

    space: ParameterSpace | None = None
    """Parameters that every sample carries in columns of its state, from which an embedding may learn; None where it knows none.
    A column `pe_sdk.PARAMETERS_KNOWN` tells samples whose parameters say nothing about them."""

    label_spaces: tuple[ParameterSpace, ...] = ()
    """By label, as `Simulator.space_for` gives them; () where all are `space`."""

    @abstractmethod
    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """A fresh sample a row. labels: int64 [n]; seeds: uint64 [n]."""

    @abstractmethod
    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """A variation of each sample, same labels; degree in [0, 1] (or by parameter), 0 being the identity."""

    def restore(self, labels: NDArray[np.int64], state: Mapping[str, NDArray[Any]]) -> Samples:
        """The samples with their data, from labels and state as `random` or `vary` gave them. For `state_only`."""
        raise TypeError(
            f"{type(self).__name__} keeps data in its samples and has nothing to restore"
        )

    def adapt(self, released: Released) -> "Generator":
        """The generator to go on with after an iteration: it varies what was drawn by these votes.

        The host asks the generator that the factory made, each time, so that what comes out depends on the last iteration
        alone, however often a run was interrupted. Pure. `restore` must not depend on it.
        """
        return self
