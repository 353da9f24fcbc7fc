"""The settings of the loop."""

from dataclasses import dataclass

from pe_host.evolution.selection import Selection


@dataclass(frozen=True)
class Schedule:
    """All settings of the loop.

    Args:
        sizes: candidates in each of the T iterations, over all classes.
        degrees: variation degree after each of the T iterations; the lookahead of iteration t uses
            entry t - 1.
        samples: size of the release.
        final_degree: variation degree of the released samples.
        lookahead: L of arXiv 2305.15560, Algorithm 2; 0 votes for the candidates themselves.
        votes: k, votes of a record.
        threshold: H in units of the noise scale.
        selection: how parents are drawn.
        keep_parents: parents stay among the candidates beside their variations.
    """

    sizes: tuple[int, ...]
    degrees: tuple[float, ...]
    samples: int
    final_degree: float = 0.03
    lookahead: int = 0
    votes: int = 1
    threshold: float = 1.0
    selection: Selection = "sample"
    keep_parents: bool = False

    def __post_init__(self) -> None:
        if not self.sizes or len(self.sizes) != len(self.degrees):
            raise ValueError(
                f"{len(self.sizes)} sizes and {len(self.degrees)} degrees: "
                "each iteration needs one of each"
            )

    def is_valid(self) -> bool:
        """True if every setting is of its type and within its range, as in a run that was made."""
        counts = (*self.sizes, self.samples, self.votes)
        shares = (*self.degrees, self.final_degree)
        return (
            all(type(count) is int and 1 <= count < 2**63 for count in counts)
            and all(type(share) in (int, float) and 0 <= share <= 1 for share in shares)
            and type(self.lookahead) is int
            and self.lookahead >= 0
            and type(self.threshold) in (int, float)
            and self.threshold >= 0
            and self.selection in ("sample", "rank")
            and isinstance(self.keep_parents, bool)
        )

    @property
    def iterations(self) -> int:
        return len(self.sizes)
