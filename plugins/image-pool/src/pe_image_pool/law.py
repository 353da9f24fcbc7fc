"""The number of neighbours that a variation degree means."""

from collections.abc import Mapping

from pe_sdk import Degree

POOL_ID = "pool_id"
"""State column that names the picture."""
POOL = "pool"
"""State column that names the pool, the same in every row."""


def degree_of(degree: Degree) -> float:
    """The one degree of a pool, from a number or a mapping that names `pool_id` or "*".

    Raises:
        ValueError: a degree lies outside [0, 1], or the mapping has another name or none.
    """
    if isinstance(degree, Mapping):
        if unknown := sorted(set(degree) - {POOL_ID, "*"}):
            raise ValueError(
                f"degree for unknown parameters {unknown}; a pool has only {POOL_ID!r}"
            )
        if not degree:
            raise ValueError(f"no degree for {POOL_ID!r}; name it or '*'")
        degree = degree.get(POOL_ID, degree.get("*", 0.0))
    if not 0.0 <= degree <= 1.0:
        raise ValueError(f"a variation degree must lie in [0, 1], got {degree}")
    return float(degree)


def gamma(degree: float, neighbours: int) -> int:
    """γ, the number of nearest pictures a variation is drawn from.

    γ is 2 · (neighbours / 2)^degree, rounded. It is geometric because the schedule of
    arXiv 2502.05505 for its pool (1000, 500, 200, 100, 50, 20) roughly halves γ from one iteration
    to the next. Degree 0 means 1, the picture itself; any other degree means at least 2.
    """
    return 1 if degree == 0.0 else max(2, round(2.0 * (neighbours / 2.0) ** degree))
