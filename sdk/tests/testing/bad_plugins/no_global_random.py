"""Breaks the rule `no_global_random`."""

import numpy as np

from bad_plugins.good import Good, spec


class Bad(Good):
    def render(self, params, labels, seeds):
        np.random.random()
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
