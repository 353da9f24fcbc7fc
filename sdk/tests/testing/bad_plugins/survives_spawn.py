"""Breaks the rule `survives_spawn`."""

import sys

from bad_plugins.good import Good, spec


class Bad(Good):
    def __init__(self, output, labels):
        super().__init__(output, labels)
        if (
            getattr(getattr(sys.modules["__main__"], "__spec__", None), "name", "")
            == "pe_sdk.testing.fresh"
        ):
            raise RuntimeError("what the first process had set up is missing")


SPEC = spec(Bad)
