"""Hidden populations of the synthetic data sets: narrow and skewed, unlike uniform draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Columns, Feature, Float, OutputSpec, ParameterSpace, Seeds, narrowed, random
from pe_series_basic.parts import Reals

_HOME = "scale:0.25..0.95,trend:-0.05..0.05,ripple:0.003..0.02,noise:0.02..0.08,memory:0.3..3"
_PUMP = "irregular:0..0.2,ripple_cycles:4..12,memory:1..8"


@dataclass(frozen=True)
class Population:
    """A synthetic data set.

    Args:
        output: the spec of its series.
        constraints: the parameters of each label, in the syntax of `pe_sdk.label_spaces`.
        shares: how frequent the labels are.
        skew: the power of the uniforms that numbers are drawn by.
        resolution: of the instrument, in units of each feature.
    """

    output: OutputSpec
    constraints: dict[str, str]
    shares: tuple[float, ...]
    skew: float
    resolution: tuple[float, ...]


def homes() -> Population:
    """Electrical load of homes, a day in quarters of an hour."""
    return Population(
        OutputSpec.series(96, [Feature("load", "kW", 0, 8)], 15, "min"),
        {
            "commuter": f"{_HOME},level:0.1..0.2,peak:0.3..0.5,peak_at:0.28..0.32,"
            "peak_width:0.08..0.16,second:0.5..0.9,second_at:0.76..0.84,second_width:0.2..0.35,"
            "flat:0..0.4,events:spikes,event_rate:2..5,event_length:0.011..0.03,event:0.1..0.4,"
            "follow:0.5..1",
            "at-home": f"{_HOME},level:0.15..0.3,peak:0.3..0.6,peak_at:0.48..0.56,"
            "peak_width:0.5..0.8,second:0.2..0.5,second_at:0.76..0.84,second_width:0.2..0.35,"
            "flat:0.2..0.6,events:spikes,event_rate:5..12,event_length:0.011..0.03,event:0.1..0.5,"
            "follow:0.5..1",
            "night-storage": f"{_HOME},level:0.05..0.15,peak:0.6..0.9,peak_at:0.08..0.14,"
            "peak_width:0.2..0.35,second:0.1..0.3,second_at:0.76..0.84,second_width:0.2..0.4,"
            "flat:0.8..1,events:none,follow:0..0.5",
        },
        (0.5, 0.3, 0.2),
        1.5,
        (0.01,),
    )


def pumps() -> Population:
    """Flow, power and temperature of pumps, two hours minute by minute."""
    features = [
        Feature("flow", "m³/h", 0, 60),
        Feature("power", "kW", 0, 30),
        Feature("temperature", "°C", 0, 100),
    ]
    quiet = (
        "trend_1:-0.05..0.05,trend_2:-0.05..0.05,ripple_1:0.003..0.01,ripple_2:0.003..0.01,"
        "ripple_3:0.003..0.01,noise_1:0.005..0.02,noise_2:0.005..0.02,noise_3:0.005..0.02,"
        "scale_1:0.7..1,scale_2:0.7..1,scale_3:0.6..1,second_1:-0.05..0.05,second_2:-0.05..0.05,"
        "second_3:-0.05..0.05"
    )
    return Population(
        OutputSpec.series(120, features, 1, "min"),
        {
            "steady": f"{_PUMP},{quiet},level_1:0.6..0.8,level_2:0.5..0.7,level_3:0.4..0.5,"
            "peak_1:-0.05..0.05,peak_2:-0.05..0.05,peak_3:-0.05..0.05,trend_3:-0.05..0.05,"
            "events:none",
            "cycling": f"{_PUMP},{quiet},cycles:3..6,peak_width:0.5..0.8,flat:0.85..1,"
            "level_1:0.02..0.1,level_2:0.02..0.1,level_3:0.3..0.4,peak_1:0.6..0.8,peak_2:0.5..0.7,"
            "peak_3:0.1..0.25,lag_1:-0.02..0.02,lag_2:-0.02..0.02,lag_3:0.08..0.16,"
            "trend_3:-0.05..0.1,events:none",
            "failing": f"{_PUMP},{quiet},level_1:0.55..0.75,level_2:0.5..0.7,level_3:0.5..0.6,"
            "peak_1:-0.05..0.05,peak_2:-0.05..0.05,peak_3:-0.05..0.05,trend_3:0.2..0.4,"
            "events:dips,event_rate:2..5,event_length:0.02..0.06,event_1:0.3..0.6,"
            "event_2:0.2..0.4,event_3:0.02..0.04",
        },
        (0.55, 0.3, 0.15),
        1.5,
        (0.1, 0.05, 0.1),
    )


POPULATIONS = {"homes": homes, "pumps": pumps}


def drawn(
    people: Population, space: ParameterSpace, seeds: Seeds
) -> tuple[NDArray[np.int64], Columns]:
    """Draw labels int64 [n] and the columns of the parameters, row i from seed i.

    Numbers are skewed towards one end of their range; which end depends only on the parameter.
    """
    edges = np.cumsum(people.shares)[:-1]
    labels = np.searchsorted(
        edges, random.uniforms(seeds, "population/label"), side="right"
    ).astype(np.int64)
    columns = {name: p.column(np.zeros(len(seeds))) for name, p in space.items()}
    for code, (label, text) in enumerate(people.constraints.items()):
        rows = np.flatnonzero(labels == code)
        for index, (name, parameter) in enumerate(narrowed(space, text, label).items()):
            u = random.uniforms(seeds[rows], f"population/{name}")
            if isinstance(parameter, Float) and not parameter.wrap:
                u = u**people.skew if index % 2 else 1.0 - (1.0 - u) ** people.skew
            columns[name][rows] = parameter.sample(u)
    return labels, columns


def measured(series: NDArray[np.float32], people: Population, seeds: Seeds) -> Reals:
    """Return series [n, T, F] as an instrument shows them: noisy, and rounded to its resolution."""
    n, length, count = series.shape
    noise = random.normals(seeds, "instrument", size=length * count).reshape(n, length, count)
    step = np.array(people.resolution)
    low, high = (
        np.array([getattr(feature, end) for feature in people.output.features], np.float64)
        for end in ("low", "high")
    )
    return np.asarray(np.clip(np.rint(series / step + noise) * step, low, high))
