"""Results of the workers for plugins that keep the rules."""

import json
import os

import numpy as np
import psutil
import pytest

from pe_host.compute.pool import Workers
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import to_grid
from pe_host.errors import DataError, PluginFailure
from pe_host.plugins.ref import PluginRef
from pe_sdk import OutputSpec, ParameterSpace, Released, Samples, random

OUTPUT = OutputSpec.image(4, 5)
LABELS = ("a", "b", "c")
N = 37  # not a multiple of the block of 8
LABEL_COLUMN = np.arange(N) % 3
SEEDS = random.derive(5, "test", N)
MORE = random.derive(6, "test", N)

ECHO = PluginRef("generator", "echo", "pe_echo", "pe-plugin-echo", "1.0.0")
PIXELS = PluginRef("embedding", "pixels", "pe_host.embeddings.pixels", "pe-host", "1.0.0")


def same(a, b):
    assert (a.data is None) == (b.data is None)
    assert a.data is None or np.array_equal(a.data, b.data)
    assert np.array_equal(a.labels, b.labels)
    assert list(a.state) == list(b.state)
    for name, column in a.state.items():
        assert column.dtype == b.state[name].dtype and np.array_equal(column, b.state[name])


PHI = FittedEmbedding(None, "fixed")  # workers make their own; it has no weights


def fitted(*weights):
    """The embedding `weighted` with these weights."""
    return FittedEmbedding(None, str(weights), {"w": np.array(weights)})


def everything(workers, reference):
    """One result of each operation."""
    made = workers.random(LABEL_COLUMN, SEEDS)
    varied = workers.vary(made, 0.3, MORE)
    workers.choose_embedding(reference("mean", "embedding"), {})
    return (
        made,
        varied,
        workers.data(varied),
        workers.embed(PHI, varied),
        workers.embed(PHI, varied, 3, 0.2, MORE),
    )


def test_echo_is_described_made_varied_and_embedded():
    output = OutputSpec.image(8, 8)
    with Workers.start(2) as workers:
        info = workers.load(ECHO, {}, output, ("0", "1"))
        assert (info.state_only, info.exact, info.block, info.plugin, info.label_spaces) == (
            True,
            True,
            256,
            ECHO,
            (),
        )
        space = ParameterSpace.from_json(info.space)
        labels, seeds = np.arange(600) % 2, random.derive(1, "echo", 600)
        made = workers.random(labels, seeds)
        assert (
            made.data is None and space.contains({name: made.state[name] for name in space}).all()
        )
        expected = space.sample(seeds)
        assert all(np.array_equal(made.state[name], expected[name]) for name in space)
        varied = workers.vary(made, {"level": 0.0, "*": 1.0}, seeds)
        assert np.array_equal(varied.state["level"], made.state["level"])
        assert not np.array_equal(varied.state["slope"], made.state["slope"])
        data = workers.data(made)
        assert data.dtype == np.uint8 and data.shape == (600, 8, 8, 1)
        workers.choose_embedding(PIXELS, {})
        vectors = (data.reshape(600, 64).astype(np.float32) - 127.5) * np.float32(1 / (127.5 * 8))
        assert np.array_equal(workers.embed(PHI, made), to_grid(vectors))


@pytest.mark.parametrize("name", ["good", "blocky", "in_place"])
def test_the_number_of_workers_changes_nothing(start, reference, name):
    """`blocky` depends on its whole block.

    This fails if blocks depend on the number of workers, or the padding on chance.
    """
    results = [everything(start(name, count), reference) for count in (1, 2, 3)]
    for made, varied, data, still, ahead in results[1:]:
        same(made, results[0][0])
        same(varied, results[0][1])
        for got, expected in zip((data, still, ahead), results[0][2:], strict=True):
            assert got.dtype == expected.dtype and np.array_equal(got, expected)


def test_blocky_is_sensitive_to_blocks(start):
    """The test above would prove nothing otherwise: data depend on the block of a row."""
    workers = start("blocky")
    whole = workers.random(LABEL_COLUMN, SEEDS)
    part = workers.random(LABEL_COLUMN[1:], SEEDS[1:])
    assert not np.array_equal(whole.data[1:], part.data)
    # The last block is padded by repeating its last row.
    shorter = workers.random(LABEL_COLUMN[:36], SEEDS[:36])
    assert np.array_equal(whole.data[:32], shorter.data[:32])


@pytest.mark.parametrize("name", ["good", "blocky"])
def test_lookahead_is_the_mean_over_variations(start, name, reference):
    workers = start(name, 2)
    workers.choose_embedding(reference("mean", "embedding"), {})
    made = workers.random(LABEL_COLUMN, SEEDS)
    total = np.zeros((N, 1))
    for step in (1, 2, 3):
        varied = workers.vary(made, 0.4, random.bits(MORE, "lookahead", step))
        pictures = workers.data(varied).reshape(N, -1)
        total += (pictures.mean(axis=1, keepdims=True) / 255).astype(np.float32)
    assert np.array_equal(workers.embed(PHI, made, 3, 0.4, MORE), to_grid(total / 3))


def test_a_plugin_that_works_in_place_does_not_disturb_the_lookahead(start, reference):
    """Fails if variations start from the same arrays instead of copies."""
    workers = start("in_place")
    workers.choose_embedding(reference("mean", "embedding"), {})
    made = workers.random(LABEL_COLUMN, SEEDS)
    steps = [workers.vary(made, 0.1, random.bits(MORE, "lookahead", step)) for step in (1, 2)]
    means = [
        (workers.data(s).reshape(N, -1).mean(axis=1, keepdims=True) / 255).astype(np.float32)
        for s in steps
    ]
    total = np.zeros((N, 1)) + means[0] + means[1]
    assert np.array_equal(workers.embed(PHI, made, 2, 0.1, MORE), to_grid(total / 2))


def test_black_boxes_keep_their_data_and_texts(start):
    made = start("blocky").random(LABEL_COLUMN, SEEDS)
    assert made.data.shape == (N, *OUTPUT.shape)
    assert list(made.state["prompt"]) == ["p" * (1 + int(seed % 7)) for seed in SEEDS]
    assert made.state["latent"].shape == (N, 3)


def test_no_rows_are_no_error(start, reference):
    workers = start("blocky")
    none = workers.random(LABEL_COLUMN[:0], SEEDS[:0])
    assert len(none) == 0 and set(none.state) == {"own", "prompt", "latent"}
    assert none.data.shape == (0, *OUTPUT.shape)
    assert len(workers.vary(none, 0.5, SEEDS[:0])) == 0
    workers.choose_embedding(reference("mean", "embedding"), {})
    assert workers.embed(PHI, none, 2, 0.5, SEEDS[:0]).shape == (0, 1)
    assert start("good").data(Samples(None, LABEL_COLUMN[:0], {})).shape == (0, *OUTPUT.shape)


def test_options_and_weights_arrive(start, reference):
    workers = start()
    info = workers.load(reference("good"), {"gain": "0"}, OUTPUT, LABELS)
    assert info.options == {"gain": "0.0", "word": ""}
    made = workers.random(LABEL_COLUMN, SEEDS)
    assert not workers.data(made).any()
    workers.load(reference("good"), {}, OUTPUT, LABELS)
    workers.choose_embedding(reference("weighted", "embedding"), {})
    first = workers.embed(fitted(1.0, 0.0), made)
    second = workers.embed(fitted(0.0, 1.0), made)
    assert first.shape == (37, 2) and first[:, 0].any()
    assert np.array_equal(second, first[:, ::-1])
    assert np.array_equal(workers.embed(fitted(1.0, 0.0), made), first), "and back again"


def test_vectors_that_are_not_finite_become_zero(start, reference):
    workers = start("good")
    workers.choose_embedding(reference("infinite", "embedding"), {})
    made = workers.random(LABEL_COLUMN, SEEDS)
    assert not workers.embed(PHI, made).any()
    assert not workers.embed(PHI, made, 2, 0.1, MORE).any()


def test_warnings_come_back_once_each_in_the_order_of_rows(start):
    expected = ("while loading", *(f"row {seed}" for seed in range(20)))
    for count in (1, 3):
        workers = start("warning", count)
        made = workers.random(np.zeros(20, np.int64), np.arange(20, dtype=np.uint64))
        workers.data(made)
        workers.data(made)
        assert workers.warnings == expected


def test_a_plugin_may_print_and_read_as_it_likes(start):
    workers, quiet = start("chatty"), start("good")
    made = workers.random(LABEL_COLUMN, SEEDS)
    assert np.array_equal(workers.data(made), quiet.data(made))


def test_a_worker_has_nothing_of_the_host_about_it(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret = (tmp_path / "secret").open("w")
    os.set_inheritable(secret.fileno(), True)
    workers = start("surroundings", 2)
    secret.close()
    found = [json.loads(text) for text in workers.warnings]
    assert found
    for worker in found:
        assert {"0", "1", "2"} <= set(worker["descriptors"])
        assert worker["descriptors"]["0"] == os.devnull
        assert worker["descriptors"]["1"] == worker["descriptors"]["2"]
        # The others are the private ends of the protocol and its own folder in /proc.
        targets = list(worker["descriptors"].values())
        for own in [target for target in targets if target.startswith("/proc/")]:
            assert own.removeprefix("/proc/").isdigit()
            targets.remove(own)
        assert len(targets) == 5
        assert all(target == os.devnull or target.startswith("pipe:") for target in targets)
        assert worker["threads"] == 1
        assert str(tmp_path) not in worker["path"] and "" not in worker["path"]
        assert worker["environment"] == {
            "OMP_NUM_THREADS": "1",
            "LP_NUM_THREADS": "0",
            "PYTHONHASHSEED": "0",
        }
        assert worker["modules"] == []


@pytest.mark.parametrize("degree", [-0.1, 1.1, float("nan"), {"level": 2.0}, "1", None])
def test_a_degree_outside_the_unit_interval_is_refused(start, degree):
    workers = start("good")
    made = workers.random(LABEL_COLUMN, SEEDS)
    with pytest.raises(ValueError, match="degree"):
        workers.vary(made, degree, MORE)


def test_calls_in_the_wrong_order_or_of_the_wrong_length_are_refused(start, reference):
    workers = start()
    with pytest.raises(ValueError, match="load comes first"):
        workers.random(LABEL_COLUMN, SEEDS)
    workers.load(reference("good"), {}, OUTPUT, LABELS)
    with pytest.raises(ValueError, match="columns of 37 rows"):
        workers.random(LABEL_COLUMN, SEEDS[:5])
    with pytest.raises(ValueError, match="labels must lie in"):
        workers.random(LABEL_COLUMN + 1, SEEDS)
    made = workers.random(LABEL_COLUMN, SEEDS)
    with pytest.raises(ValueError, match="choose_embedding comes before"):
        workers.embed(PHI, made)
    workers.choose_embedding(reference("mean", "embedding"), {})
    with pytest.raises(ValueError, match="needs seeds"):
        workers.embed(PHI, made, 1, 0.1)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_limit_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("PE_WORKER_SECONDS", text)
    with pytest.raises(DataError, match="PE_WORKER_SECONDS"):
        Workers.start(1)


def released(t, workers):
    made = workers.random(LABEL_COLUMN[:2], SEEDS[:2])
    return Released(t, 4, made.labels, np.array([20, -5]), 1.5, made.state)


def test_a_generator_adapts_to_what_was_released_in_every_process(start):
    # Fails if a generator is adapted from an adapted one (14 more), or if a process is left out.
    workers = start("adapting", count=2)
    made = workers.random(LABEL_COLUMN, SEEDS)
    for asked, grey in ((None, 100), (1, 16), (3, 18), (None, 100), (4, 19)):
        workers.adapt(None if asked is None else released(asked, workers))
        assert (workers.vary(made, 0.5, MORE).data == grey).all()


def test_a_process_started_again_adapts_again(start):
    workers = start("adapting")
    made = workers.random(LABEL_COLUMN, SEEDS)
    workers.adapt(released(2, workers))
    for child in psutil.Process().children():
        child.kill()
        child.wait()
    assert (workers.vary(made, 0.5, MORE).data == 17).all()


def test_a_generator_that_heeds_nothing_is_not_asked(start):
    workers = start("good")
    workers.adapt(Released(1, 1, LABEL_COLUMN, LABEL_COLUMN, 1.0))
    assert workers.random(LABEL_COLUMN, SEEDS).state["level"].shape == (N,)


def test_a_composed_generator_gets_others_and_says_which(start):
    workers = start("composed", options={"word": "echo"})
    made = workers.random(LABEL_COLUMN, SEEDS)
    assert np.array_equal(made.state["level"], workers.random(LABEL_COLUMN, SEEDS).state["level"])
    assert workers._generator().info.parts == {"pe-plugin-echo/echo": "1.0.0"}


def test_a_part_that_is_missing_is_told_with_what_there_is(start):
    with pytest.raises(
        PluginFailure, match="no generator 'ecko' is installed; did you mean 'echo'"
    ):
        start("composed", options={"word": "ecko"})
