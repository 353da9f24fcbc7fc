"""Private Evolution (arXiv 2305.15560, Algorithm 1) over a generator, with an embedding that learns between iterations.

    S_0 = random(labels)
    for t in 1..T:                 (a generator may adapt to the votes of t before it varies their parents)
        phi = an embedding learnt from S_{t-1}
        e(s) = phi(s), or the mean of phi over L variations of s
        h    = noisy votes of the private records for their k nearest of e(S_{t-1})
        S_t  = vary(parents drawn from S_{t-1} by h)

S_T, expanded to the size wanted, is the release. Nothing here sees a private record, and everything is a function of the
seed and the noisy histograms: a run is continued, or replayed, by going through it again and recalling what was stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.digest import arrays_of, digest_arrays
from pe_host.embeddings.grid import Grid
from pe_host.evolution.schedule import Schedule
from pe_host.evolution.selection import apportion, draw_parents, strengths
from pe_host.privacy.released import NoisyHistogram
from pe_sdk import Degree, Released, Samples, Seeds, random


class Maker(Protocol):
    """Makes and embeds candidates; see `pe_host.compute`."""

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples: ...
    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples: ...
    def embed(self, samples: Samples, lookahead: int, degree: Degree, seeds: Seeds) -> Grid: ...
    def adapt(self, released: Released | None) -> None:
        """Go on as the generator would after an iteration; with None, as at the start."""


class Votes(Protocol):
    """The noisy votes of the private records; see `pe_host.privacy`."""

    def released(self, t: int, candidates: Samples) -> NoisyHistogram | None:
        """The histogram of iteration t where there is one already, at no cost. It must be on these candidates."""

    def affordable(self) -> bool:
        """Whether the budget holds another round. False only after rounds were lost in crashes."""

    def ask(self, t: int, candidates: Samples, vectors: Grid) -> NoisyHistogram:
        """Spend on iteration t. vectors: int16 [N, d], a row a candidate."""


class Memory(Protocol):
    """Keeps populations by name."""

    def samples(self, name: str, origin: str, make: Callable[[], Samples]) -> Samples:
        """What is kept under the name if it is of this origin, or else what `make` gives, kept from now on.

        Args:
            name: of the population.
            origin: digest of what it is made from: another one means that it must be made again.
            make: makes it.
        """


@dataclass(frozen=True)
class Step:
    """Iteration t: its candidates S_{t-1} and what the private side released about them, just now or in an earlier session."""

    t: int
    candidates: Samples
    histogram: NoisyHistogram
    recalled: bool

    @property
    def digest(self) -> str:
        """Of the candidates and their votes: the origin of what is made from them."""
        return digest_arrays({"votes": self.histogram.votes, **arrays_of(self.candidates)})


@dataclass(frozen=True)
class Result:
    """The release, and how many noisy histograms went into it: fewer than T where crashes had cost some."""

    release: Samples
    iterations: int


@dataclass(frozen=True)
class Evolution:
    """One run of the loop.

    Args:
        schedule: T, sizes, degrees and the rest.
        shares: float64 [C], class shares, released or public.
        maker, votes, memory: see the protocols.
        learn: called with (t, S_{t-1}) before S_{t-1} is embedded.
        seed: of everything but the noise.
    """

    schedule: Schedule
    shares: NDArray[np.float64]
    maker: Maker
    votes: Votes
    memory: Memory
    learn: Callable[[int, Samples], None]
    seed: int

    def run(self, observe: Callable[[Step], None]) -> Result:
        """Go through the loop, from the start or from wherever memory and released histograms reach.

        Args:
            observe: called after each iteration.
        """
        schedule, last = self.schedule, None
        self.maker.adapt(None)
        population = self.memory.samples(
            "iterations/000/population", "random", lambda: self._random("random", schedule.sizes[0])
        )
        for t in range(1, schedule.iterations + 1):
            histogram = self.votes.released(t, population)
            recalled = histogram is not None
            if histogram is None:
                if not self.votes.affordable():
                    break
                self.learn(t, population)
                vectors = self.maker.embed(
                    population,
                    schedule.lookahead,
                    schedule.degrees[t - 1],
                    self._seeds(f"lookahead/{t}", len(population)),
                )
                histogram = self.votes.ask(t, population, vectors)
            last = Step(t, population, histogram, recalled)
            observe(last)
            self.maker.adapt(self._released(last))
            if t < schedule.iterations:
                population = self.memory.samples(
                    f"iterations/{t:03d}/population", last.digest, self._next_population(last)
                )
        if last is None:
            return Result(
                self.memory.samples(
                    "iterations/release",
                    "random",
                    lambda: self._random("release", schedule.samples),
                ),
                0,
            )
        if last.t < schedule.iterations:
            self.maker.adapt(replace(self._released(last), final=True))
        return Result(
            self.memory.samples("iterations/release", last.digest, self._expansion(last)), last.t
        )

    def _released(self, step: Step) -> Released:
        """For the generator, which is not trusted with votes that have no noise."""
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

    def _random(self, stream: str, size: int) -> Samples:
        counts = self._counts(size) if stream == "random" else apportion(size, self.shares)
        labels = np.repeat(np.arange(len(counts)), counts)
        return self.maker.random(labels, self._seeds(stream, len(labels)))

    def _next_population(self, last: Step) -> Callable[[], Samples]:
        """S_t: variations of parents, beside the parents themselves where they are kept."""
        schedule, t = self.schedule, last.t

        def make() -> Samples:
            counts = self._counts(schedule.sizes[t])
            parents = self._parents(last, counts, f"parents/{t}")
            children = self.maker.vary(
                last.candidates.take(parents),
                schedule.degrees[t - 1],
                self._seeds(f"vary/{t}", len(parents)),
            )
            if not schedule.keep_parents:
                return children
            # A parent drawn several times stays once, in the place of its first child.
            first = np.unique(parents, return_index=True)[1]
            rest = np.setdiff1d(np.arange(len(parents)), first)
            return Samples.concatenate([last.candidates.take(parents[first]), children.take(rest)])

        return make

    def _expansion(self, last: Step) -> Callable[[], Samples]:
        """The release: parents drawn from the last votes, in the numbers wanted, each varied a little."""

        def make() -> Samples:
            parents = self._parents(
                last, apportion(self.schedule.samples, self.shares), "parents/release"
            )
            seeds = self._seeds("vary/release", len(parents))
            return self.maker.vary(last.candidates.take(parents), self.schedule.final_degree, seeds)

        return make

    def _parents(self, last: Step, counts: NDArray[np.int64], stream: str) -> NDArray[np.int64]:
        threshold = self.schedule.threshold * last.histogram.noise_scale
        strength = strengths(last.histogram.votes, threshold)
        return draw_parents(
            strength, last.candidates.labels, counts, self.schedule.selection, self.seed, stream
        )

    def _counts(self, size: int) -> NDArray[np.int64]:
        """Candidates a class: at least k, so that a record always has k to vote for."""
        return apportion(size, self.shares, least=self.schedule.votes)

    def _seeds(self, stream: str, count: int) -> Seeds:
        return random.derive(self.seed, stream, count)
