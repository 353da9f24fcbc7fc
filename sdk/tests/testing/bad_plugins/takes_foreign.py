"""Breaks the rule `takes_foreign`."""

from bad_plugins.good import black_box, spec
from pe_sdk import SimulatorGenerator


class Bad(SimulatorGenerator):
    takes_foreign = True


SPEC = spec(black_box(Bad))
