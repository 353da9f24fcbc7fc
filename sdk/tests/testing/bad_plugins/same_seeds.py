"""Breaks the rule `same_seeds`: each generator that the factory makes draws other samples."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    made = 0

    def __init__(self, simulator, output, labels):
        super().__init__(simulator, output, labels)
        Bad.made += 1
        self.number = Bad.made

    def random(self, labels, seeds):
        drawn = super().random(labels, seeds)
        drawn.state["level"][:] = 60 + self.number % 100
        return drawn


SPEC = spec(black_box(Bad))
