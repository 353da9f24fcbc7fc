"""Breaks the rule `batch_and_order`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    def random(self, labels, seeds):
        drawn = super().random(labels, seeds)
        drawn.state["level"][0] = 60
        return drawn


SPEC = spec(black_box(Bad))
