"""Published plugins: `pe list-plugins` shows how to install missing ones.

The catalogue is a file, so that naming them imports nothing and uses no network. It gives a plugin
no privilege: installed plugins are found, resolved and loaded as if it did not exist.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pe_host.plugins.find import PluginEntry, allowed

NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Known:
    """A published plugin: kind, name, its distribution, and a summary in one line."""

    kind: str
    name: str
    distribution: str
    summary: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install {self.distribution}"

    def to_json(self) -> dict[str, str]:
        return {**asdict(self), "state": NOT_INSTALLED, "install": self.install}


@cache
def known() -> tuple[Known, ...]:
    """The catalogue, sorted by kind, then name. `docs/plugins.yml` is its source."""
    text = Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8")
    return tuple(Known(**entry) for entry in json.loads(text))


def not_installed(plugins: Sequence[PluginEntry], restriction: str = "") -> list[Known]:
    """The known plugins that are not installed.

    Args:
        plugins: result of `find`.
        restriction: value of PE_PLUGINS; plugins that it does not list are left out.
    """
    installed = {(plugin.kind, plugin.name, plugin.distribution) for plugin in plugins}
    missing = [
        entry for entry in known() if (entry.kind, entry.name, entry.distribution) not in installed
    ]
    return [entry for entry in missing if allowed(entry.name, entry.distribution, restriction)]
