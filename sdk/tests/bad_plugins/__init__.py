"""Plugins that each break one rule: the module has the name of the check that must find it."""
