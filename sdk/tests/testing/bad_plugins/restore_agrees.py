"""Breaks the rule `restore_agrees`: restore changes the seeds."""

from bad_plugins.good import black_box, spec
from pe_sdk import Samples, SimulatorGenerator


class Bad(SimulatorGenerator):
    def restore(self, labels, state):
        made = super().restore(labels, state)
        return Samples(
            made.data, made.labels, {**made.state, "render_seed": made.state["render_seed"] + 1}
        )


SPEC = spec(black_box(Bad))
