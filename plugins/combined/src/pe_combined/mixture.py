"""Generators side by side in every iteration, each varying its own samples.

Parents are drawn by their noisy votes, so a generator whose samples get more votes has more
children: the shares follow the votes by themselves. Beyond that, a generator whose candidates got
fewer votes on average hands samples over to one whose candidates got more.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pe_combined.parts import MAKER, Part, check_degree, joined, known_after
from pe_sdk import PARAMETERS_KNOWN, Degree, Generator, Released, Samples, Seeds, random

SURE = 3.0
"""Certainty that handing samples over requires, in standard deviations of the noise.

They are subtracted from the mean votes of the one that takes samples over, and added to those of
the one that hands them over, before the two are compared.
"""

HALF = 0.5 - 1e-9
"""Least share of the random samples of the generator whose parameters the mixture has.

It is a half, with an allowance for the rounding of shares.
"""


class Mixture(Generator):
    """Generator that mixes others; see the module.

    Its parameters are those of the part that makes at least half of the random samples, if that
    part has any; of two equals, the first counts. With fewer samples, an embedding learns more
    from variations. Samples keep their parameters when they are handed over; samples that began
    with another part carry values that are not known (`pe_sdk.PARAMETERS_KNOWN`).

    Args:
        parts: the generators.
        shares: their shares of the random samples, summing to one.
        handed: for the name of a generator, the name of the one that takes over its samples, and
            with what probability.
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
            if part.generator.space and share >= HALF
        ]
        self._parametric = able[0] if able else None
        if self._parametric:
            self.space, self.label_spaces = self._parametric.spaces()

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        at = np.searchsorted(
            np.cumsum(self._shares)[:-1], random.uniforms(seeds, "maker"), side="right"
        )
        made = {}
        for place, part in enumerate(self._parts):
            if len(rows := np.flatnonzero(at == place)):
                made[part.name] = rows, part.random(labels[rows], seeds[rows])
        samples = joined(self._parts, made, len(labels))
        if self._parametric is None:
            return samples
        return self._with_parameters(samples, self._parametric, seeds)

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
        if self._parametric is None:
            return whole
        before_known = samples.state[PARAMETERS_KNOWN]
        known = known_after(self._parts, self._parametric, degree, whole, before_known)
        return replace(whole, state={**whole.state, PARAMETERS_KNOWN: known})

    def adapt(self, released: Released) -> "Mixture":
        """Decide who hands over to whom, by the mean votes of each generator's candidates.

        Each part adapts to its own candidates.
        """
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

    def _with_parameters(self, samples: Samples, part: Part, seeds: Seeds) -> Samples:
        """Random samples with the parameters of `part`, and the column that says which are known.

        Samples of other parts get arbitrary values from the space of their label.
        """
        own = samples.state[MAKER] == part.name
        state = dict(samples.state)  # its columns were just made by `joined`, so no one else's
        for label in np.unique(samples.labels[~own]):
            rows = np.flatnonzero(~own & (samples.labels == label))
            space = self.label_spaces[label] if self.label_spaces else self.space
            assert space is not None  # `part` has parameters
            for name, values in space.sample(seeds[rows]).items():
                state[name][rows] = values
        return replace(samples, state={**state, PARAMETERS_KNOWN: own & part.known(state)})

    def _makers(self, before: NDArray[np.str_], degree: Degree, seeds: Seeds) -> NDArray[np.str_]:
        """The name of the generator that varies each sample; at degree 0, always its own."""
        makers = before.astype(np.array([part.name for part in self._parts]).dtype)
        if not any(degree.values() if isinstance(degree, Mapping) else [degree]):
            return makers
        draw = random.uniforms(seeds, "hand over")
        for name, (taker, probability) in self._handed.items():
            makers[(before == name) & (draw < probability)] = taker
        return makers


def _score(released: Released, name: str) -> tuple[float, float]:
    """Mean votes of a generator's candidates, and the standard deviation of the noise in it."""
    mine = released.state[MAKER] == name
    count = int(mine.sum())
    if count == 0:
        return 0.0, float("inf")
    return float(released.votes[mine].mean()), released.noise_scale / np.sqrt(count)
