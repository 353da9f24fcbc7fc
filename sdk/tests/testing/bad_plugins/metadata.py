"""Breaks the rule `metadata`."""

from bad_plugins.good import spec

SPEC = spec(summary="two\nlines")
