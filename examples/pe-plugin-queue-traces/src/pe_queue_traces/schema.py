"""Schema of a trace: its features, their units, and the length of a step."""

from pe_sdk import CannotMake, Feature, OutputSpec

LENGTH = 96

# The ranges cover most traces at steps of a second; they set scales, and values may lie outside.
FEATURES = (
    Feature("queue", "jobs", 0, 60),  # jobs waiting at the end of the step
    Feature("latency", "ms", 0, 20_000),  # from arrival to completion, mean of those completed
    Feature("utilisation", "", 0, 1),  # share of the servers' time spent on jobs
    Feature("drops", "jobs", 0, 10),  # jobs turned away in the step
)
UNITS = {feature.name: feature.unit for feature in FEATURES}

MILLISECONDS = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}


def series(length: int = LENGTH) -> OutputSpec:
    """Series of all features, at steps of one second."""
    return OutputSpec.series(length, FEATURES, step=1.0, step_unit="s")


def step_milliseconds(output: OutputSpec) -> float:
    """The length of a step in milliseconds; steps without a unit are taken to be in seconds.

    Raises:
        CannotMake: the unit is not a unit of time.
    """
    unit = output.step_unit or "s"
    if unit not in MILLISECONDS:
        raise CannotMake(f"steps must be in one of {', '.join(MILLISECONDS)}, not {unit!r}")
    return output.step * MILLISECONDS[unit]


def columns(output: OutputSpec) -> list[int]:
    """The position of each feature of `output` in FEATURES.

    Raises:
        CannotMake: the output is not a series, or has a feature that queues do not have.
    """
    if output.kind != "series":
        raise CannotMake(f"queue-traces makes series, not {output.kind}")
    names = list(UNITS)
    for feature in output.features:
        if feature.name not in UNITS:
            known = ", ".join(feature.title for feature in FEATURES)
            raise CannotMake(f"a queue has no feature {feature.name!r}; it has {known}")
        if feature.unit not in ("", UNITS[feature.name]):
            unit = f"in {UNITS[feature.name]}" if UNITS[feature.name] else "without a unit"
            raise CannotMake(f"{feature.name} is {unit}, not in {feature.unit!r}")
    return [names.index(feature.name) for feature in output.features]
