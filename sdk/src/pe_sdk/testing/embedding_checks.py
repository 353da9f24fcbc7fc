"""Rules about embeddings."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pe_sdk.embedding import Embedding, TrainableEmbedding
from pe_sdk.errors import CannotMake
from pe_sdk.output import OutputSpec
from pe_sdk.samples import Samples
from pe_sdk.testing.bench import EXAMPLES, Bench, records
from pe_sdk.testing.registry import Failed, Skipped, check, expect

ROWS = 16


@check("embedding", "basic")
def embedding_is_made(bench: Bench) -> str:
    """The factory makes an Embedding for an output."""
    try:
        output, made = bench.require()
    except Skipped as error:
        raise Failed(f"{type(error.__cause__).__name__}: {error.__cause__}") from None
    expect(isinstance(made, Embedding), f"it returns {type(made).__name__}")
    return f"for {output.dtype} {list(output.shape)}"


@check("embedding", "basic")
def embedding_of_other_kinds(bench: Bench) -> None:
    """Records of an unknown kind are embedded, or the factory refuses them with CannotMake."""
    bench.require()
    output = OutputSpec("no-such-kind", (1, 2, 3, 4), "float64")
    try:
        made = bench.make(output)
    except CannotMake:
        return
    except Exception as error:
        raise Failed(f"the factory raises {type(error).__name__} instead") from None
    data = records(output, EXAMPLES)
    try:
        if isinstance(made, TrainableEmbedding):
            labels = np.zeros(EXAMPLES, np.int64)
            made = made.with_weights(made.fit(Samples(data, labels), None, len(bench.labels), 3))
        vectors = made.embed(data)
    except Exception as error:
        raise Failed(
            f"the factory accepts the kind, but embed fails with {type(error).__name__}"
        ) from None
    _expect_vectors(vectors, EXAMPLES, made.dim)


@check("embedding", "basic")
def vector_form(bench: Bench) -> None:
    """Vectors are float32 [n, dim], with the dim that the embedding declares."""
    vectors, dim = bench.embedding.embed(records(bench.output, ROWS)), bench.embedding.dim
    _expect_vectors(vectors, ROWS, dim)


def _expect_vectors(vectors: NDArray[Any], rows: int, dim: int) -> None:
    got = f"{vectors.dtype} {list(vectors.shape)}"
    expect(
        vectors.dtype == np.float32 and vectors.shape == (rows, dim),
        f"{got}, expected float32 {[rows, dim]}",
    )


@check("embedding", "basic")
def unit_ball(bench: Bench) -> None:
    """Vectors are finite and have a Euclidean norm of at most 1, up to rounding."""
    vectors = bench.embedding.embed(records(bench.output, ROWS))
    expect(np.isfinite(vectors).all(), "a value is not finite")
    largest = float(np.sqrt(np.square(vectors.astype(np.float64)).sum(axis=1)).max())
    expect(largest <= 1 + 1e-5, f"the largest norm is {largest:.6f}")


@check("embedding", "basic")
def rows_are_independent(bench: Bench) -> None:
    """A vector depends, bit for bit, only on its row, not on its place in blocks of one size."""
    data, embedding = records(bench.output, ROWS), bench.embedding
    whole = embedding.embed(data)
    expect(
        np.array_equal(embedding.embed(data[::-1].copy())[::-1], whole),
        "the order of the rows changes their vectors",
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
    """A second call with the same records gives the same vectors."""
    data = records(bench.output, ROWS)
    expect(
        np.array_equal(bench.embedding.embed(data), bench.embedding.embed(data)),
        "a second call gives different vectors",
    )


@check("embedding", "full")
def fit_is_deterministic(bench: Bench) -> None:
    """A trainable embedding learns the same weights from the same examples and seed."""
    if not isinstance(bench.made, TrainableEmbedding):
        raise Skipped("the embedding is not trainable")
    a, b = bench.learnt_weights(), bench.learnt_weights()
    expect(
        set(a) == set(b) and all(np.array_equal(a[k], b[k]) for k in a),
        "a second fit gives different weights",
    )


@check("embedding", "full")
def with_weights_is_pure(bench: Bench) -> None:
    """with_weights returns a new embedding and leaves the vectors of the old one unchanged."""
    if not isinstance(bench.made, TrainableEmbedding):
        raise Skipped("the embedding is not trainable")
    data, ready = records(bench.output, ROWS), bench.embedding
    before = ready.embed(data)
    zeros = {name: np.zeros_like(array) for name, array in bench.learnt_weights().items()}
    other = cast("TrainableEmbedding", ready).with_weights(zeros)
    expect(
        other is not ready and np.array_equal(ready.embed(data), before),
        "with_weights changes the embedding",
    )
