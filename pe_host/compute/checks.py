"""The rules for what a plugin returns.

The worker applies them to what it passes on, and the host to what it receives.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import PARAMETERS_KNOWN, Float, OutputSpec, ParameterSpace, Samples

StateSchema = dict[str, tuple[str, tuple[int, ...]]]
"""Dtype and row shape of each state column, by name."""

# pe_host.embeddings.grid: rows are shorter than 2048.
_GRID_NORM_SQUARED = 2048**2


class RuleBrokenError(Exception):
    """A plugin returned something that breaks a rule; the message names the rule."""


def check_data(data: Any, output: OutputSpec, rows: int) -> None:
    """Data must hold `rows` records of the output's shape and dtype; floats must be finite."""
    try:
        output.check(data, rows)
    except ValueError as error:
        raise RuleBrokenError(f"data must match the output spec: {error}") from error
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        raise RuleBrokenError("data must be finite")


def check_samples(
    samples: Any, labels: NDArray[np.int64], output: OutputSpec, state_only: bool
) -> None:
    """Samples keep the requested labels and have finite state, and data unless `state_only`."""
    if not isinstance(samples, Samples):
        raise RuleBrokenError(f"a generator must return Samples, got {type(samples).__name__}")
    got = samples.labels
    if not isinstance(got, np.ndarray) or got.dtype != np.int64 or not np.array_equal(got, labels):
        raise RuleBrokenError(
            "the labels of the samples must be the requested int64 labels, unchanged and in order"
        )
    if not state_only:
        if samples.data is None:
            raise RuleBrokenError("samples must have data unless the generator is state_only")
        check_data(samples.data, output, len(labels))
    for name, column in samples.state.items():
        if not isinstance(column, np.ndarray) or column.shape[:1] != (len(labels),):
            raise RuleBrokenError(
                f"the state column {name!r} must be an array of {len(labels)} rows"
            )
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            raise RuleBrokenError(f"the state column {name!r} must be finite")


def check_parameters(
    state: Mapping[str, NDArray[Any]],
    labels: NDArray[np.int64],
    space: ParameterSpace,
    label_spaces: Sequence[ParameterSpace],
) -> None:
    """A simulator's state holds each parameter, inside the space of its label.

    Columns are float64 for a Float, int64 for an Int or a Categorical.
    """
    for name, parameter in space.items():
        expected = np.float64 if isinstance(parameter, Float) else np.int64
        column = state.get(name)
        if column is None or column.shape != labels.shape or column.dtype != expected:
            raise RuleBrokenError(
                f"the parameter {name!r} must be a column of {np.dtype(expected)}"
            )
    known = state.get(PARAMETERS_KNOWN)
    if known is not None and (known.shape != labels.shape or known.dtype != np.bool_):
        raise RuleBrokenError(
            f"the state column {PARAMETERS_KNOWN!r}, which marks the samples whose parameters are "
            "known, must be a column of bool"
        )
    for label in np.bincount(labels).nonzero()[0].tolist():  # np.unique imports numpy.ma
        rows = labels == label
        bounds = label_spaces[label] if label_spaces else space
        for name, parameter in bounds.items():
            if not parameter.contains(state[name][rows]).all():
                raise RuleBrokenError(
                    f"the parameter {name!r} must lie inside its space: {parameter}"
                )


def check_vectors(vectors: Any, rows: int, dim: int) -> None:
    """An embedding returns floats of the shape [rows, dim]."""
    if (
        not isinstance(vectors, np.ndarray)
        or vectors.dtype.kind != "f"
        or vectors.shape != (rows, dim)
    ):
        shape = (
            f"{vectors.dtype} {list(vectors.shape)}"
            if isinstance(vectors, np.ndarray)
            else type(vectors).__name__
        )
        raise RuleBrokenError(f"an embedding must return float32 {[rows, dim]}, got {shape}")


def check_grid(grid: NDArray[Any], rows: int, dim: int) -> None:
    """Vectors on the grid are int16 [rows, dim] of norm below 2048, so that distances are exact."""
    if grid.dtype != np.int16 or grid.shape != (rows, dim):
        raise RuleBrokenError(
            f"grid vectors must be int16 {[rows, dim]}, got {grid.dtype} {list(grid.shape)}"
        )
    if (np.square(grid.astype(np.int64)).sum(axis=1) >= _GRID_NORM_SQUARED).any():
        raise RuleBrokenError("grid vectors must have a norm below 2048")


def schema_of(samples: Samples) -> StateSchema:
    """Schema of the state columns. A generator has one schema; the width of text may vary."""
    return {
        name: ("text" if column.dtype.kind == "U" else column.dtype.str, column.shape[1:])
        for name, column in samples.state.items()
    }


def check_schema(samples: Samples, schema: StateSchema) -> None:
    """All samples of a generator have the same state columns, of the same dtype and row shape."""
    if (got := schema_of(samples)) != schema:
        raise RuleBrokenError(
            f"state columns must be the same in every reply: {schema} before, now {got}"
        )


def single(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """The one array of a reply, which has this name."""
    if set(arrays) != {name}:
        raise RuleBrokenError(f"the reply must hold the array {name!r} only")
    return arrays[name]
