"""The schedule of a run, from the settings that were given and defaults for the others."""

from typing import Protocol, cast

from pe_host.evolution import defaults
from pe_host.evolution.schedule import Schedule
from pe_host.evolution.selection import Selection


class LoopSettings(Protocol):
    """Settings of the loop as a user gives them; None leaves a choice to the host.

    `samples` and `candidates` are totals over the classes, `degrees` has one entry per iteration,
    and the others are as in `Schedule`. `pe_host.job.config.RunConfig` is one.
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
    settings: LoopSettings,
    iterations: int,
    votes: int,
    noise_scale: float,
    records: int,
    classes: int,
) -> Schedule:
    """Make the schedule.

    Args:
        settings: as given.
        iterations, votes, noise_scale: T, k and the noise on a vote, from the privacy plan.
        records: n, as released or declared public.
        classes: number of classes that have a share.
    """
    degrees = settings.degrees or defaults.degrees(iterations)
    samples = settings.samples or defaults.samples(records)
    candidates = settings.candidates or defaults.candidates(records, classes, votes, noise_scale)
    return Schedule(
        sizes=(candidates,) * iterations,
        degrees=degrees,
        samples=samples,
        final_degree=defaults.FINAL_DEGREE
        if settings.final_degree is None
        else settings.final_degree,
        lookahead=settings.lookahead,
        votes=votes,
        threshold=defaults.THRESHOLD if settings.threshold is None else settings.threshold,
        selection=cast(Selection, settings.selection or "sample"),
        keep_parents=bool(settings.keep_parents),
    )
