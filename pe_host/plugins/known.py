"""Plugins that are published and perhaps not installed: `pe list-plugins` shows them with the line that installs them.

A table, so that naming them imports nothing and asks no network. Being in it gives a plugin no right: what is installed is
found, resolved and loaded as if it were not here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pe_host.plugins.find import PluginEntry, allowed
from pe_host.plugins.names import EMBEDDING, GENERATOR, READER

NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Known:
    """A plugin by kind and name, the distribution that has it, and what it is in a line."""

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
        "generators one after the other, or side by side",
    ),
    Known(
        GENERATOR,
        "diffusion",
        "pe-plugin-diffusion",
        "diffusion models, and a small one of digits that comes along",
    ),
    Known(
        GENERATOR,
        "echo",
        "pe-plugin-echo",
        "flat pictures with a gradient, to test with and to copy from",
    ),
    Known(
        GENERATOR,
        "image-pool",
        "pe-plugin-image-pool",
        "ready pictures, varied among nearest neighbours",
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
    Known(GENERATOR, "text-render", "pe-plugin-text-render", "written text, from 250 faces"),
    Known(
        EMBEDDING,
        "face-parameters",
        "pe-plugin-pyrender-faces",
        "what a head looks like, as its simulator would say it",
    ),
    Known(READER, "demo", "pe-plugin-pyrender-faces", "demo data: synthetic faces"),
    Known(
        READER,
        "demo-shapes",
        "pe-plugin-procedural-2d",
        "demo data: synthetic garments, icons, tiles",
    ),
)
"""By kind, then name. A test compares it with the plugins of this repository."""


def not_installed(plugins: Sequence[PluginEntry], restriction: str = "") -> list[Known]:
    """Those of the known plugins that are not among the installed ones.

    Args:
        plugins: what `find` gives.
        restriction: PE_PLUGINS; what it leaves out is not offered.
    """
    there = {(plugin.kind, plugin.name, plugin.distribution) for plugin in plugins}
    missing = [
        known for known in KNOWN if (known.kind, known.name, known.distribution) not in there
    ]
    return [known for known in missing if allowed(known.name, known.distribution, restriction)]
