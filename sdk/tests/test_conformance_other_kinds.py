"""Bad embeddings and readers, each found by the check meant for it alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pe_sdk import (
    CannotMake,
    EmbeddingSpec,
    OutputSpec,
    ReaderSpec,
    SourceError,
    SourceInfo,
    Table,
    TrainableEmbedding,
)
from pe_sdk.testing import check_embedding, check_reader, checks

FRESH = {"import_budget", "forbidden_imports"}  # of all kinds alike: proved by the bad generators


class Mean(TrainableEmbedding):
    """One number a record, times a learnt factor, and a zero."""

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
    """Every second of equal calls in a row gives half the vectors; the other checks make no such calls."""

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
    """Takes every kind for images, until it is called."""

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
def test_a_bad_embedding_is_found_by_the_check_meant_for_it_alone(name):
    # Fails where a check is blind, where another finds the fault too, or where a check has no bad embedding.
    report = check_embedding(BAD_EMBEDDINGS[name])
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


def describe(location):
    if location != "here":
        raise SourceError("there is no such source")
    return SourceInfo(OutputSpec.image(2, 2), ("0", "1"), public=True)


def read(location, output, labels):
    return Table(np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1]))


class Twice:
    """Gives other records each time."""

    calls = 0

    def __call__(self, location, output, labels):
        self.calls += 1
        return replace(
            read(location, output, labels), data=np.full((4, 2, 2, 1), self.calls, np.uint8)
        )


GOOD_READER = ReaderSpec("zeros", "four zeros", describe, read)

BAD_READERS = {
    "metadata": replace(GOOD_READER, name="Zeros"),
    "refuses_missing": replace(GOOD_READER, describe=lambda location: describe("here")),
    "describes_publicly": replace(
        GOOD_READER, describe=lambda location: replace(describe(location), public=1)
    ),
    "read_agrees": replace(
        GOOD_READER, read=lambda *a: replace(read(*a), data=np.zeros((4, 3, 2, 1), np.uint8))
    ),
    "labels_in_range": replace(
        GOOD_READER, read=lambda *a: replace(read(*a), labels=np.array([0, 1, 0, 2]))
    ),
    "reads_deterministically": replace(GOOD_READER, read=Twice()),
}


@pytest.mark.parametrize("name", sorted({c.name for c in checks("reader")} - FRESH))
def test_a_bad_reader_is_found_by_the_check_meant_for_it_alone(name):
    report = check_reader(BAD_READERS[name], location="here")
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


def test_good_ones_break_no_rule():
    check_embedding(embedding()).raise_for_failures()
    check_reader(GOOD_READER, location="here").raise_for_failures()


def test_what_a_reader_raises_is_not_quoted():
    def raising(location, output, labels):
        raise ValueError("could not convert 'Jane Doe' to a number")

    spec = replace(BAD_READERS["metadata"], summary="one line", read=raising)
    report = check_reader(spec, location="here")
    assert report.failures and not [r for r in report.results if "Jane" in r.detail]
