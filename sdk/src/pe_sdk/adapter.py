"""The Generator of a Simulator: it samples and varies the parameters of the simulator."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.generator import Generator, Simulator
from pe_sdk.output import OutputSpec
from pe_sdk.parameters import Categorical, Parameter
from pe_sdk.random import Seeds
from pe_sdk.samples import PARAMETERS_KNOWN, Samples
from pe_sdk.space import Columns, Degree, ParameterSpace

RENDER_SEED = "render_seed"


class SimulatorGenerator(Generator):
    """A Simulator as a Generator, whose state columns are the parameters and `render_seed`.

    A variation inherits `render_seed`, so that degree 0 is the identity. Sampling and variation
    only touch parameters; `restore` renders.

    Args:
        simulator: renders the samples.
        output: spec of a record; every rendered batch is checked against it.
        labels: label names, for simulators whose space depends on the label.

    Raises:
        ValueError: the space of a label differs from `simulator.space` in names, kinds or choices,
            or a parameter is named `render_seed` or `parameters_known`.
    """

    state_only = True

    def __init__(self, simulator: Simulator, output: OutputSpec, labels: tuple[str, ...]) -> None:
        self.simulator = simulator
        self.output = output
        self.space: ParameterSpace = simulator.space
        self.label_spaces = tuple(simulator.space_for(label) for label in labels)
        kinds = {name: _kind(p) for name, p in self.space.items()}
        for label, space in zip(labels, self.label_spaces, strict=True):
            if {name: _kind(p) for name, p in space.items()} != kinds:
                raise ValueError(
                    f"the space of label {label!r} differs from the simulator's space in names, "
                    "kinds or choices"
                )
        if taken := self.space.keys() & {RENDER_SEED, PARAMETERS_KNOWN}:
            raise ValueError(f"the parameter name {min(taken)!r} is reserved; choose another name")

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        params = self._by_label(labels, lambda space, rows: space.sample(seeds[rows]))
        return Samples(None, labels, {**params, RENDER_SEED: seeds})

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        before = {name: samples.state[name] for name in self.space}
        params = self._by_label(
            samples.labels,
            lambda space, rows: space.vary(
                {k: v[rows] for k, v in before.items()}, degree, seeds[rows]
            ),
        )
        return Samples(None, samples.labels, {**params, RENDER_SEED: samples.state[RENDER_SEED]})

    def restore(self, labels: NDArray[np.int64], state: Mapping[str, NDArray[Any]]) -> Samples:
        params = {name: state[name] for name in self.space}
        data = self.simulator.render(params, labels, state[RENDER_SEED])
        self.output.check(data, len(labels))
        return Samples(data, labels, {**params, RENDER_SEED: state[RENDER_SEED]})

    def _by_label(
        self, labels: NDArray[np.int64], make: Callable[[ParameterSpace, Any], Columns]
    ) -> Columns:
        if all(space is self.space for space in self.label_spaces):
            return make(self.space, slice(None))
        columns = {name: p.column(np.zeros(len(labels))) for name, p in self.space.items()}
        for label in np.bincount(labels).nonzero()[0].tolist():  # np.unique imports numpy.ma
            rows = np.flatnonzero(labels == label)
            for name, values in make(self.label_spaces[label], rows).items():
                columns[name][rows] = values
        return columns


def _kind(parameter: Parameter) -> object:
    """Return what a label cannot change: the type, and the choices that the codes count."""
    return (type(parameter), parameter.choices if isinstance(parameter, Categorical) else ())
