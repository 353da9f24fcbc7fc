"""Evaluation: how far the populations of a run are from the private records, and from their parameters where those are known.

These are clean statistics: no noise is added and no budget covers them. So nothing here is returned. The results go into one
file below `internal/`, for the operator of data that is public or synthetic; see `PrivateSide.evaluate`.
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
"""Samples of a population that are measured, at most."""

RECORDS = 10_000
"""Private records that are measured, at most."""

REFERENCE = 2_000
"""Of these, at most, about which density and coverage look for samples: all distances between them are needed."""

DIMENSIONS = 256
"""Of the vectors, at most; longer ones are projected at random, as their covariances would cost minutes."""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Population:
    """Some samples of a population, all of it released or made from released values.

    Args:
        vectors: float64 [n, d], by the embedding that the private records will be embedded with, through `project`.
        state: columns [n]; those named as parameters are compared.
    """

    vectors: NDArray[np.float64]
    state: Columns


@dataclass(frozen=True)
class EvaluationRequest:
    """What is measured.

    Args:
        embedding: one for all populations, with weights that no private record had a part in.
        about: what it is, for the reader of the file.
        populations: by iteration, the released samples last; rows in random order (see `some_rows`).
        space: of the simulator, None where there is none: gives scales, ranges and bins.
    """

    embedding: Embedding
    about: Mapping[str, str]
    populations: Sequence[Population]
    space: ParameterSpace | None


def some_rows(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of `count` rows, always the same, in an order that has nothing to do with theirs: int64."""
    return np.argsort(random.derive(0, "evaluation", count), kind="stable")[:most]


def write_evaluation(folder: Path, data: PrivateDataset, request: EvaluationRequest) -> None:
    """Measure, and write `EVALUATION` below the run folder; one of before is removed first.

    As many samples of each population are measured, m, since the Fréchet distance depends on their number. So many private
    records are set aside and measured against the rest like a population: that is what a perfect one would get. Where records
    have clients, none has records on both sides, as its own are more alike than those of others.

    Raises:
        DataError: fewer than 4 records or 2 samples, or too few clients; the file cannot be written.
        PluginFailure: the embedding failed; see `embed_records`.
    """
    path = folder / EVALUATION
    path.unlink(missing_ok=True)
    rows = some_rows(len(data.labels), RECORDS)
    samples = min(len(rows) // 2, *(len(population.vectors) for population in request.populations))
    if samples < 2:
        raise DataError("fewer than 4 records or 2 samples are too few to be measured")
    perfect, rest = _split(rows, data.clients, samples)
    if min(len(perfect), len(rest)) < 2:
        raise DataError("too few clients, or most records of one, to be measured apart")
    aside, others = (_embedded(request.embedding, data, some) for some in (perfect, rest))
    populations = [population.vectors[:samples] for population in request.populations]
    document = {
        "schema": SCHEMA,
        "embedding": dict(request.about),
        "dimensions": others.shape[1],
        "samples": samples,
        "records": len(rest),
        "frechet": {
            "populations": [_rounded(frechet_distance(some, others)) for some in populations],
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
    write_atomic(
        path, json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"
    )


def _near(
    populations: Sequence[NDArray[np.float64]],
    aside: NDArray[np.float64],
    others: NDArray[np.float64],
) -> dict[str, Any]:
    """Density and coverage, in the form of "frechet"; nothing where there are too few records to have neighbours."""
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
    """Vectors of the unit ball, [n, d] with d <= DIMENSIONS: projected by normal numbers, which keep distances on average
    (Johnson and Lindenstrauss 1984)."""
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
    """Block by block: the vectors at their full length are never there all at once."""
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    return np.concatenate([project(embed_records(embedding, data.data[block])) for block in blocks])


def _split(
    rows: NDArray[np.int64], clients: NDArray[np.int64] | None, samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As many rows as `samples`, and the rest; of a client on one side alone, so the rest can be fewer."""
    if clients is None:
        return rows[:samples], rows[samples:]
    owners = clients[rows]
    names, sizes = np.unique(owners, return_counts=True)
    order = some_rows(len(names), len(names))
    needed = int(np.searchsorted(np.cumsum(sizes[order]), samples)) + 1
    chosen = np.isin(owners, names[order[:needed]])
    return rows[chosen][:samples], rows[~chosen]


def _rounded(value: float) -> float:
    """Six digits: the last ones of a sum depend on how many threads made it."""
    return float(f"{value:.6g}")
