"""Breaks the rule `arguments_unchanged`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    def vary(self, samples, degree, seeds):
        varied = super().vary(samples, degree, seeds)
        if samples.data is not None:
            samples.data[:] = 0
        return varied


SPEC = spec(black_box(Bad))
