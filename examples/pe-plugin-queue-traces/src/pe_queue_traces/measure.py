"""What a monitor sees of the jobs: from their times to a trace with one value per step."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def trace(
    arrived: Reals,
    started: Reals,
    done: Reals,
    dropped: NDArray[np.bool_],
    ticks: Reals,
    servers: int,
) -> Reals:
    """The features of `schema.FEATURES`, with latency in steps.

    Args:
        arrived, started, done, dropped: [n] each, as from `Node.run`, in the same order.
        ticks: [T + 1], start and end of each step.
        servers: number of servers.

    Returns:
        float64 [T, 4].
    """
    kept = ~dropped
    queue = _until(arrived[kept], ticks) - _until(started, ticks)
    busy = (_passed(started, ticks) - _passed(done, ticks)) / servers
    drops = np.diff(_until(arrived[dropped], ticks))
    finished = np.isfinite(done)
    counts, _ = np.histogram(done[finished], ticks)
    spent, _ = np.histogram(done[finished], ticks, weights=(done - arrived)[finished])
    latency = _carried(spent / np.maximum(counts, 1), counts > 0)
    # Sums of floats are slightly off; a server that stands still is at 0.
    utilisation = np.clip(np.round(np.diff(busy) / np.diff(ticks), 9), 0.0, 1.0)
    return np.stack([queue[1:], latency, utilisation, drops], axis=1)


def _until(times: Reals, ticks: Reals) -> NDArray[np.int64]:
    """Number of the times that have passed at each tick."""
    return np.searchsorted(np.sort(times), ticks, side="right")


def _passed(times: Reals, ticks: Reals) -> Reals:
    """Sum, at each tick, of the time since each of the times that have passed."""
    ordered = np.sort(times)
    count = np.searchsorted(ordered, ticks, side="right")
    return np.asarray(count * ticks - np.concatenate([[0.0], np.cumsum(ordered)])[count])


def _carried(values: Reals, known: NDArray[np.bool_]) -> Reals:
    """Values with each unknown one replaced by the last known one before it; 0 before the first."""
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(last >= 0, values[last], 0.0)
