"""Fixtures for the tests of plugins, which pytest finds by entry point.

Nothing else is imported before a test uses one.
"""

from typing import Any

import pytest


@pytest.fixture
def pe_seeds() -> Any:
    """Function n -> uint64 [n], which returns the same seeds each time."""
    from pe_sdk import random

    return lambda n: random.derive(0, "tests", n)


@pytest.fixture
def pe_output() -> Any:
    """OutputSpec of gray images of 28 × 28; override it in a module for another."""
    from pe_sdk import OutputSpec

    return OutputSpec.image(28, 28)
