"""Bad embeddings: each is found by exactly the check meant for it."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pe_sdk import (
    CannotMake,
    EmbeddingSpec,
    TrainableEmbedding,
)
from pe_sdk.testing import check_embedding, checks

FRESH = {"import_budget", "forbidden_imports"}  # the same for all kinds: bad generators prove them


class Mean(TrainableEmbedding):
    """The mean of a record, times a learnt factor, and a zero."""

    dim = 2

    def __init__(self, output, factor=None):
        if output.kind != "image":
            raise CannotMake("images only")
        self.output, self.factor = output, factor

    def embed(self, data):
        mean = data.reshape(len(data), -1).astype(np.float32).mean(axis=1) / 512 * self.factor
        return np.stack([mean, np.zeros_like(mean)], axis=1)

    def fit(self, examples, space, label_count, seed):
        return {"factor": np.array(1.0, np.float32)}

    def with_weights(self, weights):
        return type(self)(self.output, weights["factor"])


class VectorForm(Mean):
    def embed(self, data):
        return super().embed(data).astype(np.float64)


class UnitBall(Mean):
    def embed(self, data):
        return super().embed(data) * np.float32(10)


class RowsAreIndependent(Mean):
    def embed(self, data):
        return super().embed(data) - super().embed(data).mean() / 4


class EmbedsDeterministically(Mean):
    """Halves the vectors of a call that repeats the last one; other checks repeat no call."""

    last = None

    def embed(self, data):
        again = self.last is not None and np.array_equal(data, self.last)
        self.last = None if again else data
        return super().embed(data) / (2 if again else 1)

    def with_weights(self, weights):
        self.last = None
        return super().with_weights(weights)


class FitIsDeterministic(Mean):
    fits = 0

    def fit(self, examples, space, label_count, seed):
        FitIsDeterministic.fits += 1
        return {"factor": np.array(1 / FitIsDeterministic.fits, np.float32)}


class WithWeightsIsPure(Mean):
    def with_weights(self, weights):
        self.factor = weights["factor"]
        return self


def never(output, options):
    raise RuntimeError("never works")


class Blind(Mean):
    """Accepts every kind as if it were images, and fails when called."""

    def __init__(self, output, factor=None):
        self.output, self.factor = output, factor

    def embed(self, data):
        height, width, channels = self.output.shape
        return super().embed(data.reshape(len(data), height * width, channels))


@dataclass(frozen=True)
class Undocumented:
    size: int = 3


def embedding(made=Mean, **changes):
    return replace(
        EmbeddingSpec("mean", "the mean", lambda output, options: made(output)), **changes
    )


BAD_EMBEDDINGS = {
    "metadata": embedding(summary="two\nlines"),
    "options_documented": embedding(options=Undocumented),
    "embedding_is_made": embedding(factory=never),
    "embedding_of_other_kinds": embedding(Blind),
    "vector_form": embedding(VectorForm),
    "unit_ball": embedding(UnitBall),
    "rows_are_independent": embedding(RowsAreIndependent),
    "embeds_deterministically": embedding(EmbedsDeterministically),
    "fit_is_deterministic": embedding(FitIsDeterministic),
    "with_weights_is_pure": embedding(WithWeightsIsPure),
}


@pytest.mark.parametrize("name", sorted({c.name for c in checks("embedding")} - FRESH))
def test_only_the_check_meant_for_it_finds_a_bad_embedding(name):
    # Fails if a check is blind, if another check finds the fault too, or if a check has no bad
    # embedding.
    report = check_embedding(BAD_EMBEDDINGS[name])
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


def test_a_good_embedding_breaks_no_rule():
    check_embedding(embedding()).raise_for_failures()
