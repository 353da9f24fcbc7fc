"""Evaluation against private data: correct, in one file only, and only for public data."""

import json
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pe_host.embeddings.grid import grid_scale, to_grid
from pe_host.errors import DataError, PluginFailure, PrivacyRefusal
from pe_host.metrics import density_and_coverage, frechet_distance
from pe_host.privacy import FolderLock, evaluation
from pe_host.privacy.evaluation import EVALUATION, EvaluationRequest, Population, project, some_rows
from pe_sdk import Categorical, Embedding, Float, ParameterSpace, Table

SPACE = ParameterSpace(
    {"size": Float(0, 10), "hair": Categorical(("none", "short", "long")), "unknown": Float(0, 1)}
)
SECRET = "content-of-a-record"


class Flat(Embedding):
    """As in conftest: pixels over 4 * 255."""

    dim = 16

    def embed(self, data: Any) -> Any:
        return data.reshape(len(data), 16).astype(np.float32) / np.float32(1020)


def _table(run: Any, **columns: Any) -> None:
    run.table = Table(run.table.data, run.table.labels, parameters=columns)


def _population(vectors: Any, **state: Any) -> Population:
    rows = len(vectors)
    return Population(
        project(vectors), {name: np.resize(column, rows) for name, column in state.items()}
    )


def _question(
    run: Any, *populations: Population, embedding: Embedding | None = None
) -> EvaluationRequest:
    some = populations or (_population(run.candidates), _population(run.candidates[::-1]))
    return EvaluationRequest(
        embedding or Flat(), {"embedding": "flat", "weights": "fixed"}, some, SPACE
    )


def _evaluate(run: Any, question: EvaluationRequest, public: bool = True) -> Mapping[str, Any]:
    with FolderLock(run.folder) as lock:
        with run.side(lock, run.plan(), public) as side:
            side.evaluate(question)
        return json.loads((run.folder / EVALUATION).read_text())


def test_data_that_are_not_declared_public_are_not_measured(run: Any) -> None:
    with pytest.raises(PrivacyRefusal, match="public"):
        _evaluate(run, _question(run), public=False)
    assert run.opened == 0 and not (run.folder / "internal").exists()
    with FolderLock(run.folder) as lock, run.side(lock) as side, pytest.raises(PrivacyRefusal):
        side.evaluate(_question(run))  # a side is opened like this by default


def test_marginals_are_those_of_the_columns(run: Any) -> None:
    _table(run, size=np.full(120, 8.0), hair=np.full(120, 2), elsewhere=np.arange(120))
    first = _population(run.candidates, size=[0.0, 4.0], hair=[0, 1], unknown=[0.5], elsewhere=[0])
    last = _population(run.candidates, size=[7.0], hair=[2, 2, 2, 1], unknown=[0.5])
    found = _evaluate(run, _question(run, first, last))
    assert list(found["marginals"]) == ["hair", "size"], (
        "parameters that both sides and the space know"
    )
    size, hair = found["marginals"]["size"], found["marginals"]["hair"]
    assert size["populations"] == pytest.approx([0.6, 0.1]) and size["perfect"] == 0
    assert hair["populations"] == pytest.approx([1, 0.25]) and hair["perfect"] == 0
    assert hair["shares"] == {"private": [0, 0, 1], "first": [0.5, 0.5, 0], "last": [0, 0.25, 0.75]}
    assert size["shares"]["private"][16] == 1 and size["shares"]["first"][8] == 0.5
    assert (
        ParameterSpace.from_json({"schema": 1, "parameters": {"hair": hair["parameter"]}})["hair"]
        == SPACE["hair"]
    )


def test_the_distance_is_that_of_the_vectors(run: Any) -> None:
    """As many records are set aside as there are samples; the rest are the reference.

    Fails if the two sides scale their vectors differently.
    """
    rows = some_rows(120, 120)
    private = to_grid(Flat().embed(run.table.data)) / grid_scale(16)
    rest = private[rows[60:]]
    found = _evaluate(run, _question(run))
    assert found["samples"] == 60 and found["records"] == 60 and found["dimensions"] == 16
    pool = run.candidates / grid_scale(16)
    expected = [frechet_distance(pool, rest), frechet_distance(pool[::-1], rest)]
    assert found["frechet"]["populations"] == pytest.approx(expected, rel=1e-4)
    assert found["frechet"]["perfect"] == pytest.approx(
        frechet_distance(private[rows[:60]], rest), rel=1e-4
    )
    for i, name in enumerate(("density", "coverage")):
        expected = [density_and_coverage(pool, rest)[i], density_and_coverage(pool[::-1], rest)[i]]
        assert found[name]["populations"] == pytest.approx(expected, rel=1e-4)
        perfect = density_and_coverage(private[rows[:60]], rest)[i]
        assert found[name]["perfect"] == pytest.approx(perfect, rel=1e-4)


def test_of_each_population_as_many_are_measured(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distance depends on the number: 60 and 20 of the same samples would seem to differ."""
    found = _evaluate(
        run, _question(run, _population(run.candidates), _population(run.candidates[:20]))
    )
    assert found["samples"] == 20 and found["records"] == 100
    assert len(set(found["frechet"]["populations"])) == 1
    monkeypatch.setattr(evaluation, "RECORDS", 30)
    assert _evaluate(run, _question(run))["records"] == 15
    monkeypatch.setattr(evaluation, "RECORDS", 10)
    few = _evaluate(run, _question(run))
    # No record has five neighbours.
    assert few["records"] == 5 and "coverage" not in few and "density" not in few


def test_long_vectors_are_projected_and_keep_their_distance(run: Any) -> None:
    class Long(Embedding):
        dim = 1000

        def embed(self, data: Any) -> Any:
            vectors = np.zeros((len(data), 1000), np.float32)
            vectors[:, 300] = 0.1 + data[:, 0, 0, 0] / 1e6  # all nearly the same
            return vectors

    vectors = np.zeros((60, 1000))
    vectors[:, 700] = -0.4
    found = _evaluate(run, _question(run, _population(to_grid(vectors)), embedding=Long()))
    assert found["dimensions"] == evaluation.DIMENSIONS
    # 0.17, up to the projection, whose square has a relative deviation of √(2/256) = 0.09.
    assert found["frechet"]["populations"] == pytest.approx([0.17], rel=0.45)


def test_equal_data_give_an_equal_file_and_nothing_comes_back(run: Any) -> None:
    _table(run, size=np.linspace(0, 10, 120))
    files = []
    for _ in range(2):
        question = _question(run, _population(run.candidates, size=np.linspace(0, 5, 60)))
        with (
            FolderLock(run.folder) as lock,
            run.side(lock, run.plan(), True) as side,
        ):
            assert side.evaluate(question) is None  # type: ignore[func-returns-value]
            assert side.ledger.releases == []
        files.append((run.folder / EVALUATION).read_bytes())
    assert files[0] == files[1] and b"NaN" not in files[0]
    assert {path.name for path in run.folder.rglob("*") if path.is_file()} <= {
        "evaluation.json",
        "ledger.jsonl",
        ".lock",
    }


def test_rows_are_taken_without_regard_to_their_order() -> None:
    """Sorted by class, or classes in turn: both are common, and any fixed stride fails on one."""
    rows = some_rows(20_000, 10_000)
    assert len(set(rows.tolist())) == 10_000 and rows.max() < 20_000
    # A hypergeometric count of mean 5,000 and deviation 35: 250 are 7 of them.
    assert (
        abs(int((rows % 2 == 0).sum()) - 5_000) < 250
        and abs(int((rows < 10_000).sum()) - 5_000) < 250
    )
    first = rows[:1000]  # and so for the first ones, which are set aside
    assert abs(int((first < 10_000).sum()) - 500) < 110


def test_no_client_is_measured_against_itself(run: Any) -> None:
    """A client has ten identical records: a split by record would put perfection at distance 0."""
    images = np.repeat(run.table.data[:12], 10, axis=0)
    owners = np.repeat(np.arange(12), 10)
    run.table = Table(images, np.zeros(120, np.int64), owners, {"size": owners / 2.0})
    plan = run.plan(unit="client")
    with (
        FolderLock(run.folder) as lock,
        run.side(lock, plan, True) as side,
    ):
        side.evaluate(_question(run, _population(run.candidates[:30], size=[1.0])))
    found = json.loads((run.folder / EVALUATION).read_text())
    assert found["samples"] == 30 and found["records"] == 90
    shares = np.array(found["marginals"]["size"]["shares"]["private"])
    assert (shares > 0).sum() == 9 and shares.max() == pytest.approx(1 / 9, rel=1e-4)
    assert found["frechet"]["perfect"] > 0.01


def test_one_client_alone_is_too_few(run: Any) -> None:
    run.table = replace(run.table, clients=np.zeros(120, np.int64))
    plan = run.plan(unit="client")
    with (
        FolderLock(run.folder) as lock,
        run.side(lock, plan, True) as side,
    ):
        question = _question(run)
        with pytest.raises(DataError, match="too few clients"):
            side.evaluate(question)


def test_text_is_no_declaration_of_public_data(run: Any) -> None:
    with pytest.raises(PrivacyRefusal, match="public"):
        _evaluate(run, _question(run), public="false")  # type: ignore[arg-type]


def test_parameters_of_data_that_are_not_public_are_not_even_kept(run: Any) -> None:
    _table(run, size=np.linspace(0, 10, 120))
    for public, kept in ((False, set()), (True, {"size"})):
        with (
            FolderLock(run.folder) as lock,
            run.side(lock, run.plan(), public) as side,
        ):
            side.load()
            assert side._data is not None and set(side._data.parameters) == kept


def _failing(kind: type[Exception]) -> Embedding:
    class Failing(Flat):
        def embed(self, data: Any) -> Any:
            raise kind(SECRET)

    return Failing()


def test_a_failure_says_what_failed_and_no_more(run: Any) -> None:
    _evaluate(run, _question(run))
    other = _population(np.zeros((60, 3), np.int16))
    for question, error, says in (
        (
            _question(run, embedding=_failing(RuntimeError)),
            PluginFailure,
            "embedding failed with RuntimeError",
        ),
        (_question(run, other), DataError, "evaluation failed with ValueError"),
        (_question(run, _population(run.candidates[:1])), DataError, "too few"),
    ):
        with pytest.raises(error, match=says) as caught:
            _evaluate(run, question)
        assert caught.value.__context__ is None and caught.value.__cause__ is None
        frames = [
            frame.f_code.co_name for frame, _ in traceback.walk_tb(caught.value.__traceback__)
        ]
        assert frames[-1] == "evaluate", "deeper frames hold records"
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert not (run.folder / EVALUATION).exists(), "an older file would pass for this one"


def test_three_records_are_too_few(run: Any) -> None:
    run.table = replace(run.table, data=run.table.data[:3], labels=run.table.labels[:3])
    with pytest.raises(DataError, match="at least 4 records"):
        _evaluate(run, _question(run))


def test_clients_do_not_take_the_parameters_away(run: Any) -> None:
    columns = {"size": np.linspace(0, 10, 120)}
    run.table = Table(run.table.data, run.table.labels, np.arange(120) // 3, columns)
    question = _question(run, _population(run.candidates, size=[1.0]))
    for unit in ("record", "client"):
        with FolderLock(run.folder) as lock:
            with run.side(lock, run.plan(unit=unit), True) as side:
                side.evaluate(question)
            (run.folder / "ledger.jsonl").unlink()
        assert list(json.loads((run.folder / EVALUATION).read_text())["marginals"]) == ["size"]
