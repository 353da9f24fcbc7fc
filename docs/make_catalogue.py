"""Make the page of the catalogue and the table of the host from `plugins.yml`."""

import json
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent
TABLE = DOCS.parent / "pe_host/plugins/catalogue.json"
PAGE = DOCS / "catalogue.md"

_HEAD = """# Catalogue of plugins

`pe list-plugins` lists those of them that are not installed too, with the command that installs
each. Being listed gives a plugin no privilege: it is found, loaded and confined as any other.

Install one with `pip install PACKAGE`, into the environment of `pe`. If `pe` came by
`uv tool install`, use `uv tool install pe-host --with PACKAGE`; if by pipx, use
`pipx inject pe-host PACKAGE`.

To add yours, [publish it](publishing.md), add an entry like this one to `docs/plugins.yml`, run
`python docs/make_catalogue.py`, and open a pull request:

<!-- not run: an entry of a plugin that does not exist -->
```yaml
- distribution: pe-plugin-my-scene
  by: your name, or that of your group
  plugins:
    - kind: generator
      name: my-scene
      summary: "rooms with furniture, seen by a camera"
```

"""


def entries() -> list[dict[str, str]]:
    """Return one record for each plugin, sorted by kind in the order of the host, then by name.

    Raises:
        ValueError: an entry lacks something, or has something else.
    """
    document: Any = yaml.safe_load((DOCS / "plugins.yml").read_text(encoding="utf-8"))
    found = []
    for distribution in document:
        if {*distribution} != {"distribution", "by", "plugins"}:
            raise ValueError(f"an entry needs distribution, by and plugins: {distribution}")
        for plugin in distribution["plugins"]:
            if {*plugin} != {"kind", "name", "summary"}:
                raise ValueError(f"a plugin needs kind, name and summary: {plugin}")
            found.append({**plugin, "distribution": distribution["distribution"]})
    kinds = ["generator", "embedding", "reader", "exporter"]
    return sorted(found, key=lambda plugin: (kinds.index(plugin["kind"]), plugin["name"]))


def table(plugins: list[dict[str, str]]) -> str:
    """Return the table as JSON."""
    return json.dumps(plugins, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def page(plugins: list[dict[str, str]]) -> str:
    """Return the page."""
    parts = []
    for kind in dict.fromkeys(plugin["kind"] for plugin in plugins):
        rows = [
            f"| `{plugin['name']}` | {plugin['summary']} | {plugin['distribution']} |"
            for plugin in plugins
            if plugin["kind"] == kind
        ]
        head = [f"## {kind.capitalize()}s", "", "| name | | package |", "|---|---|---|"]
        parts.append("\n".join([*head, *rows]))
    return _HEAD + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(entries()), encoding="utf-8")
    PAGE.write_text(page(entries()), encoding="utf-8")
