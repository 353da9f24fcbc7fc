"""Choice of parents from noisy votes: threshold, then sampling or ranking, class by class.

All of it is post-processing of released values.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random

Selection = Literal["sample", "rank"]


def weights(votes: NDArray[np.int64], noise_scale: float, threshold: float) -> NDArray[np.float64]:
    """Votes above the threshold H, lowered by H: max(h, H) - H (arXiv 2305.15560, Algorithm 2).

    Args:
        votes: int64 [N], noisy.
        noise_scale: of the noise on each vote; 0 where there is none.
        threshold: H in noise scales.

    Returns:
        float64 [N], in votes, not negative.
    """
    return np.maximum(votes.astype(np.float64) - threshold * noise_scale, 0.0)


def draw_parents(
    chances: NDArray[np.float64],
    labels: NDArray[np.int64],
    counts: NDArray[np.int64],
    selection: Selection,
    seed: int,
    stream: str,
) -> NDArray[np.int64]:
    """Choose parents for each class.

    "sample" draws with probability proportional to `chances`, by systematic resampling: with one
    uniform offset a class, a candidate is drawn as often as expected up to rounding, which adds no
    variance to that of the noise. "rank" takes the candidates of most weight, each once (again from
    the top where more are wanted than there are); of equal ones the lower index.
    Where no candidate of a class passed the threshold, all of them have the same weight.

    Args:
        chances: float64 [N], not negative; see `weights`.
        labels: int64 [N] of the candidates.
        counts: int64 [C], parents wanted of each class; a class without candidates gets none.
        selection: "sample" or "rank".
        seed, stream: randomness of the offsets.

    Returns:
        int64 [sum of counts], rows of the candidates, in random order.
    """
    chosen = []
    offsets = random.uniforms(random.derive(seed, stream, len(counts)), "offset")
    for label, count in enumerate(counts):
        rows = np.flatnonzero(labels == label)
        if count == 0 or len(rows) == 0:
            continue
        own = chances[rows]
        if not own.any():
            own = np.ones(len(rows))
        if selection == "rank":
            order = np.argsort(-own, kind="stable")
            chosen.append(rows[np.resize(order, count)])
        else:
            total = np.cumsum(own)
            at = (np.arange(count) + offsets[label]) / count * total[-1]
            drawn = np.searchsorted(total, at, side="right")
            chosen.append(rows[np.minimum(drawn, len(rows) - 1)])
    parents = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    # Shuffled, so that siblings do not stand side by side in reports and releases.
    keys = random.derive(seed, f"{stream}/order", len(parents))
    return np.asarray(parents[np.argsort(keys, kind="stable")])
