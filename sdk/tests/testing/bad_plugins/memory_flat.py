"""Breaks the rule `memory_flat`."""

import numpy as np

from bad_plugins.good import Good, spec


class Bad(Good):
    def __init__(self, output, labels):
        super().__init__(output, labels)
        self.kept = []

    def render(self, params, labels, seeds):
        self.kept.append(np.ones(2**20))  # 8 MiB a call, two calls a round
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
