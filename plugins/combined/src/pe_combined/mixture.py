"""Generators side by side in every iteration, each varying what it made; the noisy votes decide who makes how much.

Parents are drawn by their votes, so a generator whose samples get more has more children: the shares follow the votes by themselves.
Beyond that, samples of a generator whose candidates got fewer votes each are handed to one whose candidates got more.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pe_combined.parts import MAKER, Part, check_degree, joined, known_after
from pe_sdk import PARAMETERS_KNOWN, Degree, Generator, Released, Samples, Seeds, random

SURE = 3.0
"""Standard deviations of the noise that are taken off the votes of one generator, and added to those of the other, before they are
compared: what is handed over follows from what the votes say for certain.
"""

TOLD = 0.5 - 1e-9
"""Share of the random samples from which on the parameters of their generator are those of the mixture: half, as shares are rounded."""


class Mixture(Generator):
    """See the module.

    Its parameters are those of the part that makes half of the random samples or more, where it has any; the first of two equals.
    With fewer, an embedding learns more from variations. Samples keep them when they are handed over; those that began elsewhere
    carry some that are not known (`pe_sdk.PARAMETERS_KNOWN`).

    Args:
        parts: the generators.
        shares: of the random samples, summing to one.
        handed: by name, to whom a generator hands samples over, and with what probability.
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        shares: tuple[float, ...],
        handed: Mapping[str, tuple[str, float]] | None = None,
    ) -> None:
        self._parts, self._shares, self._handed = parts, shares, dict(handed or {})
        able = [
            part
            for part, share in zip(parts, shares, strict=True)
            if part.generator.space and share >= TOLD
        ]
        self._told = able[0] if able else None
        if self._told:
            self.space, self.label_spaces = self._told.spaces()

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        at = np.searchsorted(
            np.cumsum(self._shares)[:-1], random.uniforms(seeds, "maker"), side="right"
        )
        made = {}
        for place, part in enumerate(self._parts):
            if len(rows := np.flatnonzero(at == place)):
                made[part.name] = rows, part.random(labels[rows], seeds[rows])
        samples = joined(self._parts, made, len(labels))
        return samples if self._told is None else self._with_parameters(samples, self._told, seeds)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        check_degree(self.space, degree)
        before = samples.state[MAKER]
        makers = self._makers(before, degree, seeds)
        made = {}
        for part in self._parts:
            varied = []
            for foreign in (False, True):
                rows = np.flatnonzero((makers == part.name) & ((before != part.name) == foreign))
                if len(rows):
                    chosen = samples.take(rows)
                    state = {} if foreign else part.own(chosen.state)
                    varied.append(
                        (rows, part.vary(replace(chosen, state=state), degree, seeds[rows]))
                    )
            if varied:
                rows = np.concatenate([rows for rows, _ in varied])
                made[part.name] = rows, Samples.concatenate([made_by for _, made_by in varied])
        whole = joined(self._parts, made, len(samples), samples.state)
        if self._told is None:
            return whole
        known = known_after(self._parts, self._told, degree, whole, samples.state[PARAMETERS_KNOWN])
        return replace(whole, state={**whole.state, PARAMETERS_KNOWN: known})

    def adapt(self, released: Released) -> "Mixture":
        """Who hands over to whom, by the votes a candidate of each generator got on average; each part adapts to its own."""
        scores = {part.name: _score(released, part.name) for part in self._parts}
        takers = [part.name for part in self._parts if part.generator.takes_foreign]
        handed = {}
        for name, (votes, error) in scores.items():
            best = max(
                (taker for taker in takers if taker != name),
                key=lambda taker: scores[taker][0],
                default=name,
            )
            least, most = scores[best][0] - SURE * scores[best][1], max(votes, 0.0) + SURE * error
            if least > most:
                handed[name] = best, float(1 - most / least)
        return Mixture(tuple(part.adapted(released) for part in self._parts), self._shares, handed)

    def _with_parameters(self, samples: Samples, told: Part, seeds: Seeds) -> Samples:
        """Random samples with a column that tells whose parameters are known; those of the others are any of their label's space."""
        own = samples.state[MAKER] == told.name
        state = dict(samples.state)  # of columns that `joined` has just made
        for label in np.unique(samples.labels[~own]):
            rows = np.flatnonzero(~own & (samples.labels == label))
            space = self.label_spaces[label] if self.label_spaces else self.space
            for name, values in space.sample(seeds[rows]).items():
                state[name][rows] = values
        return replace(samples, state={**state, PARAMETERS_KNOWN: own & told.known(state)})

    def _makers(self, before: NDArray[np.str_], degree: Degree, seeds: Seeds) -> NDArray[np.str_]:
        """Who varies each sample; by a degree of 0 nobody else."""
        makers = before.astype(np.array([part.name for part in self._parts]).dtype)
        if not any(degree.values() if isinstance(degree, Mapping) else [degree]):
            return makers
        draw = random.uniforms(seeds, "hand over")
        for name, (taker, probability) in self._handed.items():
            makers[(before == name) & (draw < probability)] = taker
        return makers


def _score(released: Released, name: str) -> tuple[float, float]:
    """Votes that a candidate of this generator got on average, and the standard deviation of the noise in that."""
    mine = released.state[MAKER] == name
    count = int(mine.sum())
    if count == 0:
        return 0.0, float("inf")
    return float(released.votes[mine].mean()), released.noise_scale / np.sqrt(count)
