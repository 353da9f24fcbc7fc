"""Plugins that each break one rule: the module is named after the check that must find it."""
