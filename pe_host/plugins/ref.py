"""What it takes to load one plugin, in a form that travels to another process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class PluginRef:
    """One plugin that was resolved.

    Args:
        kind: one of `pe_host.plugins.KINDS`.
        name: normalised; the spec it yields has this name.
        module: what to import.
        distribution, version: where it comes from.
        dev: "module:object" where PE_DEV_PLUGIN gave that, else None: what the hooks of the module give.
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
            ValueError: other keys, or values that are no text.
        """
        if set(document) != {f.name for f in fields(cls)}:
            raise ValueError(f"a plugin reference has other keys: {sorted(document)}")
        texts = {
            name: value for name, value in document.items() if name != "dev" or value is not None
        }
        if not all(isinstance(value, str) for value in texts.values()):
            raise ValueError("a plugin reference holds texts only")
        return cls(**document)
