"""Breaks the rule `cpu_only`."""

import contextlib
from pathlib import Path

from bad_plugins.good import Good, spec


class Bad(Good):
    def render(self, params, labels, seeds):
        with contextlib.suppress(OSError):
            Path("/dev/nvidia0").open("rb").close()
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
