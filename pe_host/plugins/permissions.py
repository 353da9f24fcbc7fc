"""What a plugin asks for, and what the user allows its process.

A plugin asks in its spec, which only a process that runs plugin code can read: GPU, network, and
which of its options are paths. The host decides. It opens what the user typed as the value of such
an option, never a path that the plugin names.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pe_host.cache import cache_folder
from pe_host.files import paths_in
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.files import gpu_is_there
from pe_host.plugins.names import DEV
from pe_host.plugins.ref import PluginRef


@dataclass(frozen=True)
class Needs:
    """What a plugin asks for.

    Args:
        gpu: whether it uses a GPU.
        network: whether it can use a network.
        paths: names of given options whose values may be paths.
    """

    gpu: bool = False
    network: bool = False
    paths: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> "Needs":
        """Inverse of `to_json`.

        Raises:
            ValueError: the document is not one.
        """
        try:
            gpu, network, paths = (document[name] for name in ("gpu", "network", "paths"))
            if not all(isinstance(name, str) for name in paths):
                raise TypeError
            return cls(bool(gpu), bool(network), tuple(paths))
        except (KeyError, TypeError):
            raise ValueError("it does not say what it needs") from None


def needs_of(spec: Any, options: Mapping[str, str]) -> Needs:
    """Return what a spec asks for that makes a difference here. In a process of the plugin.

    Args:
        spec: of a kind with options.
        options: as given.
    """
    from pe_sdk import path_options

    return Needs(
        gpu=bool(getattr(spec, "gpu", False)) and gpu_is_there(),
        network=bool(getattr(spec, "network", False)),
        paths=path_options(spec.options, options),
    )


def permit(
    ref: PluginRef, needs: Needs, options: Mapping[str, str], network: bool = False
) -> Allowed:
    """Return what the process of a plugin may do.

    A plugin that can use the network and must not may read what a hub gave the user before.

    Args:
        ref: the plugin.
        needs: what it asks for.
        options: as the user gave them.
        network: whether the user allows it one.
    """
    given = [options[name] for name in needs.paths if name in options]
    return Allowed(
        read=tuple(dict.fromkeys(path for text in given for path in paths_in(text))),
        cache=str(plugin_cache(ref)),
        models=_models() if needs.network and not network else "",
        network=needs.network and network,
        gpu=needs.gpu,
    )


def _models() -> str:
    """Return the user's folder of models of a hub, as `huggingface_hub` finds it, or ""."""
    user = os.environ.get("XDG_CACHE_HOME") or cache_folder().parent
    home = os.environ.get("HF_HOME") or f"{user}/huggingface"
    folder = Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").absolute()
    return str(folder) if folder.is_dir() else ""


def plugin_cache(ref: PluginRef) -> Path:
    """Return the folder that the plugins of one distribution keep things in for the next run."""
    own = ref.distribution if ref.distribution != DEV else f"{DEV}-{ref.name}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", own):  # no name that a registry takes: a path, say
        own = hashlib.sha256(own.encode()).hexdigest()
    return cache_folder() / "plugins" / own
