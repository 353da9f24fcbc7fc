"""Tests of what is particular to this plugin."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pe_sdk import CannotMake, Feature, OutputSpec, SourceError
from pe_sdk.random import derive

from pe_queue_traces import demo, draws, measure, reader, schema, simulator
from pe_queue_traces.node import Node
from pe_queue_traces.space import ARRIVALS, OUTAGES, SERVICES

OUTPUT = schema.series()
CALM = {
    "rate": 4.0,
    "arrivals": ARRIVALS.index("poisson"),
    "contrast": 8.0,
    "period": 24.0,
    "phase": 0.0,
    "service": SERVICES.index("exponential"),
    "tail": 0.3,
    "load": 0.5,
    "servers": 2,
    "queue_limit": 60,
    "outage": OUTAGES.index("none"),
    "outage_at": 0.5,
    "outage_length": 0.25,
}


def traces(rows: int = 8, output: OutputSpec = OUTPUT, **changed: Any) -> NDArray[np.float64]:
    """Traces [rows, T, F] of one queue with several seeds."""
    made = simulator.make(output, ("a",), simulator.Options())
    values = {**CALM, **changed}
    params = {name: made.space[name].column([value] * rows) for name, value in values.items()}
    return made.render(params, np.zeros(rows, np.int64), derive(1, "test", rows)).astype(np.float64)


def test_one_server_by_hand() -> None:
    # Jobs of length 2 arrive at 0.5, 1, 1.5 and 2; one may wait. So the first runs until 2.5, the
    # second until 4.5, and the third and fourth are dropped.
    arrived = np.array([0.5, 1.0, 1.5, 2.0])
    started, done, dropped = Node(arrived, np.full(4, 2.0), servers=1, queue_limit=1).run(6.0)
    assert started.tolist() == [0.5, 2.5, np.inf, np.inf]
    assert done.tolist() == [2.5, 4.5, np.inf, np.inf]
    assert dropped.tolist() == [False, False, True, True]
    trace = measure.trace(arrived, started, done, dropped, np.arange(7.0), 1)
    assert trace[:, 0].tolist() == [1, 1, 0, 0, 0, 0]
    assert trace[:, 1].tolist() == [0, 0, 2, 2, 3.5, 3.5]
    assert trace[:, 2].tolist() == [0.5, 1, 1, 1, 0.5, 0]
    assert trace[:, 3].tolist() == [0, 2, 0, 0, 0, 0]


def test_a_server_that_fails_ends_its_job_first() -> None:
    node = Node(np.array([0.0, 1.0]), np.array([3.0, 1.0]), servers=1, queue_limit=9)
    node.fail(1, at=2.0, length=4.0)
    started, done, _ = node.run(10.0)
    assert (started.tolist(), done.tolist()) == ([0.0, 6.0], [3.0, 7.0])


def test_mean_wait_is_that_of_theory() -> None:
    # M/M/1 at load 0.5: utilisation 0.5, 0.5 jobs waiting, and by Little's law a latency of 2
    # services, 0.25 s. The seeds are fixed; the bounds are beyond six standard errors.
    output = schema.series(400)
    queue, latency, utilisation, drops = traces(60, output, servers=1).mean(axis=(0, 1))
    assert abs(utilisation - 0.5) < 0.02
    assert abs(queue - 0.5) < 0.1
    assert abs(latency - 250) < 40
    assert drops == 0


@pytest.mark.parametrize("service", range(len(SERVICES)))
def test_work_has_the_mean_that_is_asked_for(service: int) -> None:
    values = {**CALM, "service": service, "tail": 0.1}
    jobs = draws.work(values, derive(3, "test", 1), 200_000)
    assert abs(jobs.mean() / (0.5 * 2 / 4.0) - 1) < 0.02


@pytest.mark.parametrize("kind", range(len(ARRIVALS)))
def test_every_arrival_process_has_the_same_mean_rate(kind: int) -> None:
    values = {**CALM, "arrivals": kind}
    seeds = derive(4, "test", 400).reshape(-1, 1)
    counts = [len(draws.arrivals(values, seed, 100.0)) for seed in seeds]
    assert abs(np.mean(counts) - 400) < 6  # standard error 1


def test_bursts_are_more_uneven_than_poisson() -> None:
    def dispersion(kind: str) -> float:
        values = {**CALM, "arrivals": ARRIVALS.index(kind)}
        times = np.concatenate(
            [
                np.histogram(draws.arrivals(values, s, 96.0), 24, (0, 96))[0]
                for s in derive(5, "test", 50).reshape(-1, 1)
            ]
        )
        return float(times.var() / times.mean())

    assert dispersion("bursty") > 2 * dispersion("poisson")
    assert dispersion("diurnal") > 2 * dispersion("poisson")


def test_an_outage_fills_the_queue_and_empties_the_servers() -> None:
    calm, hit = traces(), traces(outage=OUTAGES.index("all"))
    assert np.array_equal(calm[:, :48], hit[:, :48])
    assert (hit[:, 52:72, 2] == 0).all()
    assert hit[:, 71, 0].min() > calm[:, 71, 0].max()


def test_a_short_queue_drops() -> None:
    short, long = (traces(load=1.3, queue_limit=limit) for limit in (4, 60))
    assert short[..., 3].sum() > 2 * long[..., 3].sum()
    assert short[..., 0].max() <= 4


def test_features_may_be_fewer_and_in_another_order() -> None:
    output = OutputSpec.series(96, ["drops", Feature("latency", "ms")], step=1, step_unit="min")
    some = traces(output=output, load=1.3)
    whole = traces(load=1.3)
    assert np.allclose(some, whole[..., [3, 1]] * [1, 60])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (OutputSpec.image(28, 28), "image"),
        (OutputSpec.series(96, ["queue", "colour"]), "colour"),
        (OutputSpec.series(96, [Feature("latency", "s")]), "in ms"),
        (OutputSpec.series(96, ["queue"], step_unit="km"), "km"),
        (OutputSpec.series(5000, ["queue"]), "2000"),
    ],
)
def test_an_output_that_is_not_a_trace_of_a_queue_is_refused(
    output: OutputSpec, message: str
) -> None:
    with pytest.raises(CannotMake, match=message):
        simulator.make(output, ("a",), simulator.Options())


def test_a_warm_up_below_zero_is_refused() -> None:
    with pytest.raises(CannotMake, match="warm_up"):
        simulator.make(OUTPUT, ("a",), simulator.Options(warm_up=-1))


def test_labels_are_narrower_by_name_or_by_option() -> None:
    options = simulator.Options(labels={"mail": "servers:1..2", "web": "load:0.5..1"})
    made = simulator.make(OUTPUT, ("web", "mail", "batch"), options)
    assert made.space_for("mail")["servers"].to_json()["high"] == 2
    assert made.space_for("web")["load"].to_json()["high"] == 1
    assert made.space_for("web")["rate"] == made.space["rate"]  # an option replaces the default
    assert made.space_for("batch")["queue_limit"].to_json()["low"] == 20
    with pytest.raises(CannotMake, match="unknown labels"):
        simulator.make(OUTPUT, ("mail",), simulator.Options(labels={"web": "load:0.5..1"}))


def test_demo_records_come_with_parameters_of_their_class() -> None:
    info = reader.describe("demo")
    table = reader.read("demo", info.output, info.label_names)
    assert info.public
    assert np.bincount(table.labels).tolist() == [360, 180, 240]
    assert table.parameters is not None
    web = table.labels == info.label_names.index("web")
    assert set(table.parameters["outage"][web]) == {OUTAGES.index("one")}
    # The servers of streaming stand still for a while in every trace.
    streaming = table.data[table.labels == info.label_names.index("streaming")]
    assert (streaming[:, 20:50, 2] == 0).any(axis=1).mean() > 0.99


def test_demo_labels_of_other_classes_are_minus_one() -> None:
    table = demo.table(OUTPUT, ("batch",))
    assert np.unique(table.labels, return_counts=True)[1].tolist() == [600, 180]


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.full((2, 12, 4), 7.0))
    np.save(tmp_path / "a.npy", np.full((3, 12, 4), 9.0, dtype=np.float32))
    info = reader.describe(str(tmp_path))
    assert (info.output, info.label_names, info.public) == (schema.series(12), ("a", "b"), False)
    table = reader.read(str(tmp_path), info.output, ("b", "c"))
    info.output.check(table.data, 5)
    assert table.labels.tolist() == [-1, -1, -1, 0, 0]
    assert table.data[:, 0, 0].tolist() == [9, 9, 9, 7, 7]


@pytest.mark.parametrize(
    "content",
    [None, b"no array", np.zeros((2, 12, 3)), np.zeros((2, 12, 4), dtype=np.uint8)],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: Any) -> None:
    if isinstance(content, bytes):
        (tmp_path / "a.npy").write_bytes(content)
    elif content is not None:
        np.save(tmp_path / "a.npy", content)
    with pytest.raises(SourceError) as caught:
        reader.describe(str(tmp_path))
    assert str(tmp_path) in caught.value.where


def test_classes_of_several_lengths_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 12, 4)))
    np.save(tmp_path / "b.npy", np.zeros((2, 13, 4)))
    with pytest.raises(SourceError, match="different lengths"):
        reader.describe(str(tmp_path))


def test_the_page_lists_parameters_and_features() -> None:
    page = (Path(__file__).parents[1] / "docs" / "index.md").read_text(encoding="utf-8")
    for name in [*simulator.SPACE, *schema.UNITS, *simulator.KINDS]:
        assert f"\n| `{name}` |" in page, name
