"""From noisy votes to parents: threshold, then sampling or ranking, class by class. Post-processing of released values."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random

Selection = Literal["sample", "rank"]


def strengths(votes: NDArray[np.int64], threshold: float) -> NDArray[np.float64]:
    """Votes above the threshold H, lowered by H: max(h, H) - H (arXiv 2305.15560, Algorithm 2). float64 [N]."""
    return np.maximum(votes.astype(np.float64) - threshold, 0.0)


def draw_parents(
    strength: NDArray[np.float64],
    labels: NDArray[np.int64],
    counts: NDArray[np.int64],
    selection: Selection,
    seed: int,
    stream: str,
) -> NDArray[np.int64]:
    """Choose parents for each class.

    "sample" draws with probability proportional to strength, by systematic resampling: one uniform offset a class, so that a
    candidate is drawn as often as expected up to rounding, and no extra variance is added to that of the noise. "rank" takes
    the strongest, lower index first on ties, each once (again from the top where more are wanted than there are).
    A class in which nothing passed the threshold has told nothing: all its candidates count the same then.

    Args:
        strength: float64 [N], not negative.
        labels: int64 [N] of the candidates.
        counts: int64 [C], how many parents of each class; a class without candidates gets none.
        selection: see above.
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
        weights = strength[rows]
        if not weights.any():
            weights = np.ones(len(rows))
        if selection == "rank":
            order = np.argsort(-weights, kind="stable")
            chosen.append(rows[np.resize(order, count)])
        else:
            cumulative = np.cumsum(weights)
            at = (np.arange(count) + offsets[label]) / count * cumulative[-1]
            chosen.append(
                rows[np.minimum(np.searchsorted(cumulative, at, side="right"), len(rows) - 1)]
            )
    parents = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    # Shuffled, so that siblings do not stand side by side in what is shown and released.
    return np.asarray(
        parents[np.argsort(random.derive(seed, f"{stream}/order", len(parents)), kind="stable")]
    )


def apportion(total: int, shares: NDArray[np.float64], least: int = 0) -> NDArray[np.int64]:
    """Split a total over classes by their shares with largest remainders; a class with a positive share gets at least `least`.

    Args:
        total: how many in all; raised where `least` needs more.
        shares: float64 [C], not negative; all zero counts as uniform.

    Returns:
        int64 [C].
    """
    shares = np.asarray(shares, np.float64)
    if not shares.any():
        shares = np.ones(len(shares))
    exact = shares / shares.sum() * total
    counts = np.floor(exact).astype(np.int64)
    for row in np.argsort(-(exact - counts), kind="stable")[: total - int(counts.sum())]:
        counts[row] += 1
    return np.asarray(np.where(shares > 0, np.maximum(counts, least), counts))
