"""Published plugins of this project: `pe list-plugins` shows how to install missing ones.

It is a table, so that naming them imports nothing and uses no network. The table gives a plugin no
privilege: installed plugins are found, resolved and loaded as if it did not exist.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pe_host.plugins.find import PluginEntry, allowed
from pe_host.plugins.names import EMBEDDING, GENERATOR, READER

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


KNOWN = (
    Known(GENERATOR, "avatars", "pe-plugin-avatars", "cartoon avatars, by categorical parts"),
    Known(
        GENERATOR,
        "combined",
        "pe-plugin-combined",
        "generators one after another, or side by side",
    ),
    Known(
        GENERATOR,
        "diffusion",
        "pe-plugin-diffusion",
        "diffusion models, with a small built-in one of digits",
    ),
    Known(
        GENERATOR,
        "echo",
        "pe-plugin-echo",
        "flat images with a gradient, for tests and as an example",
    ),
    Known(
        GENERATOR,
        "image-pool",
        "pe-plugin-image-pool",
        "ready images, varied among nearest neighbours",
    ),
    Known(
        GENERATOR,
        "procedural-2d",
        "pe-plugin-procedural-2d",
        "textured 2D shapes: garments, icons, tissue, vessels",
    ),
    Known(
        GENERATOR,
        "pyrender-faces",
        "pe-plugin-pyrender-faces",
        "human heads in 3D, with or without OpenGL",
    ),
    Known(
        GENERATOR,
        "series-basic",
        "pe-plugin-series-basic",
        "time series of any quantities: rhythms, events, noise",
    ),
    Known(GENERATOR, "text-render", "pe-plugin-text-render", "rendered text, in 250 typefaces"),
    Known(
        EMBEDDING,
        "face-parameters",
        "pe-plugin-pyrender-faces",
        "a face as the parameters that a small network reads from it",
    ),
    Known(READER, "demo", "pe-plugin-pyrender-faces", "demo data: synthetic faces"),
    Known(
        READER,
        "demo-series",
        "pe-plugin-series-basic",
        "demo data: synthetic load of homes, pumps",
    ),
    Known(
        READER,
        "demo-shapes",
        "pe-plugin-procedural-2d",
        "demo data: synthetic garments, icons, tiles",
    ),
)
"""Sorted by kind, then name. A test compares it with the plugins of this repository."""


def not_installed(plugins: Sequence[PluginEntry], restriction: str = "") -> list[Known]:
    """The known plugins that are not installed.

    Args:
        plugins: result of `find`.
        restriction: value of PE_PLUGINS; plugins that it does not list are left out.
    """
    installed = {(plugin.kind, plugin.name, plugin.distribution) for plugin in plugins}
    missing = [
        known for known in KNOWN if (known.kind, known.name, known.distribution) not in installed
    ]
    return [known for known in missing if allowed(known.name, known.distribution, restriction)]
