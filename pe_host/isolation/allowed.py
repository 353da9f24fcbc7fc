"""What one confined process may do beyond what every one may: the callers of `launch` say it."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Allowed:
    """What the user allowed one plugin. Nothing by default.

    Args:
        read: files, and folders with all below them, that it may read.
        write: the same, to change as well.
        cache: its own folder for what it keeps for the next run; "" for one that is removed with
            the process. It is made if needed.
        models: a folder of models that a hub gave before, which it may read; "" for one in its own
            cache.
        network: whether it may use the network: TCP and UDP.
        gpu: whether it may use the devices of GPUs.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    cache: str = ""
    models: str = ""
    network: bool = False
    gpu: bool = False

    def to_json(self) -> str:
        """Return a text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Allowed":
        """Inverse of `to_json`."""
        document = json.loads(text)
        lists = {name: tuple(document[name]) for name in ("read", "write")}
        return cls(**{**document, **lists})
