"""Breaks the rule `no_dead_parameters`."""

from bad_plugins.good import Good, spec
from pe_sdk import Float, ParameterSpace


class Bad(Good):
    space = ParameterSpace({**Good.space, "unused": Float(0, 1)})


SPEC = spec(Bad)
