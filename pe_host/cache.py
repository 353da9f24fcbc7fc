"""Where results that do not depend on a run are kept for the next one."""

import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache of `pe`; it need not exist. Below the system's temporary folder where there is no home."""
    if root := os.environ.get("XDG_CACHE_HOME"):
        return Path(root) / "pe"
    try:
        return Path.home() / ".cache" / "pe"
    except RuntimeError:  # no HOME, and a user whom the system does not know: as in a container
        return Path(tempfile.gettempdir()) / f"pe-{os.getuid()}"
