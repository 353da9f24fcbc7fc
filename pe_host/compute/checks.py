"""The rules for what a plugin returns. The worker applies them to what it passes on, the host to what it receives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import PARAMETERS_KNOWN, Float, OutputSpec, ParameterSpace, Samples

Form = dict[str, tuple[str, tuple[int, ...]]]

# pe_host.embeddings.grid: rows are shorter than 2048.
_GRID_NORM_SQUARED = 2048**2


class RuleBrokenError(Exception):
    """A plugin returned something it may not; the message names the rule."""


def check_data(data: Any, output: OutputSpec, rows: int) -> None:
    """Data must be an array of `rows` records of the output's shape and dtype; floating data must be finite."""
    try:
        output.check(data, rows)
    except ValueError as error:
        raise RuleBrokenError(f"data of the wrong form: {error}") from error
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        raise RuleBrokenError("data must be finite")


def check_samples(
    samples: Any, labels: NDArray[np.int64], output: OutputSpec, state_only: bool
) -> None:
    """Samples keep the labels asked for, have data unless the generator is `state_only`, and finite state."""
    if not isinstance(samples, Samples):
        raise RuleBrokenError(f"a generator returns Samples, got {type(samples).__name__}")
    got = samples.labels
    if not isinstance(got, np.ndarray) or got.dtype != np.int64 or not np.array_equal(got, labels):
        raise RuleBrokenError(
            "the labels of the samples must be the int64 labels asked for, unchanged and in order"
        )
    if not state_only:
        if samples.data is None:
            raise RuleBrokenError("samples have no data, and the generator is not state_only")
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
    """A simulator's state has each parameter, float64 (Float) or int64 (Int, Categorical), inside its label's space."""
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
            f"the state column {PARAMETERS_KNOWN!r}, whose parameters are known, must be a column of bool"
        )
    for label in np.unique(labels):
        rows = labels == label
        bounds = label_spaces[label] if label_spaces else space
        for name, parameter in bounds.items():
            if not parameter.contains(state[name][rows]).all():
                raise RuleBrokenError(
                    f"the parameter {name!r} must lie inside the space: {parameter}"
                )


def check_vectors(vectors: Any, rows: int, dim: int) -> None:
    """An embedding returns floating [rows, dim]."""
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
    """Vectors on the grid are int16 [rows, dim] of norm below 2048, or distances would not be exact."""
    if grid.dtype != np.int16 or grid.shape != (rows, dim):
        raise RuleBrokenError(
            f"grid vectors must be int16 {[rows, dim]}, got {grid.dtype} {list(grid.shape)}"
        )
    if (np.square(grid.astype(np.int64)).sum(axis=1) >= _GRID_NORM_SQUARED).any():
        raise RuleBrokenError("grid vectors must have a norm below 2048")


def form_of(samples: Samples) -> Form:
    """Names, dtypes and row shapes of the state columns: one generator, one form. Text may differ in width."""
    return {
        name: ("text" if column.dtype.kind == "U" else column.dtype.str, column.shape[1:])
        for name, column in samples.state.items()
    }


def check_form(samples: Samples, form: Form) -> None:
    """All samples of a generator have the same state columns, of the same dtype and row shape."""
    if (got := form_of(samples)) != form:
        raise RuleBrokenError(
            f"state columns must be the same in every reply: {form} before, now {got}"
        )
