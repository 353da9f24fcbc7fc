"""Breaks the rule `makes`."""

from bad_plugins.good import spec


def broken(output, labels):
    raise RuntimeError("never works")


SPEC = spec(broken)
