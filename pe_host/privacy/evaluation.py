"""Evaluation: distances between the populations of a run and the private records.

If the parameters of the records are known, they are compared too. These are clean statistics: no
noise is added and no budget covers them. So nothing here is returned. The results go to one file in
`internal/`, for the operator of data that is public or synthetic; see `PrivateSide.evaluate`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.durable import write_atomic
from pe_host.embeddings.grid import Grid, grid_scale
from pe_host.errors import DataError
from pe_host.metrics import bins_of, density_and_coverage, frechet_distance, marginal_distance
from pe_host.metrics.coverage import NEIGHBOURS
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.embed import BLOCK, embed_records
from pe_host.privacy.files import EVALUATION
from pe_sdk import Embedding, Parameter, ParameterSpace, random

SCHEMA = 1

SAMPLES = 1_000
"""Most samples of a population that are measured."""

RECORDS = 10_000
"""Most private records that are measured."""

REFERENCE = 2_000
"""Most records that density and coverage use: they need all distances between them."""

DIMENSIONS = 256
"""Longest vectors that are measured; longer ones are projected at random.

Their covariances would take minutes.
"""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Population:
    """Samples of a population, which is released or made from released values.

    Args:
        vectors: float64 [n, d], from `project` and the embedding that will embed the private
            records.
        state: columns [n]; those named like parameters are compared.
    """

    vectors: NDArray[np.float64]
    state: Columns


@dataclass(frozen=True)
class EvaluationRequest:
    """What to measure.

    Args:
        embedding: one for all populations, with weights that depend on no private record.
        about: description of the embedding, for the reader of the file.
        populations: by iteration, the released samples last; rows in random order (see
            `some_rows`).
        space: parameter space of the simulator, which sets scales, ranges and bins; None if there
            is no simulator.
    """

    embedding: Embedding
    about: Mapping[str, str]
    populations: Sequence[Population]
    space: ParameterSpace | None


def some_rows(count: int, most: int) -> NDArray[np.int64]:
    """Choose at most `most` of `count` row numbers, int64: the same ones, in pseudorandom order."""
    return np.argsort(random.derive(0, "evaluation", count), kind="stable")[:most]


def write_evaluation(folder: Path, data: PrivateDataset, request: EvaluationRequest) -> None:
    """Measure, and write `EVALUATION` in the run folder, in place of an earlier one.

    The Fréchet distance depends on the number of samples, so every population is measured with the
    same number m. As many private records are set aside and measured against the rest like a
    population: that is the score of a perfect one. No client has records on both sides, because
    records of one client are more alike than records of different clients.

    Raises:
        DataError: there are fewer than 4 records, fewer than 2 samples or too few clients, or the
            file cannot be written.
        PluginFailure: the embedding failed; see `embed_records`.
    """
    path = folder / EVALUATION
    path.unlink(missing_ok=True)
    rows = some_rows(len(data.labels), RECORDS)
    samples = min(len(rows) // 2, *(len(population.vectors) for population in request.populations))
    if samples < 2:
        raise DataError(
            "too few records or samples: the evaluation needs at least 4 records and 2 samples"
        )
    perfect, rest = _split(rows, data.clients, samples)
    if min(len(perfect), len(rest)) < 2:
        raise DataError(
            "the records cannot be split by client: there are too few clients, or one has most "
            "of the records"
        )
    aside = _embedded(request.embedding, data, perfect)
    others = _embedded(request.embedding, data, rest)
    populations = [population.vectors[:samples] for population in request.populations]
    document = {
        "schema": SCHEMA,
        "embedding": dict(request.about),
        "dimensions": others.shape[1],
        "samples": samples,
        "records": len(rest),
        "frechet": {
            "populations": [_rounded(frechet_distance(vectors, others)) for vectors in populations],
            "perfect": _rounded(frechet_distance(aside, others)),
        },
        "neighbours": NEIGHBOURS,
        **_near(populations, aside, others),
        "marginals": {
            name: _marginal(
                parameter,
                [population.state[name][:samples] for population in request.populations],
                data.parameters[name][perfect],
                data.parameters[name][rest],
            )
            for name, parameter in _shared(request, data.parameters)
        },
    }
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False)
    write_atomic(path, text.encode() + b"\n", private=True)


def _near(
    populations: Sequence[NDArray[np.float64]],
    aside: NDArray[np.float64],
    others: NDArray[np.float64],
) -> dict[str, Any]:
    """Density and coverage, laid out like "frechet"; empty if there are too few records."""
    reference = others[:REFERENCE]
    if len(reference) <= NEIGHBOURS:
        return {}
    pairs = [density_and_coverage(vectors, reference) for vectors in (*populations, aside)]
    return {
        name: {
            "populations": [_rounded(pair[i]) for pair in pairs[:-1]],
            "perfect": _rounded(pairs[-1][i]),
        }
        for i, name in enumerate(("density", "coverage"))
    }


def _shared(request: EvaluationRequest, parameters: Columns) -> list[tuple[str, Parameter]]:
    """The parameters of the space that both sides know, by name."""
    space: Mapping[str, Parameter] = request.space or {}
    states = [population.state for population in request.populations]
    return [
        (name, space[name])
        for name in sorted(space)
        if all(name in columns for columns in (parameters, *states))
    ]


def _marginal(
    parameter: Parameter,
    populations: Sequence[NDArray[Any]],
    perfect: NDArray[Any],
    rest: NDArray[Any],
) -> dict[str, Any]:
    bins = bins_of(parameter)
    shown = {"private": rest, "first": populations[0], "last": populations[-1]}
    return {
        "parameter": parameter.to_json(),
        "populations": [
            _rounded(marginal_distance(parameter, column, rest)) for column in populations
        ],
        "perfect": _rounded(marginal_distance(parameter, perfect, rest)),
        "shares": {
            name: [_rounded(share) for share in bins.shares(column)]
            for name, column in shown.items()
        },
    }


def project(grid: Grid) -> NDArray[np.float64]:
    """Vectors in the unit ball, float64 [n, d] with d <= DIMENSIONS.

    Longer ones are multiplied by random normal numbers, which keeps distances on average (Johnson
    and Lindenstrauss 1984).
    """
    dim = grid.shape[1]
    if dim <= DIMENSIONS:
        return grid / np.float64(grid_scale(dim))
    blocks = range(0, len(grid), BLOCK)  # all at once would be four times the grid in float64
    return np.concatenate([grid[start : start + BLOCK] @ _normals(dim) for start in blocks])


@lru_cache(maxsize=1)
def _normals(dim: int) -> NDArray[np.float64]:
    normals = random.normals(random.derive(0, "projection", dim), "projection", size=DIMENSIONS)
    return np.asarray(normals / (grid_scale(dim) * np.sqrt(DIMENSIONS)), dtype=np.float64)


def _embedded(
    embedding: Embedding, data: PrivateDataset, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Projected vectors, made block by block: the full vectors are never all in memory."""
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    return np.concatenate([project(embed_records(embedding, data.data[block])) for block in blocks])


def _split(
    rows: NDArray[np.int64], clients: NDArray[np.int64] | None, samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows into as many as `samples`, and the rest.

    A client has rows on one side only, so the rest may be fewer than those left over.
    """
    if clients is None:
        return rows[:samples], rows[samples:]
    owners = clients[rows]
    names, sizes = np.unique(owners, return_counts=True)
    order = some_rows(len(names), len(names))
    needed = int(np.searchsorted(np.cumsum(sizes[order]), samples)) + 1
    chosen = np.isin(owners, names[order[:needed]])
    return rows[chosen][:samples], rows[~chosen]


def _rounded(value: float) -> float:
    """The value to six digits: the last ones of a sum depend on the number of threads."""
    return float(f"{value:.6g}")
