"""The schedule of a run: what was given, and defaults for the rest."""

from typing import Protocol, cast

from pe_host.evolution import defaults
from pe_host.evolution.schedule import Schedule
from pe_host.evolution.selection import Selection


class LoopSettings(Protocol):
    """Settings of the loop as a person gives them; None leaves one to the host. `pe_host.job.config.RunConfig` is one.

    samples and candidates are totals over the classes, degrees one for each iteration; the rest is as in `Schedule`.
    """

    @property
    def samples(self) -> int | None: ...
    @property
    def candidates(self) -> int | None: ...
    @property
    def lookahead(self) -> int: ...
    @property
    def degrees(self) -> tuple[float, ...] | None: ...
    @property
    def final_degree(self) -> float | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def selection(self) -> str | None: ...
    @property
    def keep_parents(self) -> bool | None: ...


def make_schedule(
    wishes: LoopSettings,
    iterations: int,
    votes: int,
    noise_scale: float,
    records: int,
    classes: int,
) -> Schedule:
    """Fill in what was not given.

    Args:
        wishes: settings.
        iterations, votes, noise_scale: T, k and the noise on a vote, from the privacy plan.
        records: n, as released or declared public.
        classes: how many classes have a share.
    """
    degrees = wishes.degrees or defaults.degrees(iterations)
    samples = wishes.samples or defaults.samples(records)
    candidates = wishes.candidates or defaults.candidates(records, classes, votes, noise_scale)
    return Schedule(
        sizes=(candidates,) * iterations,
        degrees=degrees,
        samples=samples,
        final_degree=defaults.FINAL_DEGREE if wishes.final_degree is None else wishes.final_degree,
        lookahead=wishes.lookahead,
        votes=votes,
        threshold=defaults.THRESHOLD if wishes.threshold is None else wishes.threshold,
        selection=cast(Selection, wishes.selection or "sample"),
        keep_parents=bool(wishes.keep_parents),
    )
