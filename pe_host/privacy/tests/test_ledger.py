import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy.accountant import NoisyRelease, delta_of
from pe_host.privacy.ledger import Ledger, run_of
from pe_host.privacy.plan import PrivacyPlan
from pe_host.privacy.shortage import BudgetExhausted

RUN = "00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def plan() -> PrivacyPlan:
    from pe_host.privacy import make_plan
    from pe_sdk import OutputSpec

    return make_plan(
        epsilon=2.0,
        rounds=4,
        votes=3,
        class_names=("a",),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=("e",),
    )


def _opened(path: Path, plan: PrivacyPlan) -> Ledger:
    if not path.exists():
        Ledger.create(path, plan, RUN)
    return Ledger.open(path, plan)


def test_a_missing_ledger_is_not_begun_again(tmp_path: Path, plan: PrivacyPlan) -> None:
    with pytest.raises(PrivacyRefusal, match="the ledger is missing"):
        Ledger.open(tmp_path / "l", plan)
    assert not (tmp_path / "l").exists()


def test_a_ledger_with_draws_is_not_replaced(tmp_path: Path, plan: PrivacyPlan) -> None:
    Ledger.create(tmp_path / "l", plan, RUN)
    Ledger.create(tmp_path / "l", plan, RUN)  # one that was never used is
    Ledger.open(tmp_path / "l", plan).spend("votes", 1)
    with pytest.raises(PrivacyRefusal, match="whose manifest is missing"):
        Ledger.create(tmp_path / "l", plan, RUN)


def _complete(path: Path, plan: PrivacyPlan) -> Ledger:
    ledger = _opened(path, plan)
    ledger.spend("class-counts", 0)
    for t in range(1, 5):
        ledger.spend("votes", t)
    return ledger


def test_the_plan_is_affordable_and_nothing_more(tmp_path: Path, plan: PrivacyPlan) -> None:
    ledger = _complete(tmp_path / "l", plan)
    assert sorted(ledger.releases, key=str) == sorted(plan.releases, key=str)
    assert 1.99 < ledger.spent_epsilon() <= 2.0 and not ledger.affords("class-counts")
    with pytest.raises(BudgetExhausted):
        ledger.spend("votes", 4)


def test_what_was_written_is_read_again(tmp_path: Path, plan: PrivacyPlan) -> None:
    before = _complete(tmp_path / "l", plan)
    after = _opened(tmp_path / "l", plan)
    assert (
        after.releases == before.releases
        and after.has_line("votes", 4)
        and not after.has_line("votes", 5)
    )


def test_a_line_is_on_the_disk_when_spend_returns(
    tmp_path: Path, plan: PrivacyPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = _opened(tmp_path / "l", plan)
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    ledger.spend("votes", 1)
    assert synced and synced[-1] == (tmp_path / "l").stat().st_size


def test_a_full_disk_is_an_error_before_anything_is_drawn(
    tmp_path: Path, plan: PrivacyPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = _opened(tmp_path / "l", plan)
    with monkeypatch.context() as patch, pytest.raises(DataError, match="No space left"):
        patch.setattr(
            os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        ledger.spend("votes", 1)
    # The line may have reached the disk, so it counts.
    assert len(_opened(tmp_path / "l", plan).releases) == 1


def test_creation_syncs_the_folder(
    tmp_path: Path, plan: PrivacyPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    _opened(tmp_path / "l", plan)
    assert (tmp_path / "l").stat().st_ino in synced and synced[-1] == tmp_path.stat().st_ino


def test_fault_5_a_longer_schedule_is_refused(tmp_path: Path, plan: PrivacyPlan) -> None:
    """The reference recalibrates on resume: ε of 10.08 was reported as 1.0."""
    from pe_host.privacy import make_plan

    _complete(tmp_path / "l", plan)
    longer = make_plan(
        epsilon=2.0,
        rounds=8,
        votes=3,
        class_names=("a",),
        output=plan.output,
        reader="r",
        embeddings=("e",),
    )
    with pytest.raises(PrivacyRefusal, match="plan has changed"):
        _opened(tmp_path / "l", longer)


def test_fault_6_every_attempt_counts(tmp_path: Path, plan: PrivacyPlan) -> None:
    """The reference draws noise again after a kill: five noisy rounds for a plan of four."""
    path = tmp_path / "l"
    for _ in range(3):
        # Killed before the histogram was stored, and resumed.
        _opened(path, plan).spend("votes", 1)
    ledger = _opened(path, plan)
    assert len(ledger.releases) == 3 and ledger.affords("votes")
    ledger.spend("votes", 2)
    assert not _opened(path, plan).affords("votes")


@pytest.mark.parametrize("keep", [1, 30, -2])
def test_fault_6_a_torn_last_line_counts_as_a_full_round(
    tmp_path: Path, plan: PrivacyPlan, keep: int
) -> None:
    path = tmp_path / "l"
    _opened(path, plan).spend("votes", 1)
    whole = path.read_bytes()
    # A cheap line, which counts as an expensive one when it is torn.
    _opened(path, plan).spend("class-counts", 0)
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:keep])
    torn = _opened(path, plan)
    assert torn.releases == [plan.vote_release] * 2
    torn.spend("votes", 2)
    # The torn line is still paid for, and the file is well formed again.
    assert _opened(path, plan).releases == [plan.vote_release] * 3
    for t in (3, 4):
        if _opened(path, plan).affords("votes"):
            _opened(path, plan).spend("votes", t)
    assert delta_of(_opened(path, plan).releases, plan.epsilon) <= plan.delta


def test_a_line_that_lost_only_its_line_feed_counts_as_itself(
    tmp_path: Path, plan: PrivacyPlan
) -> None:
    path = tmp_path / "l"
    _opened(path, plan).spend("class-counts", 0)
    path.write_bytes(path.read_bytes()[:-1])
    _opened(path, plan).spend("class-counts", 0)
    assert _opened(path, plan).releases == [plan.count_release] * 2


def test_a_crash_while_owning_up_to_a_torn_line_leaves_a_readable_ledger(
    tmp_path: Path, plan: PrivacyPlan
) -> None:
    path = tmp_path / "l"
    _opened(path, plan).spend("votes", 1)
    start = path.read_bytes()
    path.write_bytes(start + b'{"att')
    _opened(path, plan).spend("votes", 1)
    whole = path.read_bytes()
    for length in range(len(start) + 5, len(whole) + 1):
        path.write_bytes(whole[:length])
        again = _opened(path, plan)
        assert len(again.releases) >= 2
        if again.affords("votes"):
            again.spend("votes", 2)
            assert _opened(path, plan).releases == again.releases


STEPS = st.lists(
    st.tuples(st.sampled_from(["draw", "kill", "tear"]), st.integers(0, 4), st.integers(1, 400)),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_fault_6_the_target_holds_under_every_sequence_of_crashes(
    plan: PrivacyPlan, steps: list[tuple[str, int, int]]
) -> None:
    """All draws stay within the target, and the ledger never counts less than was drawn.

    `draw`: a line is written and noise drawn. `kill`: the process ends and the ledger is opened
    again. `tear`: the process ends while it writes the line, before the draw.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l"
        ledger, drawn = _opened(path, plan), []
        for action, round, cut in steps:
            if action == "kill":
                ledger = _opened(path, plan)
                continue
            kind = "votes" if round else "class-counts"
            before = path.stat().st_size
            try:
                ledger.spend(kind, round)
            except BudgetExhausted:
                continue
            if action == "tear":
                with path.open("r+b") as file:
                    file.truncate(max(before, path.stat().st_size - cut))
                ledger = _opened(path, plan)
            else:
                drawn.append(plan.vote_release if round else plan.count_release)
        assert delta_of(drawn, plan.epsilon) <= plan.delta
        assert _at_least(_opened(path, plan).releases, drawn)


def _at_least(counted: list[NoisyRelease], drawn: list[NoisyRelease]) -> bool:
    """The k-th most expensive line costs no less than the k-th most expensive draw."""
    cost = [
        sorted((r.coordinates / r.scale**2 for r in rs), reverse=True) for rs in (counted, drawn)
    ]
    return len(cost[0]) >= len(cost[1]) and all(a >= b for a, b in zip(*cost, strict=False))


def _changed(lines: list[bytes], number: int, **fields: Any) -> list[bytes]:
    out = list(lines)
    out[number] = json.dumps({**json.loads(lines[number]), **fields}, sort_keys=True).encode()
    return out


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0][:20], *lines[1:]],  # header
        lambda lines: [],
        lambda lines: [lines[0], lines[1][:9], *lines[2:]],  # middle
        lambda lines: [lines[0], b"\x00" * 80, *lines[2:]],
        lambda lines: [lines[0], b"[]", *lines[2:]],
        lambda lines: [lines[0], *lines[2:3], *lines[2:]],  # the same attempt twice
        lambda lines: _changed(lines, 2, scale=1e5),
        lambda lines: _changed(lines, 2, scale=math.nan),
        lambda lines: _changed(lines, 2, coordinates=0),
        lambda lines: _changed(lines, 2, round=9),
        lambda lines: _changed(lines, 2, round=True),
        lambda lines: _changed(lines, 2, kind="torn"),
        lambda lines: [*lines[:2], lines[2].replace(b" ", b""), *lines[3:]],
        lambda lines: _changed(lines, 2, private=False),
        lambda lines: _changed(lines, 2, plan="0"),
    ],
)
def test_damage_elsewhere_than_at_the_end_is_refused(
    tmp_path: Path, plan: PrivacyPlan, damage: Any
) -> None:
    path = tmp_path / "l"
    _complete(path, plan)
    path.write_bytes(b"".join(line + b"\n" for line in damage(path.read_bytes().splitlines())))
    with pytest.raises(PrivacyRefusal, match="damaged"):
        _opened(path, plan)


def test_without_privacy_the_ledger_says_so(tmp_path: Path) -> None:
    from pe_host.privacy import make_plan
    from pe_sdk import OutputSpec

    plan = make_plan(
        epsilon=math.inf,
        rounds=1,
        votes=1,
        class_names=("a",),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=(),
    )
    ledger = _opened(tmp_path / "l", plan)
    for _ in range(3):
        ledger.spend("votes", 1)
    lines = [json.loads(line) for line in (tmp_path / "l").read_text().splitlines()]
    assert [line["private"] for line in lines] == [False] * 4 and ledger.spent_epsilon() == math.inf
    assert len(_opened(tmp_path / "l", plan)._lines) == 3


def test_what_is_not_a_file_does_not_block_and_is_refused(
    tmp_path: Path, plan: PrivacyPlan
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, kind in (("pipe", "a pipe"), ("folder", "a folder")):
        for ask in (lambda p: Ledger.open(p, plan), lambda p: Ledger.create(p, plan, RUN), run_of):
            with pytest.raises(PrivacyRefusal, match=f"cannot be read .it is {kind}"):
                ask(tmp_path / name)


def test_a_line_that_is_nested_too_deeply_is_damage(tmp_path: Path, plan: PrivacyPlan) -> None:
    path = tmp_path / "l"
    _complete(path, plan)
    header, _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join((header, b"[" * 100_000 + b"\n", *rest)))
    with pytest.raises(PrivacyRefusal, match="damaged"):
        _opened(path, plan)
