import itertools
import math
import os
import signal
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.durable import check_room
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PeError, PluginFailure, PrivacyRefusal
from pe_host.privacy import BudgetExhausted, ClassShares, FolderLock, PrivateSide
from pe_host.privacy import side as side_module
from pe_host.privacy.accountant import delta_of
from pe_host.privacy.store import FileStore
from pe_sdk import Embedding, ReaderSpec, Table

SECRET = "content-of-a-record"


class Flat(Embedding):
    """As in conftest: pixels over 4 * 255."""

    dim = 16

    def embed(self, data: Any) -> Any:
        return data.reshape(len(data), 16).astype(np.float32) / np.float32(1020)


def _answers(run: Any, plan: Any = None) -> list[Any]:
    with FolderLock(run.folder) as lock, run.side(lock, plan) as side:
        return [side.class_counts().counts, *(run.vote(side, t).votes for t in (1, 2, 3))]


def _clean(run: Any, tmp_path: Path) -> list[Any]:
    """The exact answers, from a run that is not private."""
    folder, run.folder = run.folder, tmp_path / "open"
    run.folder.mkdir()
    out = _answers(run, run.plan(epsilon=math.inf))
    run.folder = folder
    return out


def test_a_run_and_its_resume_give_the_same_answers_at_one_price(run: Any) -> None:
    first = _answers(run)
    assert run.opened == 1
    ledger = (run.folder / "ledger.jsonl").read_bytes()
    again = _answers(run)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert (run.folder / "ledger.jsonl").read_bytes() == ledger and ledger.count(b"\n") == 5
    assert run.opened == 1  # nothing was asked of the data
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        kept = [side.released(t, len(run.candidates), run.candidates_digest) for t in (1, 2, 3)]
    assert all(np.array_equal(a, b.votes) for a, b in zip(first[1:], kept, strict=True))


def test_nothing_is_released_before_it_was_asked(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        assert side.released(1, len(run.candidates), run.candidates_digest) is None


def test_the_answers_are_the_votes_plus_noise_of_the_plan(run: Any, tmp_path: Path) -> None:
    clean, noisy = _clean(run, tmp_path), _answers(run)
    assert (
        clean[0].tolist() == [60, 60, 0] and clean[1].sum() == 120 * 4 and clean[1][40:].sum() == 0
    )
    scale = run.plan().vote_scale
    noise = np.concatenate([n - c for n, c in zip(noisy[1:], clean[1:], strict=True)]) / scale
    # 180 draws: their root mean square lies within 1 ± 0.3 except with probability 1e-7. Without
    # noise it is 0; at half the scale it is 0.5.
    assert 0.7 < math.sqrt((noise**2).mean()) < 1.3
    assert (noisy[0] >= 0).all()


def test_fault_4_no_exact_vote_is_written_anywhere(run: Any, tmp_path: Path) -> None:
    clean = _clean(run, tmp_path)
    noisy = _answers(run)
    written = b"".join(path.read_bytes() for path in run.folder.rglob("*") if path.is_file())
    assert noisy[1].tobytes() in written
    assert clean[1].tobytes() not in written and clean[0].tobytes() not in written
    assert run.table.data[0].tobytes() not in written


def test_fault_6_the_line_is_on_the_disk_before_the_noise_is_drawn(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    draw = side_module.add_noise

    def watched(values: Any, scale: float) -> Any:
        seen.append((run.folder / "ledger.jsonl").read_bytes().count(b"\n"))
        return draw(values, scale)

    monkeypatch.setattr(side_module, "add_noise", watched)
    _answers(run)
    assert seen == [2, 3, 4, 5]  # header and own line the first time, one more each time


class Killed(BaseException):
    """The process ends here."""


def test_fault_6_killed_at_every_moment_the_target_holds(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill before the line, after it, after the draw and after the save, many times over.

    Then count what was drawn.
    """
    plan = run.plan()
    drawn: list[Any] = []
    countdown = itertools.cycle([2, 5, 3, 13, 4, 11])
    left = [next(countdown)]

    def maybe_die() -> None:
        left[0] -= 1
        if left[0] == 0:
            left[0] = next(countdown)
            raise Killed

    def dying(call: Any, note: Any = None) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            maybe_die()
            if note:
                note(*args)
            out = call(*args, **kwargs)
            maybe_die()
            return out

        return wrapped

    def note(values: Any, scale: float) -> None:
        drawn.append(plan.vote_release if scale == plan.vote_scale else plan.count_release)

    monkeypatch.setattr(side_module, "add_noise", dying(side_module.add_noise, note))
    monkeypatch.setattr(FileStore, "save", dying(FileStore.save))
    monkeypatch.setattr(side_module.Ledger, "spend", dying(side_module.Ledger.spend))
    exhausted = False
    for _ in range(30):
        try:
            _answers(run, plan)
            break
        except BudgetExhausted:
            exhausted = True
            break
        except Killed:
            continue
    assert len(drawn) >= 3 and exhausted
    assert delta_of(drawn, plan.epsilon) <= plan.delta
    with FolderLock(run.folder) as lock, run.side(lock, plan) as side:
        assert side.ledger.spent_epsilon() <= plan.epsilon
        assert len(side.ledger.releases) >= len(drawn)
        done = [
            histogram
            for t in (1, 2, 3)
            if (histogram := side.released(t, len(run.candidates), run.candidates_digest))
        ]
        # The stored answers can still be used.
        assert done and all(np.array_equal(run.vote(side, h.round).votes, h.votes) for h in done)


def test_fault_5_resume_with_a_longer_schedule_is_refused(run: Any) -> None:
    _answers(run)
    with pytest.raises(PrivacyRefusal, match="plan has changed"):
        _answers(run, run.plan(rounds=5))


def test_fault_16_other_candidates_do_not_get_the_old_votes(run: Any) -> None:
    _answers(run)
    run.candidates = run.candidates[::-1]
    with pytest.raises(DataError, match="other candidates"):
        _answers(run)


def test_a_histogram_that_no_line_pays_for_is_refused(run: Any) -> None:
    _answers(run)
    path = run.folder / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(PrivacyRefusal, match="no line that pays for"):
        _answers(run)


def test_the_lock_must_be_held(run: Any) -> None:
    with pytest.raises(PrivacyRefusal, match="not locked"):
        run.side(FolderLock(run.folder))


def test_rounds_outside_the_plan_are_refused(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        for round in (0, 4):
            with pytest.raises(PrivacyRefusal):
                run.vote(side, round)


def test_fault_2_more_votes_than_candidates_spends_nothing(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock, run.plan(votes=21)) as side:
        with pytest.raises(PrivacyRefusal, match="fewer than"):
            run.vote(side, 1)
        assert side.ledger.releases == []


def test_fault_9_declared_shares_release_nothing(run: Any) -> None:
    plan = run.plan(shares=ClassShares.parse("uniform", 90))
    assert plan.count_scale is None
    with FolderLock(run.folder) as lock, run.side(lock, plan) as side:
        assert (
            side.class_counts().counts.tolist() == [30, 30, 30]
            and side.class_counts().origin == "uniform"
        )
        assert run.opened == 0 and side.ledger.releases == []


def test_fault_9_class_counts_are_noisy_by_default(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        counts = side.class_counts()
        assert counts.origin == "noisy" and side.ledger.releases == [run.plan().count_release]


def test_without_privacy_counts_say_exact(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock, run.plan(epsilon=math.inf)) as side:
        assert side.class_counts().origin == "exact" and run.vote(side, 1).noise_scale == 0
        assert side.ledger.spent_epsilon() == math.inf and side.warnings() == []


def test_delta_above_one_in_n_is_said_to_the_operator(run: Any) -> None:
    with FolderLock(run.folder) as lock, run.side(lock, run.plan(delta=0.01)) as side:
        (warning,) = side.warnings()
        assert "1/n" in warning and "120" not in warning
    with FolderLock(run.folder) as lock:
        (run.folder / "ledger.jsonl").unlink()
        assert run.side(lock).warnings() == []


def test_vectors_are_kept_while_the_embedding_stays(run: Any) -> None:
    calls = [0]

    class Counting(Flat):
        def embed(self, data: Any) -> Any:
            calls[0] += 1
            return super().embed(data)

    with FolderLock(run.folder) as lock, run.side(lock) as side:
        # Four calls test that the embedding treats rows independently.
        for round, digest, expected in ((1, "a", 5), (2, "a", 5), (3, "b", 10)):
            side.vote(
                round,
                FittedEmbedding(Counting(), digest),
                run.candidates,
                run.labels,
                run.candidates_digest,
            )
            assert calls[0] == expected


def _failing(stage: str) -> Any:
    def fail(*_: Any) -> Any:
        raise RuntimeError(f"cannot handle {SECRET}")

    if stage == "reader":
        return fail

    class Failing(Flat):
        def embed(self, data: Any) -> Any:
            return fail()

    return Failing()


@pytest.mark.parametrize("stage", ["reader", "embedding"])
def test_an_error_inside_says_nothing_of_the_records(run: Any, stage: str) -> None:
    """Neither the message nor any chained exception: a traceback shows both."""
    if stage == "reader":
        run.reader = ReaderSpec("memory", "", run.reader.describe, _failing("reader"))
    embedding = _failing("embedding") if stage == "embedding" else Flat()
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        with pytest.raises(PeError) as caught:
            side.vote(
                1,
                FittedEmbedding(embedding, "x"),
                run.candidates,
                run.labels,
                run.candidates_digest,
            )
        assert side.ledger.releases == []  # and nothing was spent
    assert isinstance(caught.value, DataError if stage == "reader" else PluginFailure)
    assert "RuntimeError" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None and caught.value.__cause__ is None


@pytest.mark.parametrize("vectors", [np.zeros((256, 16)), np.zeros((255, 16), np.float32), None])
def test_an_embedding_of_another_form_is_a_plugin_failure(run: Any, vectors: Any) -> None:
    class Odd(Flat):
        def embed(self, data: Any) -> Any:
            return vectors

    with FolderLock(run.folder) as lock, run.side(lock) as side, pytest.raises(PluginFailure):
        side.vote(1, FittedEmbedding(Odd(), "x"), run.candidates, run.labels, run.candidates_digest)


def test_bad_data_are_found_before_anything_is_spent(run: Any) -> None:
    run.table = Table(run.table.data, run.table.labels + 2)
    with FolderLock(run.folder) as lock, run.side(lock) as side:
        with pytest.raises(DataError, match="row 1"):
            side.class_counts()
        assert side.ledger.releases == []


def test_clients_are_the_unit_where_the_plan_says_so(run: Any) -> None:
    client = run.plan(unit="client")
    with (
        FolderLock(run.folder) as lock,
        run.side(lock, client) as side,
        pytest.raises(DataError, match="no clients"),
    ):
        side.load()
    (run.folder / "ledger.jsonl").unlink()
    run.table = Table(run.table.data, run.table.labels, np.arange(120) // 30)
    with (
        FolderLock(run.folder) as lock,
        run.side(lock, run.plan(unit="client", epsilon=math.inf)) as side,
    ):
        assert side.class_counts().total == 4 and run.vote(side, 1).votes.sum() == 16


def test_the_side_forgets_on_leaving(run: Any) -> None:
    with FolderLock(run.folder) as lock:
        with run.side(lock) as side:
            side.load()
            assert side._data is not None
        assert side._data is None and isinstance(side, PrivateSide)


def test_an_interrupt_between_the_line_and_the_disk_waits(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C costs no round.

    Fails if signals are not held back: the line is on the disk then, but no histogram.
    """
    flush, sent = os.fsync, []

    def interrupted(descriptor: int) -> None:
        flush(descriptor)
        if len((run.folder / "ledger.jsonl").read_bytes().splitlines()) == 3 and not sent:
            sent.append(signal.raise_signal(signal.SIGINT))

    with FolderLock(run.folder) as lock, run.side(lock) as side:
        side.class_counts()
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.vote(side, 1)
        assert sent and side.released(1, len(run.candidates), run.candidates_digest) is not None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_fault_11_a_full_disk_is_noticed_before_a_round_is_paid_for(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Any, size: int) -> None:
        raise DataError("cannot write: No space left on device", where=str(path))

    with FolderLock(run.folder) as lock, run.side(lock) as side:
        monkeypatch.setattr("pe_host.privacy.store.check_room", full)
        with pytest.raises(DataError, match="space"):
            run.vote(side, 1)
        assert side.ledger.releases == []


def test_check_room_leaves_nothing_behind(tmp_path: Path) -> None:
    check_room(tmp_path / "votes.npy", 10_000)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot write"):
        check_room(tmp_path / "file" / "votes.npy", 10)
