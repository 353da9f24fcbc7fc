"""Breaks the rule `adapt_is_pure`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    shift = 1.0

    def vary(self, samples, degree, seeds):
        return super().vary(samples, degree * self.shift, seeds)

    def adapt(self, released):
        self.shift = 0.5
        return self


SPEC = spec(black_box(Bad))
