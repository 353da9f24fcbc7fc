"""The host: finds generator plugins and runs Private Evolution with them.

    import pe_host as pe

    run = pe.generate(plugin="pyrender-faces", data="faces/", epsilon=1)
    images = run.samples().data

`PUBLIC` names everything that this module promises. Importing it loads nothing else; a name is
loaded when it is first used.
"""

TYPE_CHECKING = False  # as of `typing`, which takes longer to import than this module
if TYPE_CHECKING:
    from pe_host.api.calls import generate as generate
    from pe_host.api.calls import inspect as inspect
    from pe_host.api.run import Run as Run
    from pe_host.api.run import open_run as open_run
    from pe_host.errors import DataError as DataError
    from pe_host.errors import PeError as PeError
    from pe_host.errors import PluginFailure as PluginFailure
    from pe_host.errors import PrivacyRefusal as PrivacyRefusal
    from pe_host.errors import UsageError as UsageError

__version__ = "1.0.0"

PUBLIC = {
    "generate": "pe_host.api.calls",
    "inspect": "pe_host.api.calls",
    "open_run": "pe_host.api.run",
    "Run": "pe_host.api.run",
    "PeError": "pe_host.errors",
    "UsageError": "pe_host.errors",
    "PluginFailure": "pe_host.errors",
    "PrivacyRefusal": "pe_host.errors",
    "DataError": "pe_host.errors",
}
"""The names for use from Python, and the module of each."""


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'pe_host' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(PUBLIC[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
