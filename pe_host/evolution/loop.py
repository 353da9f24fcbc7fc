"""Private Evolution (arXiv 2305.15560, Algorithm 1) with an embedding that learns as it goes.

    S_0 = random(labels)
    for t in 1..T:
        phi = fit_embedding(t, S_{t-1})
        e(s) = phi(s), or the mean of phi over L variations of s
        h    = noisy votes of the private records for their k nearest of e(S_{t-1})
        S_t  = vary(parents drawn from S_{t-1} by h)

S_T, expanded to the size wanted, is the release. A generator may adapt to the votes of iteration t
before it varies their parents. Nothing here sees a private record, and everything is a function of
the seed and the noisy histograms: a run is continued, or replayed, by going through the loop again
and recalling what was stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.digest import arrays_of, digest_arrays
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import Grid
from pe_host.evolution.schedule import Schedule
from pe_host.evolution.selection import draw_parents, weights
from pe_host.privacy.released import NoisyHistogram
from pe_host.privacy.shares import apportion
from pe_sdk import Degree, Released, Samples, Seeds, random


class Sampler(Protocol):
    """Makes and embeds candidates; see `pe_host.compute`."""

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples: ...
    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples: ...
    def embed(
        self, phi: FittedEmbedding, samples: Samples, lookahead: int, degree: Degree, seeds: Seeds
    ) -> Grid: ...
    def adapt(self, released: Released | None) -> None:
        """Continue as the generator would after an iteration; with None, as at the start."""


class PrivateVotes(Protocol):
    """The noisy votes of the private records; see `pe_host.privacy`."""

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        """The histogram of iteration t if it was released before, at no cost; else None.

        It must be on these candidates.
        """

    def affordable(self) -> bool:
        """Whether the budget holds another round: False only after crashes lost rounds."""

    def ask(
        self, t: int, phi: FittedEmbedding, candidates: Samples, vectors: Grid
    ) -> NoisyHistogram:
        """Spend on iteration t. vectors: int16 [N, d], phi of each candidate."""


class PopulationStore(Protocol):
    """Keeps S_0 .. S_{T-1} and the release.

    `origin` is the digest of what a population is made from: one of another origin is made again.
    """

    def population(self, t: int, origin: str, make: Callable[[], Samples]) -> Samples:
        """S_t of this origin: the stored one, or what `make` returns, stored from now on."""

    def release(self, origin: str, make: Callable[[], Samples]) -> Samples:
        """The release, as `population`."""


@dataclass(frozen=True)
class Step:
    """Iteration t: its candidates S_{t-1} and the released votes on them.

    `recalled`: they were released by an earlier session.
    """

    t: int
    candidates: Samples
    histogram: NoisyHistogram
    recalled: bool

    @property
    def digest(self) -> str:
        """Digest of candidates and votes: the origin of what is made from them."""
        return digest_arrays({"votes": self.histogram.votes, **arrays_of(self.candidates)})


@dataclass(frozen=True)
class Result:
    """The release, and how many noisy histograms it rests on: fewer than T after some crashes."""

    release: Samples
    iterations: int


@dataclass(frozen=True)
class Evolution:
    """One run of the loop.

    Args:
        schedule: T, sizes, degrees and the rest.
        shares: float64 [C], class shares, released or public.
        sampler, votes, store: see the protocols.
        fit_embedding: phi of iteration t, from t and S_{t-1}.
        seed: of everything but the noise.
        first: candidates to start from, if there are any. S_0 takes as many of each class as it
            needs, variations of them where they are too few, and random ones of a class that has
            none.
    """

    schedule: Schedule
    shares: NDArray[np.float64]
    sampler: Sampler
    votes: PrivateVotes
    store: PopulationStore
    fit_embedding: Callable[[int, Samples], FittedEmbedding]
    seed: int
    first: Samples | None = None

    def run(self, observe: Callable[[Step], None]) -> Result:
        """Go through the loop, recalling what is stored and released already.

        Args:
            observe: called after each iteration.
        """
        schedule, last = self.schedule, None
        self.sampler.adapt(None)
        population = self.store.population(0, self._first_origin(), self._initial_population)
        for t in range(1, schedule.iterations + 1):
            histogram = self.votes.released(t, population)
            recalled = histogram is not None
            if histogram is None:
                if not self.votes.affordable():
                    break
                histogram = self._ask(t, population)
            last = Step(t, population, histogram, recalled)
            observe(last)
            self.sampler.adapt(self._released(last))
            if t < schedule.iterations:
                population = self.store.population(t, last.digest, self._next_population(last))
        if last is None:
            return Result(self.store.release(self._first_origin(), self._random_release), 0)
        if last.t < schedule.iterations:
            self.sampler.adapt(replace(self._released(last), final=True))
        return Result(self.store.release(last.digest, self._expansion(last)), last.t)

    def _ask(self, t: int, population: Samples) -> NoisyHistogram:
        schedule = self.schedule
        phi = self.fit_embedding(t, population)
        seeds = self._seeds(f"lookahead/{t}", len(population))
        degree = schedule.degrees[t - 1]
        vectors = self.sampler.embed(phi, population, schedule.lookahead, degree, seeds)
        return self.votes.ask(t, phi, population, vectors)

    def _released(self, step: Step) -> Released:
        """What the generator may know: it is not trusted with votes that have no noise."""
        candidates, histogram = step.candidates, step.histogram
        noisy = histogram.noise_scale > 0
        return Released(
            step.t,
            self.schedule.iterations,
            candidates.labels,
            histogram.votes if noisy else np.zeros_like(histogram.votes),
            histogram.noise_scale,
            candidates.state,
        )

    def _first_origin(self) -> str:
        return "random" if self.first is None else digest_arrays(arrays_of(self.first))

    def _initial_population(self) -> Samples:
        return self._first("random", self._counts(self.schedule.sizes[0]))

    def _random_release(self) -> Samples:
        return self._first("release", apportion(self.schedule.samples, self.shares))

    def _first(self, stream: str, counts: NDArray[np.int64]) -> Samples:
        """Samples that no vote of this run has chosen, `counts` of each class."""
        if self.first is None:
            return self._random(stream, counts)
        there = [np.flatnonzero(self.first.labels == c) for c in range(len(counts))]
        kept = [rows[:count] for rows, count in zip(there, counts, strict=True)]
        again = [
            np.resize(rows, max(count - len(rows), 0)) if len(rows) else rows
            for rows, count in zip(there, counts, strict=True)
        ]
        parts = [self.first.take(np.concatenate(kept))]
        if len(repeated := np.concatenate(again)):
            seeds = self._seeds(f"first/{stream}", len(repeated))
            chosen = self.first.take(repeated)
            parts.append(self.sampler.vary(chosen, self.schedule.final_degree, seeds))
        missing = np.where([len(rows) == 0 for rows in there], counts, 0)
        if missing.any():
            parts.append(self._random(stream, missing))
        return Samples.concatenate(parts)

    def _random(self, stream: str, counts: NDArray[np.int64]) -> Samples:
        labels = np.repeat(np.arange(len(counts)), counts)
        return self.sampler.random(labels, self._seeds(stream, len(labels)))

    def _next_population(self, last: Step) -> Callable[[], Samples]:
        """S_t: variations of parents, beside the parents themselves where they are kept."""
        schedule, t = self.schedule, last.t

        def make() -> Samples:
            counts = self._counts(schedule.sizes[t])
            parents = self._parents(last, counts, f"parents/{t}")
            seeds = self._seeds(f"vary/{t}", len(parents))
            chosen = last.candidates.take(parents)
            children = self.sampler.vary(chosen, schedule.degrees[t - 1], seeds)
            if not schedule.keep_parents:
                return children
            # A parent drawn several times stays once, in the place of its first child.
            first = np.unique(parents, return_index=True)[1]
            rest = np.setdiff1d(np.arange(len(parents)), first)
            kept = last.candidates.take(parents[first])
            return Samples.concatenate([kept, children.take(rest)])

        return make

    def _expansion(self, last: Step) -> Callable[[], Samples]:
        """The release: as many parents as samples are wanted, by the last votes, each varied."""

        def make() -> Samples:
            counts = apportion(self.schedule.samples, self.shares)
            parents = self._parents(last, counts, "parents/release")
            seeds = self._seeds("vary/release", len(parents))
            chosen = last.candidates.take(parents)
            return self.sampler.vary(chosen, self.schedule.final_degree, seeds)

        return make

    def _parents(self, last: Step, counts: NDArray[np.int64], stream: str) -> NDArray[np.int64]:
        votes, scale = last.histogram.votes, last.histogram.noise_scale
        chances = weights(votes, scale, self.schedule.threshold)
        how = self.schedule.selection
        return draw_parents(chances, last.candidates.labels, counts, how, self.seed, stream)

    def _counts(self, size: int) -> NDArray[np.int64]:
        """Candidates a class: at least k, so that every record has k to vote for."""
        return apportion(size, self.shares, least=self.schedule.votes)

    def _seeds(self, stream: str, count: int) -> Seeds:
        return random.derive(self.seed, stream, count)
