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
    """A program that renders samples from named parameters.

    The author writes a parameter space and `render`, nothing else.

    Examples:
        Discs of any radius, and a small variation of three of them:

        >>> import numpy as np
        >>> from pe_sdk import Float, ParameterSpace, Simulator, random
        >>> class Discs(Simulator):
        ...     space = ParameterSpace({"radius": Float(2, 12)})
        ...
        ...     def render(self, params, labels, seeds):
        ...         y, x = np.mgrid[:28, :28] - 13.5
        ...         inside = np.hypot(x, y) <= params["radius"][:, None, None]
        ...         return np.where(inside, 255, 0).astype(np.uint8)[..., None]
        >>> seeds = random.derive(seed=0, stream="example", count=3)
        >>> params = Discs.space.vary(Discs.space.sample(seeds), degree=0.1, seeds=seeds)
        >>> Discs().render(params, np.zeros(3, np.int64), seeds).shape
        (3, 28, 28, 1)
    """

    space: ParameterSpace

    def space_for(self, label: str) -> ParameterSpace:
        """Return the space of one label, where it depends on the label.

        It has the names, kinds and choices of `space`, but may be narrower.
        """
        return self.space

    @abstractmethod
    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[Any]:
        """Render the samples.

        Args:
            params: one column for each parameter, n rows, inside the space.
            labels: int64 [n], positions in the label names that the simulator was made for.
            seeds: uint64 [n], for randomness that is not a parameter (see `pe_sdk.random`).

        Returns:
            [n, *shape] of the dtype of the OutputSpec. Row i depends only on row i of the
                arguments.
        """


class Generator(ABC):
    """Makes random samples and variations of samples.

    These are RANDOM_API and VARIATION_API of arXiv 2305.15560, section 3. Row i of the output is a
    function of row i of the arguments: no state between calls, no global randomness.

    Examples:
        Noise, of which a variation redraws some pixels:

        >>> import numpy as np
        >>> from pe_sdk import Generator, Samples
        >>> from pe_sdk.random import derive, integers, uniforms
        >>> class Noise(Generator):
        ...     def random(self, labels, seeds):
        ...         pixels = integers(seeds, "pixels", 256, size=8 * 8)
        ...         return Samples(pixels.astype(np.uint8).reshape(-1, 8, 8, 1), labels)
        ...
        ...     def vary(self, samples, degree, seeds):
        ...         redrawn = uniforms(seeds, "redrawn", size=8 * 8) < degree
        ...         fresh = self.random(samples.labels, seeds).data
        ...         data = np.where(redrawn.reshape(fresh.shape), fresh, samples.data)
        ...         return Samples(data, samples.labels)
        >>> first = Noise().random(np.array([0, 1]), derive(0, "random", 2))
        >>> varied = Noise().vary(first, 0.25, derive(0, "vary", 2))
        >>> round(float(np.mean(varied.data != first.data)), 2)
        0.29
    """

    state_only: bool = False
    """Whether data follow from labels and state: `random` and `vary` return none, `restore` makes
    it."""

    takes_foreign: bool = False
    """Whether `vary` also accepts samples of other generators: data and labels, without its own
    state."""

    space: ParameterSpace | None = None
    """Parameters that every sample carries as state columns, from which an embedding may learn, or
    None. A column `pe_sdk.PARAMETERS_KNOWN` marks samples whose parameters say nothing about them.
    """

    label_spaces: tuple[ParameterSpace, ...] = ()
    """The space of each label, as `Simulator.space_for` returns it; () if all are `space`."""

    @abstractmethod
    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """Draw one sample for each row.

        Args:
            labels: int64 [n].
            seeds: uint64 [n].
        """

    @abstractmethod
    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """Vary each sample, and keep its label.

        Args:
            samples: n samples.
            degree: a number in [0, 1], or a number for each parameter by name; 0 is the identity.
            seeds: uint64 [n].
        """

    def restore(self, labels: NDArray[np.int64], state: Mapping[str, NDArray[Any]]) -> Samples:
        """Return the samples with their data, for a generator that is `state_only`.

        Args:
            labels: int64 [n].
            state: state columns as returned by `random` or `vary`.

        Raises:
            TypeError: the generator is not `state_only`.
        """
        raise TypeError(
            f"{type(self).__name__} keeps the data in its samples: there is nothing to restore"
        )

    def adapt(self, released: Released) -> "Generator":
        """Return the generator for what follows these votes: it varies the parents they have drawn.

        The host always calls the generator that the factory made. So the result depends only on the
        last iteration, however often a run was interrupted. Pure. `restore` must not depend on it.
        """
        return self
