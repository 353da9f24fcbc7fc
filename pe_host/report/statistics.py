"""Statistics of noisy votes, and their names on the page. They use released values only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from pe_host.evolution.selection import weights


@dataclass(frozen=True)
class Statistic:
    """The presentation of a number of `IterationView.stats`.

    Args:
        title: heading of its chart.
        axis: what its axis counts.
        share: whether it is in [0, 1] and shown as a percentage.
        explanation: one sentence for someone who has not read the paper.
        reference: name of the statistic drawn dashed in the same chart, with the text of its
            legend.
    """

    title: str
    axis: str
    share: bool
    explanation: str
    reference: tuple[str, str] | None = None


STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        "share_above": Statistic(
            "Candidates above the threshold",
            "share of candidates",
            True,
            "How many candidates had more noisy votes than the threshold and could be chosen as "
            "parents. Where the line meets the dashed one, noise alone explains the choice.",
            ("share_noise", "expected from pure noise"),
        ),
        "effective_parents": Statistic(
            "Effective number of parents",
            "candidates",
            False,
            "How many candidates the choice of parents was spread over: 1/Σp² for the "
            "probabilities p of being chosen. A small number means that few candidates have most "
            "of the descendants.",
        ),
    }
)
"""The statistics that get a chart, in order."""


def vote_statistics(votes: NDArray[Any], noise_scale: float, threshold: float) -> dict[str, float]:
    """Compute the statistics of one noisy histogram.

    Args:
        votes: noisy votes [n], n >= 1.
        noise_scale: scale of the noise on each of them, in votes; 0 for none.
        threshold: H in noise scales; votes above it count (see
            `pe_host.evolution.selection.weights`).

    Returns:
        share_above and share_noise in [0, 1]; effective_parents in [0, n], 0 if no candidate is
        above the threshold.
    """
    excess = weights(votes, noise_scale, threshold)
    total = float(excess.sum())
    if noise_scale > 0:
        # Votes are integers: a vote above the threshold is one of at least floor(threshold) + 1.
        share_noise = 1 - NormalDist(0, noise_scale).cdf(math.floor(threshold * noise_scale) + 0.5)
    else:
        share_noise = float(threshold < 0)
    return {
        "share_above": float((excess > 0).mean()),
        "share_noise": share_noise,
        "effective_parents": total**2 / float((excess**2).sum()) if total > 0 else 0.0,
    }
