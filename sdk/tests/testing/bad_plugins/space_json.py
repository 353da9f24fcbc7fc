"""Breaks the rule `space_json`."""

from bad_plugins.good import Good, spec
from pe_sdk import ParameterSpace


class Forgets(ParameterSpace):
    def to_json(self):
        document = super().to_json()
        document["parameters"].pop("slope")
        return document


class Bad(Good):
    space = Forgets(Good.space)


SPEC = spec(Bad)
