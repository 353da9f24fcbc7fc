"""A reference to one plugin, with everything needed to load it in another process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class PluginRef:
    """One resolved plugin.

    Args:
        kind: one of `pe_host.plugins.KINDS`.
        name: normalised; its spec has this name.
        module: the module to import.
        distribution: where it comes from.
        version: of the distribution.
        dev: "module:object" if PE_DEV_PLUGIN names that, else None, and the hooks of the module are
            called.
    """

    kind: str
    name: str
    module: str
    distribution: str
    version: str
    dev: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.distribution} {self.version}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "PluginRef":
        """Inverse of `to_json`.

        Raises:
            ValueError: keys are missing or unknown, or a value is not a string.
        """
        if set(document) != {f.name for f in fields(cls)}:
            raise ValueError(f"a plugin reference cannot have the keys {sorted(document)}")
        texts = {
            name: value for name, value in document.items() if name != "dev" or value is not None
        }
        if not all(isinstance(value, str) for value in texts.values()):
            raise ValueError("a plugin reference holds strings only")
        return cls(**document)
