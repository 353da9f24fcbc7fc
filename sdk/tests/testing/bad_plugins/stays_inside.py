"""Breaks the rule `stays_inside`."""

from bad_plugins.good import Good, spec
from pe_sdk import ParameterSpace


class Leaves(ParameterSpace):
    def vary(self, params, degree, seeds):
        varied = super().vary(params, degree, seeds)
        return varied if degree == 0 else {**varied, "level": varied["level"] + 20}


class Bad(Good):
    space = Leaves(Good.space)


SPEC = spec(Bad)
