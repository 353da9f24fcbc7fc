"""Breaks the rule `no_writes`."""

from pathlib import Path

from bad_plugins.good import Good, spec


class Bad(Good):
    def render(self, params, labels, seeds):
        beside = Path(__file__).with_suffix(".written")
        beside.write_bytes(b"")
        beside.unlink(missing_ok=True)
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
