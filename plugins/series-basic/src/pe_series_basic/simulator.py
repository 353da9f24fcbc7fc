"""The simulator: from columns of parameters to series.

The height of a feature is `scale` times the sum of

- `level`, and `trend` times the time from -0.5 to 0.5;
- `peak` and `second`, the heights of two humps in each period. They are shared by all features:
  where they are (`peak_at`, `second_at`, a circle), how wide (`peak_width`, `second_width`, shares
  of the period), and how `flat`. `cycles` is the number of periods in the series, if it is open.
  `irregular` lets the heights differ from period to period. `weekend` changes them on two days of
  seven, of which the first comes `weekday` days after the beginning;
- `ripple`, the height of a wave with `ripple_cycles` periods in the series, which begins at
  `ripple_at`;
- `event`, the height of spikes, dips or switches (`events`). `event_rate` is their expected number
  in the series, and `event_length` how long one lasts, as a share of it;
- `noise`, a standard deviation. It has `memory` of some steps, and `follow` makes it proportional
  to the level and the humps.

Where there are several features, `common` is the correlation of a feature's noise with the noise
that all share, and `lag` its delay, as a share of the period.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Columns, ParameterSpace, Seeds, Simulator, random
from pe_series_basic.parts import (
    Reals,
    around,
    hump,
    remembering,
    spikes,
    switches,
    wave,
)
from pe_series_basic.space import EVENTS, Plan, float32_within

DAYS_OFF = 2
"""Days of a weekend."""


class SeriesSimulator(Simulator):
    """Series within the declared ranges. Row i is a function of row i of the arguments.

    Args:
        plan: what to simulate.
        spaces: the space of each label, by its name.
    """

    def __init__(self, plan: Plan, spaces: Mapping[str, ParameterSpace]) -> None:
        self.plan = plan
        self.space = plan.space
        self._spaces = dict(spaces)

    def space_for(self, label: str) -> ParameterSpace:
        return self._spaces[label]

    def render(
        self, params: Columns, labels: NDArray[np.int64], seeds: Seeds
    ) -> NDArray[np.float32]:
        plan = self.plan
        out = np.empty((len(seeds), plan.length, len(plan.ranges)), np.float32)
        batch = _Batch(plan, params, seeds)
        for i, one in enumerate(plan.ranges):
            # After the cast, which can round a value at an end to one outside.
            np.clip(
                batch.feature(i).astype(np.float32),
                *float32_within(one.low, one.high),
                out=out[:, :, i],
            )
        return out


class _Batch:
    """What the features of some rows share, computed once."""

    def __init__(self, plan: Plan, params: Columns, seeds: Seeds) -> None:
        self.plan, self.params, self.seeds = plan, params, seeds
        self.steps = np.arange(plan.length, dtype=np.float64)
        self.cycles = (
            params["cycles"]
            if plan.period is None
            else np.full(len(seeds), plan.length / plan.period)
        )
        self.several = len(plan.ranges) > 1
        self.events = self._events()
        self.noise = self._noise("noise") if self.several else None

    def feature(self, i: int) -> Reals:
        """The values of a feature before rounding, float64 [n, T]."""
        one, length = self.plan.ranges[i], self.plan.length
        base = self._own("level", i) + self._own("trend", i) * ((self.steps + 0.5) / length - 0.5)
        lag = self._own("lag", i) if self.several else np.zeros((len(self.seeds), 1))
        rhythm = self._rhythm(i, lag)
        ripple = self._own("ripple", i) * wave(
            self._column("ripple_cycles") * self.steps / length - self._column("ripple_at")
        )
        events = self._own("event", i) * self._delayed(self.events, lag)
        activity = np.minimum(np.abs(base + rhythm), 1.0)
        follow = self._own("follow", i)
        noise = self._own("noise", i) * (1.0 - follow + follow * activity) * self._own_noise(i)
        height = base + rhythm + ripple + events + noise
        if one.scaled:
            height = height * self._own("scale", i)
        return np.clip(one.anchor + one.span * height, one.low, one.high)

    def _column(self, name: str) -> Reals:
        return np.asarray(self.params[name], np.float64)[:, None]

    def _own(self, name: str, feature: int) -> Reals:
        return self._column(self.plan.own(name, feature))

    def _rhythm(self, i: int, lag: Reals) -> Reals:
        """The two humps of every period."""
        phase = self.cycles[:, None] * (self.steps / self.plan.length) - lag
        flat = self._column("flat")
        first, second = (
            hump(around(phase, self._column(f"{name}_at")), self._column(f"{name}_width"), flat)
            for name in ("peak", "second")
        )
        humps = self._own("peak", i) * first + self._own("second", i) * second
        if "irregular" in self.params:
            humps = humps * self._by_period(phase)
        if self.plan.week:
            day = 7.0 * self.steps / self.plan.week - self._column("weekday")
            inside = day - 7.0 * np.floor(day / 7.0) < DAYS_OFF
            humps = humps * (1.0 + np.where(inside, self._column("weekend"), 0.0))
        return humps

    def _by_period(self, phase: Reals) -> Reals:
        """A factor for each period, the same for all features."""
        # A period ends halfway between two peaks, where the humps are lowest.
        number = np.floor(phase - self._column("peak_at") + 0.5).astype(np.int64)
        count = int(number.max()) - int(number.min()) + 1 if number.size else 1
        first = int(number.min()) if number.size else 0
        drawn = random.uniforms(self.seeds, "period", index=first + _OFFSET, size=count)
        chosen = np.take_along_axis(drawn, number - first, axis=1)
        return 1.0 + self._column("irregular") * (chosen - 0.5) * 2.0

    def _events(self) -> Reals:
        """Spikes up, dips down, or switches on, [n, T]."""
        length = self.plan.length
        out = np.zeros((len(self.seeds), length))
        kinds = np.asarray(self.params["events"])
        for code, kind in enumerate(EVENTS):
            rows = np.flatnonzero(kinds == code)
            if kind == "none" or not len(rows):
                continue
            seeds = self.seeds[rows]
            rate = self.params["event_rate"][rows] / length
            lasts = self.params["event_length"][rows] * length
            chance = random.uniforms(seeds, "event", size=length)
            if kind == "switches":
                start = random.uniforms(seeds, "start")
                out[rows] = switches(chance, start, rate, lasts)
            else:
                sign = 1.0 if kind == "spikes" else -1.0
                size = random.uniforms(seeds, "size", size=length)
                out[rows] = sign * spikes(chance, size, rate, lasts)
        return out

    def _delayed(self, values: Reals, lag: Reals) -> Reals:
        """The values, each row later by `lag` periods."""
        if not self.several:
            return values
        shift = np.floor(lag * self.plan.length / self.cycles[:, None] + 0.5)
        source = np.clip(self.steps - shift, 0, self.plan.length - 1).astype(np.int64)
        return np.take_along_axis(values, source, axis=1)

    def _noise(self, stream: str) -> Reals:
        shocks = random.normals(self.seeds, stream, size=self.plan.length)
        return remembering(shocks, self.params["memory"])

    def _own_noise(self, i: int) -> Reals:
        if self.noise is None:
            return self._noise("noise")
        share = self._own("common", i)
        return share * self.noise + np.sqrt(1.0 - share * share) * self._noise(f"noise/{i}")


_OFFSET = 1 << 20
"""So that the counter of a period before the first is not negative."""
