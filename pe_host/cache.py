"""The folders of the user that outlive a run: the cache, and the budget of all data sets."""

import os
import tempfile
from pathlib import Path

from pe_host.errors import PrivacyRefusal

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


def budget_folder() -> Path:
    """The folder of the budget database: $PE_BUDGET, else the user's state folder."""
    if given := os.environ.get("PE_BUDGET"):
        return Path(given)
    if root := os.environ.get("XDG_STATE_HOME"):
        return Path(root) / "pe" / "budget"
    try:
        return Path.home() / ".local" / "state" / "pe" / "budget"
    except RuntimeError:  # no HOME and a user unknown to the system, as in a container
        raise PrivacyRefusal(
            "there is no home folder to keep the budget of the data in",
            fix="set PE_BUDGET to a folder that lasts",
        ) from None
