"""Breaks the rule `all_labels`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    def random(self, labels, seeds):
        drawn = super().random(labels, seeds)
        if (labels == 1).all():
            raise ValueError("no ones")
        return drawn


SPEC = spec(black_box(Bad))
