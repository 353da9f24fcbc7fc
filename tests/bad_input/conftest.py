"""Fixtures of the tests of bad input: the process of the commands, and the count of cases."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bad_input.commands import Commands, restore, scratch
from bad_input.tiers import CASES, Tally


@pytest.fixture(scope="session")
def run() -> Iterator[Commands]:
    folder = scratch()
    commands = Commands(folder)
    yield commands
    commands.close()
    restore(folder)
    shutil.rmtree(folder)


@pytest.fixture
def place(run: Commands) -> Path:
    """The folder of a case. It is the same for all: a run knows the path of its data."""
    return run.folder / "case"


@pytest.fixture
def tally(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Tally]:
    counted = Tally()
    yield counted
    if CASES:
        with capsys.disabled():
            print(f"\n{request.node.name}: {counted}")
