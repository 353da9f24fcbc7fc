from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pe_host.privacy import PrivacyPlan, make_plan
from pe_host.privacy.budget import BudgetDatabase
from pe_sdk import OutputSpec

MakePlan = Callable[..., PrivacyPlan]


@pytest.fixture(scope="session")
def make() -> MakePlan:
    """make(epsilon=…) -> the plan of a run."""

    def plan(**changes: Any) -> PrivacyPlan:
        settings: dict[str, Any] = {
            "epsilon": 2.0,
            "rounds": 4,
            "votes": 3,
            "class_names": ("a",),
            "output": OutputSpec.image(4, 4),
            "reader": "r",
            "embeddings": ("e",),
        }
        return make_plan(**{**settings, **changes})

    return plan


@pytest.fixture
def database(tmp_path: Path) -> Iterator[BudgetDatabase]:
    database = BudgetDatabase.open(tmp_path / "budget")
    yield database
    database.close()
