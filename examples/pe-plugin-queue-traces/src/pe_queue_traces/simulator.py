"""The simulator: from parameters of a queue to a trace of its load."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pe_sdk import (
    CannotMake,
    Columns,
    OutputSpec,
    ParameterSpace,
    Seeds,
    Simulator,
    label_spaces,
    option,
)

from pe_queue_traces import draws, measure, schema
from pe_queue_traces.space import KINDS, OUTAGES, SPACE

LONGEST = 2_000


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    warm_up: int = option(
        8, "steps from an empty queue to the beginning of the trace, from 0 to 200"
    )
    labels: dict[str, str] = option(
        {}, "constraints on the parameters of a label, such as labels.web=load:0.5..1,outage:none"
    )


class Queues(Simulator):
    """Simulator of a queue in front of several servers, observed at regular steps."""

    space = SPACE

    def __init__(
        self, output: OutputSpec, spaces: Mapping[str, ParameterSpace], warm_up: int
    ) -> None:
        self.spaces = spaces
        self.columns = schema.columns(output)
        self.milliseconds = schema.step_milliseconds(output)
        self.length = output.shape[0]
        self.warm_up = warm_up

    def space_for(self, label: str) -> ParameterSpace:
        return self.spaces[label]

    def render(
        self, params: Columns, labels: NDArray[np.int64], seeds: Seeds
    ) -> NDArray[np.float32]:
        traces = np.empty((len(seeds), self.length, len(self.columns)), dtype=np.float32)
        for row in range(len(seeds)):
            values = {name: column[row].item() for name, column in params.items()}
            traces[row] = self._trace(values, seeds[row : row + 1])[:, self.columns]
        return traces

    def _trace(self, values: draws.Values, seed: Seeds) -> NDArray[np.float64]:
        """One trace with all features, [T, 4]."""
        from pe_queue_traces.node import Node

        horizon = float(self.warm_up + self.length)
        arrived = draws.arrivals(values, seed, horizon)
        node = Node(
            arrived,
            draws.work(values, seed, len(arrived)),
            values["servers"],
            values["queue_limit"],
        )
        out = {"none": 0, "one": 1, "all": values["servers"]}[OUTAGES[values["outage"]]]
        begin = self.warm_up + values["outage_at"] * self.length
        node.fail(out, begin, values["outage_length"] * self.length)
        started, done, dropped = node.run(horizon)
        ticks = np.arange(self.warm_up, self.warm_up + self.length + 1, dtype=np.float64)
        trace = measure.trace(arrived, started, done, dropped, ticks, values["servers"])
        trace[:, 1] *= self.milliseconds
        return trace


def make(output: OutputSpec, labels: tuple[str, ...], options: Options) -> Queues:
    """Make the simulator for these labels.

    Raises:
        CannotMake: the output is not a trace of a queue, or too long, or an option is invalid.
    """
    schema.columns(output)  # refuses other outputs
    if output.shape[0] > LONGEST:
        raise CannotMake(
            f"queue-traces makes traces of at most {LONGEST} steps, not {output.shape[0]}"
        )
    if not 0 <= options.warm_up <= 200:
        raise CannotMake(f"warm_up must lie in 0..200, got {options.warm_up}")
    usual = {label: KINDS[label] for label in labels if label in KINDS}
    return Queues(output, label_spaces(SPACE, labels, {**usual, **options.labels}), options.warm_up)
