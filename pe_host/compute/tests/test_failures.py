"""How the workers report plugins that break the rules, and how they continue."""

import numpy as np
import psutil
import pytest

from pe_host.compute.failures import broken, failure
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins import PluginRef
from pe_host.plugins.names import DEV
from pe_sdk import OutputSpec, random

OUTPUT = OutputSpec.image(4, 5)
LABELS = ("a", "b", "c")
N = 40
FATAL = 777
COLUMN = np.arange(N) % 3
SEEDS = random.derive(5, "test", N)
SEEDS[19] = FATAL  # block 2 of 8 rows each


def fail(act):
    with pytest.raises(PluginFailure) as caught:
        act()
    return caught.value


def data_failure(workers):
    made = workers.random(COLUMN, SEEDS)
    return fail(lambda: workers.data(made))


def test_an_exception_is_reported_with_its_place_in_the_plugin(start):
    error = data_failure(start("raising"))
    assert error.where == "generator 'raising' of dev dev, data, block 2 (rows 16 to 23)"
    first, *frames = error.what.splitlines()
    assert first == "LookupError: fatal row"
    assert len(frames) >= 2 and frames[-1].strip().endswith("in fail")
    assert all("bad_plugins" in frame or "pe_sdk" in frame for frame in frames)


def test_the_first_block_that_fails_is_named_whatever_the_number_of_workers(start):
    seeds = SEEDS.copy()
    seeds[[19, 27, 35]] = FATAL
    for count in (1, 2, 3):
        workers = start("raising", count)
        made = workers.random(COLUMN, seeds)
        for _ in range(5):
            assert "block 2 " in fail(lambda workers=workers, made=made: workers.data(made)).where


def test_workers_go_on_after_an_exception(start):
    workers = start("raising", 2)
    data_failure(workers)
    assert workers.data(workers.random(COLUMN[:8], SEEDS[:8])).shape == (8, *OUTPUT.shape)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dying", "ended itself with exit status 3"),
        ("exiting", "ended itself with exit status 1"),
        ("crashing", "killed by SIGSEGV"),
        ("garbage", "answered nonsense"),
    ],
)
def test_a_process_that_is_lost_twice_is_an_error(start, name, says):
    workers = start(name, 2)
    error = data_failure(workers)
    assert says in error.what and "block 2 " in error.where and name in error.where
    assert error.exit_code == 3
    # The others and its replacement continue.
    assert workers.data(workers.random(COLUMN[:16], SEEDS[:16])).shape == (16, *OUTPUT.shape)


def test_last_words_are_shown_without_control_characters(start):
    error = data_failure(start("dying"))
    assert "last words�[31m" in error.what and "\x1b" not in error.what


def test_a_process_that_hangs_twice_is_an_error(start):
    error = data_failure(start("hanging", seconds=1.0))
    assert "gave no answer within 1 s" in error.what and "block 2 " in error.where


@pytest.mark.parametrize("name", ["dying_once", "hanging_once"])
def test_a_process_that_is_lost_once_is_started_again(start, name, reference):
    good = start("good")
    workers = start(name, 2, seconds=2.0)
    phi = FittedEmbedding(None, "phi", {"w": np.array([1.0, 0.5])})
    for these in (workers, good):
        these.choose_embedding(reference("weighted", "embedding"), {})
        these.embed(phi, these.random(COLUMN[:8], SEEDS[:8]))
    made = workers.random(COLUMN, SEEDS)
    # The embedding and its weights are there again, too.
    assert np.array_equal(workers.embed(phi, made), good.embed(phi, made))
    assert (
        len(workers.warnings) == 1
        and "block 2 " in workers.warnings[0]
        and "started again" in workers.warnings[0]
    )
    assert np.array_equal(workers.data(made), good.data(made))


def test_a_process_killed_from_outside_is_started_again(start):
    workers = start("good", 2)
    made = workers.random(COLUMN, SEEDS)
    expected = workers.data(made)
    for child in psutil.Process().children():
        child.kill()
    assert np.array_equal(workers.data(made), expected)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("wrong_shape", r"ValueError: expected uint8 \[8, 4, 5, 1\], got uint8 \[8, 2, 2, 1\]"),
        ("wrong_dtype", "ValueError: expected uint8 .* got float64"),
        ("no_array", "expected a numpy array, got list"),
    ],
)
def test_data_of_another_shape_or_dtype_is_refused(start, name, rule):
    workers = start(name)
    made = workers.random(COLUMN, SEEDS)
    with pytest.raises(PluginFailure, match=rule):
        workers.data(made)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("changing_labels", "labels of the samples must be"),
        ("labels_in_place", "labels of the samples must be"),
        ("nan_parameters", "'level' must be finite"),
        ("outside_parameters", "'level' must lie inside its space"),
        ("no_data", "samples must have data"),
        ("object_state", "'state/o' has dtype object"),
        ("no_samples", "must return Samples, got str"),
        ("infinite_state", "'x' must be finite"),
    ],
)
def test_samples_that_break_a_rule_are_refused(start, name, rule):
    workers = start(name, 2)
    error = fail(lambda: workers.random(COLUMN, SEEDS))
    assert rule in error.what and "random, block 0 (rows 0 to 7)" in error.where


def test_other_columns_than_in_the_first_reply_are_refused(start):
    workers = start("other_columns")
    made = workers.random(COLUMN, SEEDS)
    assert "state columns must be the same" in fail(lambda: workers.vary(made, 0.1, SEEDS)).what


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("refusing", "only spheres"),
        ("not_a_generator", "a factory must return a Generator or a Simulator, got int"),
        ("bad_block", "block of a generator"),
        ("not_there", "cannot be loaded"),
        ("disagreeing", "describe itself in the same way"),
    ],
)
def test_a_generator_that_cannot_be_made_is_an_error(start, name, says, reference):
    workers = start(count=2)
    assert says in fail(lambda: workers.load(reference(name), {}, OUTPUT, LABELS)).what


def test_an_author_is_not_asked_to_report_to_the_authors():
    found = PluginRef("generator", "x", "m", "pe-plugin-x", "1.0")
    developed = PluginRef("generator", "x", "m", DEV, DEV, "m:make")
    assert "authors" in broken("a rule", f"{found}, random").fix
    assert "fix it in your source tree" in broken("a rule", f"{developed}, random").fix


def test_an_unknown_option_is_a_usage_error(start, reference):
    workers = start()
    with pytest.raises(UsageError, match="did you mean 'gain'"):
        workers.load(reference("good"), {"gian": "1"}, OUTPUT, LABELS)


def test_an_embedding_that_breaks_a_rule_is_refused(start, reference):
    workers = start("good")
    workers.choose_embedding(reference("wrong_width", "embedding"), {})
    made = workers.random(COLUMN, SEEDS)
    error = fail(lambda: workers.embed(FittedEmbedding(None, "fixed"), made))
    assert "must return float32 [8, 1], got float32 [8, 2]" in error.what
    workers.choose_embedding(reference("mean", "embedding"), {})
    weighted = FittedEmbedding(None, "weighted", {"w": np.zeros(1)})
    error = fail(lambda: workers.embed(weighted, made))
    assert "takes no weights" in error.what


@pytest.mark.parametrize(
    "description",
    [
        3,
        {},
        {"kind": "host", "type": "DataError"},
        {"kind": "host", "what": "", "where": "\n", "fix": " "},
        {"kind": "refusal", "message": ["x"]},
        {"kind": "rule"},
        {"kind": ["option"], "type": {}, "message": 3, "frames": {"a": 1}},
        {"kind": "exception", "frames": [3, "x\x1b"]},
    ],
)
def test_an_error_without_words_still_says_whose_it_is(description):
    error = failure(description, "generator 'x', random", "x")
    assert error.what.strip() and error.where == "generator 'x', random"
    assert "\x1b" not in error.what and error.exit_code in (2, 3, 5)


def test_a_worker_that_describes_its_generator_wrongly_is_an_error(start, reference, monkeypatch):
    workers = start()
    answer = workers._threads[0].ask

    def ask(header, *others):
        reply, arrays, warnings = answer(header, *others)
        return {**reply, "block": 2.5}, arrays, warnings

    monkeypatch.setattr(workers._threads[0], "ask", ask)
    error = fail(lambda: workers.load(reference("good"), {}, OUTPUT, LABELS))
    assert "invalid description of it: block is not a whole number" in error.what
