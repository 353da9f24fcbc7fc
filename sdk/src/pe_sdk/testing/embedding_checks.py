"""Rules about embeddings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random
from pe_sdk.embedding import Embedding, TrainableEmbedding
from pe_sdk.errors import CannotMake
from pe_sdk.output import OutputSpec
from pe_sdk.samples import Samples
from pe_sdk.testing.bench import Bench
from pe_sdk.testing.registry import Failed, Skipped, check, expect

ROWS = 16
EXAMPLES = 64


def records(output: OutputSpec, n: int) -> NDArray[Any]:
    """n records of the form, of random values: whole numbers over their range, others normal."""
    size = int(np.prod(output.shape))
    seeds = random.derive(7, "records", n)
    dtype = np.dtype(output.dtype)
    if dtype.kind in "iu":
        top = min(np.iinfo(dtype).max, 255)
        flat: NDArray[Any] = random.integers(seeds, "values", int(top) + 1, size=size)
    else:
        flat = random.normals(seeds, "values", size=size)
    return flat.astype(dtype).reshape(n, *output.shape)


def _examples(bench: Bench) -> Samples:
    return Samples(records(bench.output, EXAMPLES), np.arange(EXAMPLES) // 2 % len(bench.labels))


def _weights(bench: Bench) -> dict[str, NDArray[Any]]:
    weights: dict[str, NDArray[Any]] = bench.made.fit(_examples(bench), None, len(bench.labels), 3)
    return weights


def _ready(bench: Bench) -> Embedding:
    if not hasattr(bench, "ready"):
        made = bench.made
        trained = (
            made.with_weights(_weights(bench)) if isinstance(made, TrainableEmbedding) else made
        )
        bench.ready = trained  # type: ignore[attr-defined]
    ready: Embedding = bench.ready  # type: ignore[attr-defined]
    return ready


@check("embedding", "basic")
def embedding_is_made(bench: Bench) -> str:
    """The factory makes an Embedding for an output."""
    try:
        output, made = bench.need()
    except Skipped as error:
        raise Failed(f"{type(error.__cause__).__name__}: {error.__cause__}") from None
    expect(isinstance(made, Embedding), f"it makes a {type(made).__name__}")
    return f"for {output.dtype} {list(output.shape)}"


@check("embedding", "basic")
def embedding_of_other_kinds(bench: Bench) -> None:
    """Records of an unknown kind are refused with CannotMake where the embedding is made, or are embedded."""
    bench.need()
    output = OutputSpec("no-such-kind", (1, 2, 3, 4), "float64")
    try:
        made = bench.make(output)
    except CannotMake:
        return
    except Exception as error:
        raise Failed(f"it raises {type(error).__name__} instead") from None
    data = records(output, EXAMPLES)
    try:
        if isinstance(made, TrainableEmbedding):
            labels = np.zeros(EXAMPLES, np.int64)
            made = made.with_weights(made.fit(Samples(data, labels), None, len(bench.labels), 3))
        vectors = made.embed(data)
    except Exception as error:
        raise Failed(f"it is made, and then fails with {type(error).__name__}") from None
    _expect_form(vectors, EXAMPLES, made.dim)


@check("embedding", "basic")
def vector_form(bench: Bench) -> None:
    """Vectors are float32 [n, dim], with the dim that the embedding declares."""
    vectors, dim = _ready(bench).embed(records(bench.output, ROWS)), _ready(bench).dim
    _expect_form(vectors, ROWS, dim)


def _expect_form(vectors: NDArray[Any], rows: int, dim: int) -> None:
    got = f"{vectors.dtype} {list(vectors.shape)}"
    expect(
        vectors.dtype == np.float32 and vectors.shape == (rows, dim),
        f"{got}, expected float32 {[rows, dim]}",
    )


@check("embedding", "basic")
def unit_ball(bench: Bench) -> None:
    """Vectors are finite and of Euclidean norm at most 1, up to rounding."""
    vectors = _ready(bench).embed(records(bench.output, ROWS))
    expect(np.isfinite(vectors).all(), "an entry is not finite")
    largest = float(np.sqrt(np.square(vectors.astype(np.float64)).sum(axis=1)).max())
    expect(largest <= 1 + 1e-5, f"a norm of {largest:.6f}")


@check("embedding", "basic")
def rows_are_independent(bench: Bench) -> None:
    """Within blocks of one size a row's vector depends, bit for bit, on that row alone and not on its place."""
    data, embedding = records(bench.output, ROWS), _ready(bench)
    whole = embedding.embed(data)
    expect(
        np.array_equal(embedding.embed(data[::-1].copy())[::-1], whole),
        "another order gives other vectors",
    )
    mixed = data.copy()
    mixed[ROWS // 2 :] = data[0]
    half = slice(0, ROWS // 2)
    expect(
        np.array_equal(embedding.embed(mixed)[half], whole[half]),
        "other rows of the block change a row's vector",
    )


@check("embedding", "basic")
def embeds_deterministically(bench: Bench) -> None:
    """The same records give the same vectors on a second pass."""
    data = records(bench.output, ROWS)
    expect(
        np.array_equal(_ready(bench).embed(data), _ready(bench).embed(data)),
        "a second pass gives other vectors",
    )


@check("embedding", "full")
def fit_is_deterministic(bench: Bench) -> None:
    """A trainable embedding learns the same weights from the same examples and seed."""
    if not isinstance(bench.made, TrainableEmbedding):
        raise Skipped("it is not trainable")
    a, b = _weights(bench), _weights(bench)
    expect(
        set(a) == set(b) and all(np.array_equal(a[k], b[k]) for k in a),
        "a second fit gives other weights",
    )


@check("embedding", "full")
def with_weights_is_pure(bench: Bench) -> None:
    """with_weights gives a new embedding and leaves the vectors of the one that was asked as they are."""
    if not isinstance(bench.made, TrainableEmbedding):
        raise Skipped("it is not trainable")
    data, ready = records(bench.output, ROWS), _ready(bench)
    before = ready.embed(data)
    zeros = {name: np.zeros_like(array) for name, array in _weights(bench).items()}
    other = ready.with_weights(zeros)  # type: ignore[attr-defined]
    expect(
        other is not ready and np.array_equal(ready.embed(data), before),
        "with_weights changes the embedding",
    )
