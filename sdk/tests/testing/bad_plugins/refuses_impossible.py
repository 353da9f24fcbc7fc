"""Breaks the rule `refuses_impossible`."""

from bad_plugins.good import Good, spec


class Bad(Good):
    def __init__(self, output, labels):
        self.output, self.labels = output, labels


SPEC = spec(Bad)
