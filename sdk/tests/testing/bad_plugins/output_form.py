"""Breaks the rule `output_form`."""

import numpy as np

from bad_plugins.good import black_box, spec
from pe_sdk import Samples, SimulatorGenerator


class Bad(SimulatorGenerator):
    def restore(self, labels, state):
        made = super().restore(labels, state)
        return Samples(made.data.astype(np.int16), made.labels, made.state)


SPEC = spec(black_box(Bad))
