"""The parameters of a series, for its features, its length and its step.

Heights are in units of the declared range of a feature; times are shares of a period or of the
series. What each does is stated in `simulator`.
"""

import math
from dataclasses import dataclass

import numpy as np

from pe_sdk import CannotMake, Categorical, Feature, Float, OutputSpec, Parameter, ParameterSpace

EVENTS = ("none", "spikes", "dips", "switches")

MOST_FEATURES = 32
SHORTEST, LONGEST = 4, 20_000

_LARGEST = float(np.finfo(np.float32).max)

DAY, WEEK, YEAR = 86_400.0, 604_800.0, 31_556_952.0
SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("week", "weeks", "wk"), WEEK),
}
"""Units of time, in seconds."""


@dataclass(frozen=True)
class Range:
    """How a feature is scaled: its value is `anchor + span * height`, within low..high.

    Args:
        low, high: the declared range.
        anchor: the value of height 0.
        span: the change of the value from height 0 to 1.
        signed: whether heights below 0 lie inside the range.
        scaled: whether magnitudes can differ by orders: there is a parameter `scale` then.
    """

    low: float
    high: float
    anchor: float
    span: float
    signed: bool
    scaled: bool


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Args:
        output: the spec of the series.
        ranges: the range of each feature.
        period: steps of the main rhythm, or None if it is a parameter.
        week: steps of a week, or None if weekends do not matter.
        space: the parameters.
    """

    output: OutputSpec
    ranges: tuple[Range, ...]
    period: float | None
    week: float | None
    space: ParameterSpace

    @property
    def length(self) -> int:
        return self.output.shape[0]

    def own(self, name: str, feature: int) -> str:
        """The parameter of this name of a feature: `level`, or `level_2` if there are several."""
        return name if len(self.ranges) == 1 else f"{name}_{feature + 1}"


def make_plan(output: OutputSpec, period: float) -> Plan:
    """Choose the parameters that suit an output.

    Args:
        output: the spec of the series.
        period: steps of the main rhythm; 0 leaves it open, and -1 decides by the step.

    Raises:
        CannotMake: the output is not a series, is too short or too long, or has features without a
            range of float32 numbers; or the period is no period.
    """
    if output.kind != "series":
        raise CannotMake(f"series-basic makes series, not {output.kind}")
    length, count = output.shape
    if not (SHORTEST <= length <= LONGEST and count <= MOST_FEATURES):
        raise CannotMake(
            f"series-basic makes {SHORTEST} to {LONGEST:,} steps of at most {MOST_FEATURES} "
            f"features, not {length:,} steps of {count}"
        )
    open_ends = [feature.name for feature in output.features if feature.low is None]
    if open_ends:
        raise CannotMake(
            f"series-basic needs the range of each feature, and {', '.join(open_ends)} has none; "
            f"declare one that you know without looking at the records: "
            f"--feature-ranges {open_ends[0]}=LOW..HIGH"
        )
    ranges = tuple(map(_range, output.features))
    rhythm, week = _calendar(output, period)
    space = ParameterSpace({**_shared(length, rhythm, week), **_of_features(ranges)})
    return Plan(output, ranges, rhythm, week, space)


def _range(feature: Feature) -> Range:
    low, high = feature.low, feature.high
    assert low is not None and high is not None
    fits = max(-low, high) <= _LARGEST
    if fits:
        smallest, largest = float32_within(low, high)
        fits = bool(smallest < largest)
    if not fits:
        raise CannotMake(
            f"series-basic makes float32 values, and the range of {feature.name} is too wide or "
            f"too narrow for them; declare another: --feature-ranges {feature.name}=LOW..HIGH"
        )
    if low < 0 < high:
        return Range(low, high, 0.0, max(-low, high), True, True)
    return Range(low, high, low, high - low, False, low == 0)


def float32_within(low: float, high: float) -> tuple[np.float32, np.float32]:
    """The smallest and the largest float32 number within low..high.

    An end between two float32 numbers is rounded inward: rounded to the nearest it can lie outside.
    If there is none, the two are the wrong way round.
    """
    smallest, largest = np.float32(low), np.float32(high)
    if float(smallest) < low:
        smallest = np.nextafter(smallest, np.float32(np.inf))
    if float(largest) > high:
        largest = np.nextafter(largest, np.float32(-np.inf))
    return smallest, largest


def _calendar(output: OutputSpec, period: float) -> tuple[float | None, float | None]:
    """Steps of the main rhythm and of a week, None for what is open or does not matter."""
    if not math.isfinite(period) or (period < 0 and period != -1):
        raise CannotMake(f"option 'period' must be a number of steps, 0 or -1, got {period:g}")
    length = output.shape[0]
    step = output.step * SECONDS.get(output.step_unit.strip().lower(), 0.0)
    week = WEEK / step if step else 0.0
    if period > 0:
        if period < 2:
            raise CannotMake(f"option 'period' must be at least 2 steps, got {period:g}")
        rhythm: float | None = period
    elif period == 0 or not step:
        rhythm = None
    else:
        possible = (natural / step for natural in (DAY, WEEK, YEAR))
        rhythm = next((steps for steps in possible if 4 <= steps <= 2 * length), None)
    daily = rhythm is not None and step and abs(rhythm - DAY / step) < 1e-6 * rhythm
    return rhythm, week if daily and length >= 0.4 * week else None


def _shared(length: int, rhythm: float | None, week: float | None) -> dict[str, Parameter]:
    """The parameters that all features share."""
    cycles = length / rhythm if rhythm else None
    found: dict[str, Parameter] = {}
    if cycles is None:
        found["cycles"] = Float(0.5, min(max(length / 6, 1.0), 40.0), log=True)
    found |= {
        "peak_at": Float(0.0, 1.0, wrap=True),
        "peak_width": Float(0.05, 1.0),
        "second_at": Float(0.0, 1.0, wrap=True),
        "second_width": Float(0.05, 1.0),
        "flat": Float(0.0, 1.0),
    }
    if cycles is None or cycles > 1.5:
        found["irregular"] = Float(0.0, 1.0)
    if week:
        found |= {"weekend": Float(-1.0, 1.0), "weekday": Float(0.0, 7.0, wrap=True)}
    return found | {
        "ripple_cycles": Float(2.0, max(length / 4, 4.0), log=True),
        "ripple_at": Float(0.0, 1.0, wrap=True),
        "events": Categorical(EVENTS),
        "event_rate": Float(0.5, max(length / 6, 1.0), log=True),
        "event_length": Float(1.0 / length, 0.4, log=True),
        "memory": Float(0.1, float(length), log=True),
    }


def _of_features(ranges: tuple[Range, ...]) -> dict[str, Parameter]:
    """The parameters that each feature has for itself."""
    found: dict[str, Parameter] = {}
    for i, one in enumerate(ranges):
        low = -1.0 if one.signed else 0.0
        own: dict[str, Parameter] = {
            **({"scale": Float(0.05, 1.0, log=True)} if one.scaled else {}),
            "level": Float(low, 1.0),
            "trend": Float(-0.4, 0.4),
            "peak": Float(-0.5 + 1.5 * low, 1.0 - low),
            "second": Float(-0.5 + 1.5 * low, 1.0 - low),
            "ripple": Float(0.003, 0.3, log=True),
            "event": Float(0.02, 1.0 - low, log=True),
            "noise": Float(0.002, 0.5, log=True),
            "follow": Float(0.0, 1.0),
        }
        if len(ranges) > 1:
            own |= {"common": Float(-1.0, 1.0), "lag": Float(-0.3, 0.3)}
        found |= {name if len(ranges) == 1 else f"{name}_{i + 1}": p for name, p in own.items()}
    return found
