"""Exporters: writers of released data. None replaces anything that exists."""

from pe_host.export.built_in import BUILT_IN
from pe_host.export.table import check_release
from pe_host.export.write import write_built_in

__all__ = ["BUILT_IN", "check_release", "write_built_in"]
