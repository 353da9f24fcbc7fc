"""Arrival times and work of the jobs of one trace, as functions of its parameters and its seed.

All numbers are drawn before the simulation starts. Those of job i stand at counter i of a stream,
whatever else changes, so a slightly varied queue meets the same jobs and yields a slightly varied
trace.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pe_sdk import Seeds, random

from pe_queue_traces.space import ARRIVALS, SERVICES

Values = Mapping[str, Any]
Reals = NDArray[np.float64]


def arrivals(values: Values, seed: Seeds, horizon: float) -> Reals:
    """Arrival times in [0, horizon), ascending; on average `rate` per step, whatever the process.

    The cumulative intensity warps the time of a Poisson process of rate 1.

    Args:
        values: one number for each parameter.
        seed: uint64 [1].
        horizon: length in steps.
    """
    times, intensity = _intensity(values, seed, horizon)
    cumulated = np.concatenate([[0.0], np.cumsum(np.diff(times) * intensity)])
    expected = values["rate"] * horizon
    count = int(expected + 6 * np.sqrt(expected)) + 10  # exceeded by 1 Poisson number in 10^8
    clock = np.cumsum(-np.log1p(-random.uniforms(seed, "arrival", size=count)[0]))
    clock *= cumulated[-1] / expected
    return np.asarray(np.interp(clock[clock < cumulated[-1]], cumulated, times), dtype=np.float64)


def work(values: Values, seed: Seeds, count: int) -> Reals:
    """Service time of each job in steps, [count], with the mean load * servers / rate."""
    mean = values["load"] * values["servers"] / values["rate"]
    service, tail = SERVICES[values["service"]], values["tail"]
    if service == "lognormal":
        sigma = 0.2 + 1.3 * tail
        normal = random.normals(seed, "work", size=count)[0]
        return np.asarray(mean * np.exp(sigma * normal - sigma**2 / 2))
    u = 1.0 - random.uniforms(seed, "work", size=count)[0]
    if service == "exponential":
        return np.asarray(-mean * np.log(u))
    alpha = 3.0 - 1.7 * tail
    return np.asarray(mean * (alpha - 1) / alpha * u ** (-1 / alpha))


def _intensity(values: Values, seed: Seeds, horizon: float) -> tuple[Reals, Reals]:
    """Knots in time, [k + 1] from 0 to horizon, and the relative intensity between them, [k]."""
    kind = ARRIVALS[values["arrivals"]]
    contrast, period, phase = values["contrast"], values["period"], values["phase"]
    if kind == "poisson":
        return np.array([0.0, horizon]), np.ones(1)
    if kind == "diurnal":
        times = np.linspace(0.0, horizon, int(4 * horizon) + 1)
        wave = np.cos(2 * np.pi * ((times[:-1] + times[1:]) / 2 / period + phase))
        return times, 1 + (contrast - 1) * (1 + wave) / 2
    # Bursts and lulls of exponential length, half a period on average: a Markov-modulated Poisson
    # process.
    count = int(4 * (horizon + period) / period) + 60
    lengths = -0.5 * period * np.log1p(-random.uniforms(seed, "phase", size=count)[0])
    ends = np.cumsum(lengths) - phase * period
    inside = (ends > 0) & (ends < horizon)
    first = int(np.argmax(ends > 0))
    times = np.concatenate([[0.0], ends[inside], [horizon]])
    bursts = (first + np.arange(len(times) - 1)) % 2 == 0
    return times, np.where(bursts, contrast, 1.0)
