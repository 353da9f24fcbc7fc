"""Fixtures for the tests of plugins, offered to pytest by entry point. Nothing else is imported before one is used."""

from typing import Any

import pytest


@pytest.fixture
def pe_seeds() -> Any:
    """A function: n -> uint64 [n], the same seeds each time."""
    from pe_sdk import random

    return lambda n: random.derive(0, "tests", n)


@pytest.fixture
def pe_output() -> Any:
    """The OutputSpec of gray images of 28 x 28; override it in a module for another."""
    from pe_sdk import OutputSpec

    return OutputSpec.image(28, 28)
