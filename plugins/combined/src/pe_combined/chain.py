"""One generator after the other: a simulator first and a foundation model later is how Sim-PE (arXiv 2502.05505, section 5) gets the
variety of the one and the looks of the other.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pe_combined.parts import MAKER, Part, check_degree, joined, known_after
from pe_combined.settings import AUTO, RELEASE, Stage, check_end
from pe_sdk import PARAMETERS_KNOWN, CannotMake, Degree, Generator, Released, Samples, Seeds

SETTLED = 0.4
"""Share of the candidates that take part in the votes from which on an auto stage takes over; see `participation`."""


class Chain(Generator):
    """The generator of the stage makes the next population, of whatever the one before it made. A stage of the release comes on top:
    it varies what the first made of the parents, as it would have made the release alone.

    Its parameters are those of the first stage, which its samples carry on: a later stage changes how they look, and mostly little.
    Where it draws afresh, by a degree of 1, they are not known any more (`pe_sdk.PARAMETERS_KNOWN`).

    Args:
        parts: a generator a stage.
        stages: from which population on each has its turn; that of the last may be left to the votes, or be the release.
        now: position of the stage whose turn it is.

    Raises:
        CannotMake: a generator that is not the first cannot vary samples of another.
    """

    def __init__(self, parts: tuple[Part, ...], stages: tuple[Stage, ...], now: int = 0) -> None:
        for part in parts[1:]:
            if not part.generator.takes_foreign:
                raise CannotMake(
                    f"{part.name} cannot vary samples of another generator ({parts[0].name}); it may come first, or stand in mix"
                )
        self._parts, self._stages, self._now = parts, stages, now
        self.space, self.label_spaces = parts[0].spaces()

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        part = self._parts[0]
        made = part.random(labels, seeds)
        whole = joined(self._parts, {part.name: (np.arange(len(made)), made)}, len(made))
        return whole if self.space is None else _marked(whole, part.known(whole.state))

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        check_degree(self.space, degree)
        first = self._parts[0]
        mine = samples.state[MAKER] == first.name
        if self._stages[self._now].start == RELEASE and mine.any():
            rows, rest = np.flatnonzero(mine), np.flatnonzero(~mine)
            varied = self._varied(first, samples.take(rows), degree, seeds[rows])
            order = np.argsort(np.concatenate([rows, rest]))
            samples = Samples.concatenate([varied, samples.take(rest)]).take(order)
        return self._varied(self._parts[self._now], samples, degree, seeds)

    def _varied(self, part: Part, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        own = samples.state[MAKER] == part.name
        made = {}
        if own.any():
            rows = np.flatnonzero(own)
            mine = samples.take(rows)
            made["own"] = (
                rows,
                part.vary(replace(mine, state=part.own(mine.state)), degree, seeds[rows]),
            )
        if not own.all():
            rows = np.flatnonzero(~own)
            made["foreign"] = (
                rows,
                part.vary(replace(samples.take(rows), state={}), degree, seeds[rows]),
            )
        order = np.concatenate([rows for rows, _ in made.values()])
        whole = Samples.concatenate([varied for _, varied in made.values()]).take(np.argsort(order))
        varied = joined(
            self._parts, {part.name: (np.arange(len(whole)), whole)}, len(whole), samples.state
        )
        if self.space is None:
            return varied
        before = samples.state[PARAMETERS_KNOWN]
        return _marked(varied, known_after(self._parts, self._parts[0], degree, varied, before))

    def adapt(self, released: Released) -> "Chain":
        """The stage of the next population, t; the votes say it where it is auto. Each part adapts to its own samples.

        Raises:
            CannotMake: the stages do not end where the iterations do.
        """
        last = self._stages[-1].start
        if last == AUTO:
            now = int(_over(released, self._parts[0].name))
        elif last == RELEASE:
            now = int(released.final)
        else:
            check_end(self._stages, released.iterations)
            now = sum(stage.start <= released.t for stage in self._stages) - 1
        return Chain(tuple(part.adapted(released) for part in self._parts), self._stages, now)


def _marked(samples: Samples, known: NDArray[np.bool_]) -> Samples:
    return replace(samples, state={**samples.state, PARAMETERS_KNOWN: known})


def _over(released: Released, first: str) -> bool:
    """Whether the first stage has done its part: it hands over for good, and at the latest for the last population and the release."""
    handed = bool((released.state[MAKER] != first).any())
    return (
        handed
        or released.t >= released.iterations - 1
        or released.final
        or participation(released) >= SETTLED
    )


def participation(released: Released) -> float:
    """Share of the candidates that take part in the votes, in 0..1: sum over the classes of squared mean votes by that of squared
    votes, what the noise adds to either taken off; 0 where the noise is all there is.

    Few candidates have most votes while a population is far from the private one; it is near when votes fall evenly.
    """
    even = total = 0.0
    for label in np.unique(released.labels):
        votes = released.votes[released.labels == label].astype(np.float64)
        even += len(votes) * votes.mean() ** 2 - released.noise_scale**2
        total += float(np.sum(votes**2)) - len(votes) * released.noise_scale**2
    return min(max(even, 0.0) / total, 1.0) if total > 0 else 0.0
