import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from pe_host.errors import DataError, PrivacyRefusal, UsageError
from pe_host.privacy import ClassShares, PrivacyPlan, make_plan
from pe_host.privacy.accountant import delta_of, gaussian_mu
from pe_sdk import Feature, OutputSpec

SETTINGS: dict[str, Any] = {
    "epsilon": 1.0,
    "rounds": 4,
    "votes": 10,
    "class_names": ("cat", "dog"),
    "output": OutputSpec.image(28, 28),
    "reader": "npz",
    "embeddings": ("simulator-features",),
}


def _plan(**changes: Any) -> PrivacyPlan:
    return make_plan(**{**SETTINGS, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"epsilon": math.inf},
        {"shares": ClassShares.parse("uniform", 100)},
        {"unit": "client"},
        {"bad_records": "drop", "public_ranges": True},
    ],
)
def test_json_round_trip(changes: dict[str, Any]) -> None:
    plan = _plan(**changes)
    again = PrivacyPlan.from_json(json.loads(json.dumps(plan.to_json(), allow_nan=False)))
    assert again == plan and again.digest == plan.digest


LATER: dict[str, Any] = {
    "bad_records": "drop",
    "public_ranges": True,
    "network": ("diffusion",),
    "unconfined": True,
}
"""The fields that came after the first plans, with a value other than the default."""


def test_a_plan_without_the_later_fields_keeps_its_digest() -> None:
    """Fails if a run that was planned before they came could not be resumed."""
    assert not LATER.keys() & _plan().to_json().keys()
    digest = "638ecc1fe3622ba8d7b1191bc082d9ca56e1b932ab371d1ea31aba93c9a5c38a"
    assert _plan(shares=ClassShares.parse("uniform", 100)).digest == digest


def test_the_digest_covers_every_field() -> None:
    plan = _plan()
    fields = {field.name for field in dataclasses.fields(plan)}
    assert fields - LATER.keys() <= set(plan.to_json())
    later = dataclasses.replace(plan, **LATER)
    assert fields <= set(later.to_json()) and PrivacyPlan.from_json(later.to_json()) == later
    changes: dict[str, Any] = {
        **LATER,
        "epsilon": 1.1,
        "unit": "client",
        "votes": 9,
        "vote_scale": 1.0,
        "embeddings": (),
    }
    for field, value in {**changes, "class_names": ("dog", "cat")}.items():
        assert dataclasses.replace(plan, **{field: value}).digest != plan.digest


def test_the_wall_is_described_as_it_is() -> None:
    plan = _plan()
    assert "from the network." in " ".join(plan.sentences())
    assert "ran unconfined" in " ".join(plan.sentences(confined=False))
    network = " ".join(dataclasses.replace(plan, network=("diffusion",)).sentences())
    assert "let diffusion use the network" in network and "from the network." not in network
    unconfined = dataclasses.replace(plan, unconfined=True).sentences()
    assert "did not confine them" in " ".join(unconfined)


@pytest.mark.parametrize(
    "document", [{}, {"schema": 2}, {"schema": 1}, {**_plan().to_json(), "vote_scale": "x"}]
)
def test_what_is_no_plan_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        PrivacyPlan.from_json(document)


def test_the_plan_keeps_its_promise() -> None:
    for shares in (ClassShares(), ClassShares.parse("uniform", 50)):
        plan = _plan(shares=shares)
        assert delta_of(plan.releases, plan.epsilon) <= plan.delta and plan.mu == gaussian_mu(
            plan.releases
        )
        assert len(plan.releases) == 4 + (shares.origin == "noisy")


def test_the_sentences_state_every_assumption() -> None:
    text = " ".join(_plan(unit="client").sentences())
    for part in (
        "(1, 1e-06)-diff",
        "one client",
        "removing",
        "Gaussian-DP",
        "1/n",
        "Assumed public",
        "28 × 28 × 1",
    ):
        assert part in text
    for part in (
        "npz",
        "simulator-features",
        "2 class names",
        "4 noisy histograms",
        "2% of the budget",
    ):
        assert part in text
    declared = " ".join(_plan(shares=ClassShares.parse("uniform", 500)).sentences())
    assert "declared 500 records" in declared and "nothing is released" in declared
    form = OutputSpec.series(9, [Feature("delay", "ms", 0, 500), "queue"], step=10, step_unit="s")
    series = " ".join(_plan(output=form).sentences())
    for part in ("delay (ms), queue", "ranges of its features (delay 0 to 500)", "its step (10 s)"):
        assert part in series, "ranges and step of a private file are published"


def test_the_sentences_say_what_happens_to_records_that_are_not_well_formed() -> None:
    refused, dropped = (" ".join(_plan(bad_records=how).sentences()) for how in ("refuse", "drop"))
    assert "Assumed: every record is well-formed." in refused and "is dropped" not in refused
    assert "is dropped and contributes nothing" in dropped and "is not published" in dropped


def test_the_sentences_say_who_declares_ranges_public() -> None:
    form = OutputSpec.series(9, [Feature("delay", "ms", 0, 500)])
    words = "which the operator declares public"
    assert words in " ".join(_plan(output=form, public_ranges=True).sentences())
    assert words not in " ".join(_plan(output=form).sentences()), "the generator declares them"


def test_a_delta_that_is_not_below_one_over_n_is_refused_and_otherwise_said() -> None:
    plan = _plan(delta=1e-3)
    plan.check_delta(999, "here")
    for n in (1_000, 5_000_000):
        with pytest.raises(PrivacyRefusal, match="δ = 0.001 is not below 1/n") as caught:
            plan.check_delta(n, "here")
        assert "--allow-large-delta" in caught.value.fix
        assert "NOT below 1/n" in " ".join(plan.sentences(n))
    assert "should be well below 1/n" in " ".join(plan.sentences(999))
    declared = _plan(delta=1e-3, shares=ClassShares.parse("uniform", 1_000))
    assert "NOT below 1/n" in " ".join(declared.sentences())
    _plan(epsilon=math.inf, delta=0.5).check_delta(1_000, "here")


def test_no_noise_is_labelled_not_private() -> None:
    plan = _plan(epsilon=math.inf)
    assert (
        not plan.private and plan.vote_scale == 0 and plan.count_scale == 0 and plan.mu == math.inf
    )
    assert plan.sentences()[0].startswith("NOT PRIVATE") and plan.to_json()["private"] is False


REFUSED = [{"epsilon": math.nan}, {"epsilon": 0}, {"rounds": 0}, {"votes": 0}, {"unit": "day"}]


@pytest.mark.parametrize("changes", [*REFUSED, {"epsilon": math.inf, "rounds": 0}])
def test_a_plan_that_promises_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PrivacyRefusal):
        _plan(**changes)


def test_class_names_are_needed_once_each() -> None:
    for names in ((), ("a", "a")):
        with pytest.raises(DataError):
            _plan(class_names=names)


def test_shares_are_read_and_split() -> None:
    counts = ClassShares.parse("public:1,2,0", 10).declared(("a", "b", "c"))
    assert counts.counts.tolist() == [3, 7, 0] and counts.origin == "public" and counts.total == 10
    assert ClassShares.parse("uniform", 11).declared(("a", "b", "c")).counts.tolist() == [4, 4, 3]
    assert ClassShares.parse("noisy") == ClassShares()
    with pytest.raises(ValueError, match="not declared"):
        ClassShares().declared(("a",))


def test_fault_9_declared_shares_need_a_public_size() -> None:
    """Taking n or the shares from the data would publish them for nothing."""
    for text in ("uniform", "public:0.5,0.5"):
        with pytest.raises(PrivacyRefusal, match="public number of records"):
            ClassShares.parse(text)


UNREADABLE = [
    "even",
    "public",
    "uniform:1",
    "noisy",
    "public:a,b",
    "public:1,-1",
    "public:0,0",
    "public:nan,1",
    "public:inf,1",
    "public:1e308,1e308",
]


@pytest.mark.parametrize(("text", "size"), [*[(text, 5) for text in UNREADABLE], ("uniform", 0)])
def test_shares_that_cannot_be_read_are_a_usage_error(text: str, size: int) -> None:
    with pytest.raises(UsageError):
        ClassShares.parse(text, size)


def test_shares_must_fit_the_classes() -> None:
    with pytest.raises(UsageError, match="3 weights for 2"):
        _plan(shares=ClassShares.parse("public:1,1,1", 9))


def test_released_arrays_cannot_be_changed() -> None:
    from pe_host.privacy import NoisyHistogram

    source = np.arange(3)
    histogram = NoisyHistogram(source, 1, 2.0)
    source[0] = 9
    assert histogram.votes.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        histogram.votes[0] = 1
