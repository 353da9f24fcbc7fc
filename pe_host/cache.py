"""The cache of results that do not depend on a run, kept for the next one."""

import os
import tempfile
from pathlib import Path

ACCOUNTING, FEATURES = OWN = ("accounting", "features")
"""Subfolders of the host: calibrated noise, and the weights of embeddings."""


def cache_folder() -> Path:
    """The user's cache folder of `pe`, which need not exist.

    If the user has no home, it lies in the system's temporary folder.
    """
    if root := os.environ.get("XDG_CACHE_HOME"):
        return Path(root) / "pe"
    try:
        return Path.home() / ".cache" / "pe"
    except RuntimeError:  # no HOME and a user unknown to the system, as in a container
        return Path(tempfile.gettempdir()) / f"pe-{os.getuid()}"
