"""Settings that nobody gave, from public quantities alone: ε before anything is spent, then the released number of records.

Nothing here may look at private data, and nothing needs to: the figures were chosen once, on public benchmarks (see
`docs/defaults.md`), as functions of what is known about any run.
"""


def iterations() -> int:
    """T. More iterations refine more and pay for it with noise; the gain is flat around five."""
    return 5


def votes(epsilon: float) -> int:
    """k. The noise on a histogram grows with sqrt(k), the votes with k: the smaller ε, the more neighbours are worth asking."""
    return 30 if epsilon < 0.3 else 10


def candidates(records: int, classes: int, votes: int, noise_scale: float) -> int:
    """N over all classes: as many as get votes of one noise scale on average.

    The votes on a candidate are k n / N on average; where the noise is larger than that, it chooses the parents.

    Args:
        records: n, released with noise or declared public.
        classes: how many have a share.
        votes: k.
        noise_scale: of the noise on a vote; 0 where the run is NOT PRIVATE.
    """
    least, most = 2 * votes * classes, MOST_CANDIDATES
    if noise_scale == 0:
        return most
    return max(least, min(most, int(votes * records / noise_scale)))


def degrees(iterations: int) -> tuple[float, ...]:
    """Variation degrees, falling geometrically from 0.4 to 0.05: far moves while the population is random, small ones once it fits."""
    if iterations == 1:
        return (0.4,)
    return tuple(round(0.4 * (0.05 / 0.4) ** (t / (iterations - 1)), 4) for t in range(iterations))


def samples(released_records: int) -> int:
    """Size of the release: as many samples as there are records, as far as that is known, within reason."""
    return min(max(released_records, 1000), 60_000)


MOST_CANDIDATES = 20_000
"""N is not larger unless it is asked for."""

THRESHOLD = 1.0
"""H in noise scales."""

FINAL_DEGREE = 0.03
"""Variation of the released samples."""
