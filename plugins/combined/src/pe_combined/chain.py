"""One generator after the other.

A simulator first and a foundation model later is how Sim-PE (arXiv 2502.05505, section 5) combines
the variety of the one with the realism of the other.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pe_combined.parts import MAKER, Part, check_degree, joined, known_after
from pe_combined.settings import AUTO, RELEASE, Stage, check_end
from pe_sdk import PARAMETERS_KNOWN, CannotMake, Degree, Generator, Released, Samples, Seeds

SETTLED = 0.4
"""Participation in the votes from which an auto stage takes over; see `participation`."""


class Chain(Generator):
    """Generator in stages: each stage varies the samples of the stage before it.

    A stage for the release comes on top of the first: it varies the samples that the first stage,
    by itself, would have released.

    The chain's parameters are those of the first stage. Samples keep them through later stages,
    which change how samples look, and mostly little. If a later stage draws afresh, by a degree of
    1, the parameters are no longer known (`pe_sdk.PARAMETERS_KNOWN`).

    Args:
        parts: one generator for each stage.
        stages: the populations of each stage; the votes may decide where the last begins, or it
            may be for the release only.
        now: position of the current stage.

    Raises:
        CannotMake: a generator after the first cannot vary samples of another.
    """

    def __init__(self, parts: tuple[Part, ...], stages: tuple[Stage, ...], now: int = 0) -> None:
        for part in parts[1:]:
            if not part.generator.takes_foreign:
                raise CannotMake(
                    f"{part.name} cannot vary samples of another generator ({parts[0].name}); "
                    "put it first, or use mix"
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
        """Move to the stage of the next population, t; each part adapts to its own samples.

        For an auto stage, the votes decide.

        Raises:
            CannotMake: the stages do not end with the iterations.
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
    """Whether the first stage is over.

    It hands over for good, and at the latest for the last population and the release.
    """
    handed = bool((released.state[MAKER] != first).any())
    return (
        handed
        or released.t >= released.iterations - 1
        or released.final
        or participation(released) >= SETTLED
    )


def participation(released: Released) -> float:
    """Share of the candidates that take part in the votes, in 0..1.

    It is the sum of squared mean votes over the sum of squared votes, both over all classes and
    less the expected contribution of the noise; 0 if the votes are all noise.

    While a population is far from the private one, few candidates get most votes; when it is near,
    votes fall evenly.
    """
    even = total = 0.0
    for label in np.unique(released.labels):
        votes = released.votes[released.labels == label].astype(np.float64)
        even += len(votes) * votes.mean() ** 2 - released.noise_scale**2
        total += float(np.sum(votes**2)) - len(votes) * released.noise_scale**2
    return min(max(even, 0.0) / total, 1.0) if total > 0 else 0.0
