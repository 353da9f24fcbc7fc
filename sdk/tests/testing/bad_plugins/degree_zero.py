"""Breaks the rule `degree_zero`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    def vary(self, samples, degree, seeds):
        return super().vary(samples, max(degree, 0.01), seeds)


SPEC = spec(black_box(Bad))
