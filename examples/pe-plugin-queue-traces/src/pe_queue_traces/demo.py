"""Demo data: traces of an imaginary data centre, with the parameters that made them.

A run should recover them from votes only: a busy web tier that loses a server at its peak, batch
jobs with heavy tails that come in long bursts, and streaming that stalls early on.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pe_sdk import OutputSpec, Table, label_spaces
from pe_sdk.random import derive

from pe_queue_traces.simulator import Queues
from pe_queue_traces.space import SPACE

COUNTS: Mapping[str, int] = MappingProxyType({"web": 360, "batch": 180, "streaming": 240})

TRUTH: Mapping[str, str] = MappingProxyType(
    {
        "web": "rate:5..8,arrivals:diurnal,contrast:3..6,period:44..52,phase:0.45..0.55,"
        "service:exponential,load:0.7..0.9,servers:4..6,queue_limit:40..60,outage:one,"
        "outage_at:0.15..0.25,outage_length:0.25..0.35",
        "batch": "rate:1..2,arrivals:bursty,contrast:8..12,period:40..60,service:pareto,"
        "tail:0.6..0.9,load:0.8..1.2,servers:1..2,queue_limit:45..60,outage:none",
        "streaming": "rate:3..6,arrivals:poisson,service:lognormal,tail:0..0.2,load:0.4..0.6,"
        "servers:2..4,queue_limit:8..16,outage:all,outage_at:0.2..0.3,outage_length:0.08..0.16",
    }
)


def table(output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """All records; labels are positions in `label_names`, and -1 for classes not among them."""
    spaces = label_spaces(SPACE, tuple(TRUTH), TRUTH)
    simulator = Queues(output, spaces, warm_up=8)
    parts = []
    for name, space in spaces.items():
        seeds = derive(1962, f"demo/{name}", COUNTS[name])
        position = label_names.index(name) if name in label_names else -1
        labels = np.full(len(seeds), position, dtype=np.int64)
        params = space.sample(seeds)
        parts.append((simulator.render(params, labels, seeds), labels, params))
    data: NDArray[np.float32] = np.concatenate([part[0] for part in parts])
    return Table(
        data,
        np.concatenate([part[1] for part in parts]),
        parameters={name: np.concatenate([part[2][name] for part in parts]) for name in SPACE},
    )
