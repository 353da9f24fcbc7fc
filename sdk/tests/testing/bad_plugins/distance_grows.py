"""Breaks the rule `distance_grows`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    def vary(self, samples, degree, seeds):
        return super().vary(samples, min(degree, 0.05), seeds)


SPEC = spec(black_box(Bad))
