"""Plugins: find (metadata only), resolve one name, load that plugin, or describe it in a child.

Importing this package imports no plugin and no numpy; `pe_host.plugins.load` imports them inside
its functions.
"""

from pe_host.plugins.find import PluginEntry, find
from pe_host.plugins.names import KINDS, normalise
from pe_host.plugins.ref import PluginRef
from pe_host.plugins.resolve import resolve, resolve_any

__all__ = ["KINDS", "PluginEntry", "PluginRef", "find", "normalise", "resolve", "resolve_any"]
