"""Breaks the rule `same_in_another_process`."""

import os

import numpy as np

from bad_plugins.good import Good, spec


class Bad(Good):
    own = np.uint8(os.getpid() % 251)

    def render(self, params, labels, seeds):
        return super().render(params, labels, seeds) ^ self.own


SPEC = spec(Bad)
