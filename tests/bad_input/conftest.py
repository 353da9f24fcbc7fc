"""Fixtures of the tests of bad input: where cases are tried, and the count of cases."""

import shutil
from collections.abc import Iterator

import pytest

from bad_input.bench import Bench
from bad_input.commands import Commands, restore, scratch
from bad_input.tiers import CASES, Tally


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    folder = scratch()
    commands = Commands(folder)
    yield Bench(commands)
    commands.close()
    restore(folder)
    shutil.rmtree(folder)


@pytest.fixture
def tally(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Tally]:
    counted = Tally()
    yield counted
    if CASES:
        with capsys.disabled():
            print(f"\n{request.node.name}: {counted}")
