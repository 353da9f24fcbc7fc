"""Time series of any quantities as a simulator: levels, rhythms, events and noise.

Importing this module is cheap: everything else is loaded at first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import Feature, GeneratorSpec, OutputSpec, Simulator, hookimpl, label_spaces, option


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "constraints on the parameters of a label, such as labels.night=peak_at:0..0.25,"
        "events:none|spikes; none by default",
    )
    period: float = option(
        -1.0,
        "steps of the main rhythm; 0 leaves it open; -1 is a day, a week or a year, if the unit of "
        "the step and the length allow it, else open",
    )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """Make the simulator for these labels.

    Raises:
        CannotMake: the output is not a series whose features all have ranges, or an option cannot
            be met.
    """
    from pe_series_basic.simulator import SeriesSimulator
    from pe_series_basic.space import make_plan

    plan = make_plan(output, options.period)
    return SeriesSimulator(plan, label_spaces(plan.space, labels, options.labels))


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="series-basic",
            summary="time series of any quantities: levels, daily rhythms, events, noise",
            factory=make,
            options=Options,
            labels=("series",),
            default_data="demo-series:homes",
            exact=True,
            output=OutputSpec.series(96, [Feature("value", "", 0, 1)]),
            output_is_example=True,
        )
    ]
