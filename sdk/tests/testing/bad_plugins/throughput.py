"""Breaks the rule `throughput`."""

import time

from bad_plugins.good import Good, spec


class Bad(Good):
    def render(self, params, labels, seeds):
        if len(labels) == 4:
            time.sleep(2.2)
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
