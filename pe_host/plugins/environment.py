"""The environment of processes that run plugins."""

import os

_WITHHELD = frozenset({"PE_DATA", "PE_CONFIG", "PE_OUT"})
"""Where private data is: no plugin needs to know."""


def plugin_environment() -> dict[str, str]:
    """This process's environment without what names private data."""
    return {name: value for name, value in os.environ.items() if name not in _WITHHELD}
