"""Default settings, from public quantities only.

These are ε, before anything is spent, then the released number of records. Nothing here may look at
private data, and nothing needs to: the figures were chosen once, on public benchmarks (see
`docs/defaults.md`), as functions of what is known about any run.
"""


def iterations() -> int:
    """T. More iterations refine more but add noise; the gain is flat around five."""
    return 5


def votes(epsilon: float) -> int:
    """k. The noise grows with sqrt(k), the votes with k: the smaller ε, the larger the best k."""
    return 30 if epsilon < 0.3 else 10


def candidates(records: int, classes: int, votes: int, noise_scale: float) -> int:
    """N over all classes: so many that a candidate gets one noise scale of votes on average.

    The average is k n / N votes. If the noise is larger than that, it is the noise that chooses the
    parents.

    Args:
        records: n, released with noise or declared public.
        classes: number of classes that have a share.
        votes: k.
        noise_scale: of the noise on a vote; 0 where the run is NOT PRIVATE.
    """
    least, most = 2 * votes * classes, MOST_CANDIDATES
    if noise_scale == 0:
        return most
    return max(least, min(most, int(votes * records / noise_scale)))


def degrees(iterations: int) -> tuple[float, ...]:
    """Variation degrees, which fall geometrically from 0.4 to 0.05.

    Moves are far while the population is random, and small once it fits.
    """
    if iterations == 1:
        return (0.4,)
    return tuple(round(0.4 * (0.05 / 0.4) ** (t / (iterations - 1)), 4) for t in range(iterations))


def samples(released_records: int) -> int:
    """Size of the release: the number of records, as far as it is known, within 1,000 to 60,000."""
    return min(max(released_records, 1000), MOST_SAMPLES)


MOST_SAMPLES = 60_000
"""Largest release that the host chooses."""

MOST_CANDIDATES = 20_000
"""Largest N that the host chooses."""

THRESHOLD = 1.0
"""H, in noise scales."""

FINAL_DEGREE = 0.03
"""Variation degree of the released samples."""
