"""The plan of a resumed run: what may differ between two sessions, and what may not."""

from dataclasses import replace
from typing import Any

import pytest

from pe_host.privacy import PrivacyPlan, make_plan, resumed_plan
from pe_sdk import OutputSpec

PLAN = make_plan(
    epsilon=2.0,
    rounds=3,
    votes=4,
    class_names=("a", "b"),
    output=OutputSpec.image(4, 4),
    reader="memory",
    embeddings=("flat",),
)


def goes_on(kept: dict[str, Any], now: dict[str, Any], confined: bool = True) -> bool:
    """Whether a run whose plan has the fields `kept` may go on in a session with those of `now`."""
    before, after = replace(PLAN, **kept), replace(PLAN, **now)
    plan = resumed_plan(before, after, confined)
    if plan.digest == before.digest:
        assert plan == before
        return True
    return False


@pytest.mark.parametrize("more", [{"unconfined": True}, {"network": ("g",)}])
def test_plugins_that_may_do_more_than_the_plan_says_stop_a_confined_run(
    more: dict[str, Any],
) -> None:
    assert not goes_on({}, more)
    assert goes_on(more, {})  # they may do less
    assert goes_on({}, more, confined=False)  # a plan of an older version said that nothing stops


def test_another_network_is_not_less() -> None:
    assert not goes_on({"network": ("g",)}, {"network": ("h",)})
    assert goes_on({"network": ("g", "h")}, {"network": ("h",)})
    assert not goes_on({"network": ("g",)}, {"network": ("g",), "unconfined": True})


def test_ranges_that_are_declared_now_were_public_before() -> None:
    assert goes_on({}, {"public_ranges": True}) and not goes_on({"public_ranges": True}, {})


@pytest.mark.parametrize("confined", [True, False])
@pytest.mark.parametrize(
    "other",
    [
        {"bad_records": "drop"},
        {"epsilon": 2.1},
        {"delta": 1e-5},
        {"unit": "client"},
        {"rounds": 4},
        {"votes": 5},
        {"class_names": ("b", "a")},
        {"output": OutputSpec.image(4, 5)},
        {"reader": "other"},
        {"embeddings": ("flat", "other")},
    ],
)
def test_everything_else_stops_it(other: dict[str, Any], confined: bool) -> None:
    assert not goes_on({}, other, confined) and not goes_on(other, {}, confined)


def test_an_accountant_that_rounds_otherwise_does_not_stop_it() -> None:
    assert PLAN.count_scale is not None
    assert goes_on({"mu": PLAN.mu * (1 + 1e-14)}, {})
    larger = {"vote_scale": PLAN.vote_scale * 1.001, "count_scale": PLAN.count_scale * 1.001}
    assert goes_on(larger, {})


def test_noise_that_does_not_hold_what_the_plan_states_stops_it() -> None:
    assert not goes_on({"mu": PLAN.mu * 0.99}, {})
    assert not goes_on({"vote_scale": PLAN.vote_scale * 0.9}, {})
    assert not goes_on({"vote_scale": PLAN.vote_scale * 2, "mu": PLAN.mu * 0.1}, {})
    assert not goes_on({"count_scale": None}, {})


def test_a_plan_without_noise_is_compared_as_it_is() -> None:
    bare: PrivacyPlan = make_plan(
        epsilon=float("inf"),
        rounds=3,
        votes=4,
        class_names=("a", "b"),
        output=OutputSpec.image(4, 4),
        reader="memory",
        embeddings=("flat",),
    )
    assert resumed_plan(bare, bare, True) == bare
    assert resumed_plan(replace(bare, vote_scale=1.0), bare, True) == bare
