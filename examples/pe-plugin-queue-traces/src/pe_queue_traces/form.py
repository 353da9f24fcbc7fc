"""The form of a trace: which features there are, in which units, and how long a step is."""

from pe_sdk import CannotMake, Feature, OutputSpec

LENGTH = 96

# The ranges are those of most traces at steps of a second; they give scales, and values may lie outside.
FEATURES = (
    Feature("queue", "jobs", 0, 60),  # waiting at the end of the step
    Feature("latency", "ms", 0, 20_000),  # arrival to completion, mean of the jobs completed in the step
    Feature("utilisation", "", 0, 1),  # share of the servers' time spent on jobs
    Feature("drops", "jobs", 0, 10),  # turned away in the step
)
UNITS = {feature.name: feature.unit for feature in FEATURES}

MILLISECONDS = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}


def series(length: int = LENGTH) -> OutputSpec:
    """All features, at steps of one second."""
    return OutputSpec.series(length, FEATURES, step=1.0, step_unit="s")


def step_milliseconds(output: OutputSpec) -> float:
    """The length of a step. Where steps are only counted, a step is taken to be that many seconds.

    Raises:
        CannotMake: a unit that is none of time.
    """
    unit = output.step_unit or "s"
    if unit not in MILLISECONDS:
        raise CannotMake(f"steps are measured in {', '.join(MILLISECONDS)}, not {unit!r}")
    return output.step * MILLISECONDS[unit]


def columns(output: OutputSpec) -> list[int]:
    """Where each feature of `output` stands in FEATURES.

    Raises:
        CannotMake: another kind of record, or a feature that queues do not have.
    """
    if output.kind != "series":
        raise CannotMake(f"queue-traces makes series, not {output.kind}")
    names = list(UNITS)
    for feature in output.features:
        if feature.name not in UNITS:
            raise CannotMake(f"a queue has no feature {feature.name!r}; it has {', '.join(f.title for f in FEATURES)}")
        if feature.unit not in ("", UNITS[feature.name]):
            raise CannotMake(f"{feature.name} is in {UNITS[feature.name] or 'no unit'}, not {feature.unit!r}")
    return [names.index(feature.name) for feature in output.features]
