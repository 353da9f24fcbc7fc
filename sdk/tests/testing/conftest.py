"""Makes `bad_plugins` importable, here and in fresh processes."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def bad_plugins_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
