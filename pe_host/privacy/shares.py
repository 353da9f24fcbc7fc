"""Class shares: how many records each class has, released with noise or declared as public."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import PrivacyRefusal, UsageError
from pe_host.privacy.released import ClassCounts

COUNT_BUDGET = 0.02
"""Share of the budget, in units of 1/scale^2, that is spent on noisy class counts."""

_WHERE = "--class-shares"


@dataclass(frozen=True)
class ClassShares:
    """The source of the class counts.

    Args:
        origin: `noisy`, `uniform` or `public`.
        weights: for `public`, a non-negative weight per class, in any unit; else ().
        size: for `uniform` and `public`, the number of records, which must itself be public; else
            None.
    """

    origin: Literal["noisy", "uniform", "public"] = "noisy"
    weights: tuple[float, ...] = ()
    size: int | None = None

    @classmethod
    def parse(cls, text: str, public_size: int | None = None) -> "ClassShares":
        """Read `noisy`, `uniform` or `public:0.1,0.2,…`.

        Raises:
            UsageError: the text or its weights cannot be read, or the public size is below 1 or
                does not apply.
            PrivacyRefusal: declared shares lack a public size; taking n from the data would
                silently make it public.
        """
        origin, colon, rest = text.strip().partition(":")
        if origin not in ("noisy", "uniform", "public") or bool(colon) != (origin == "public"):
            raise UsageError(
                f"cannot read {text!r}", where=_WHERE, fix="use noisy, uniform or public:0.1,0.2,…"
            )
        if origin == "noisy":
            if public_size is not None:
                raise UsageError(
                    "a public size applies to declared class shares only",
                    where="--public-size",
                    fix=f"add {_WHERE} uniform",
                )
            return cls()
        if public_size is None:
            raise PrivacyRefusal(
                f"{origin} class shares need a public number of records",
                where=_WHERE,
                fix="add --public-size N",
            )
        if public_size < 1:
            raise UsageError(f"must be at least 1, got {public_size}", where="--public-size")
        return (
            cls("public", _weights(rest), public_size) if colon else cls("uniform", (), public_size)
        )

    def check(self, classes: int) -> None:
        """Raise UsageError unless there is one weight per class."""
        if self.origin == "public" and len(self.weights) != classes:
            raise UsageError(
                f"got {len(self.weights)} weights for {classes} classes",
                where=_WHERE,
                fix="give one weight per class",
            )

    def declared(self, names: tuple[str, ...]) -> ClassCounts:
        """The declared counts: the size, split by largest remainders, ties to the lower class.

        Raises:
            ValueError: the counts are released with noise, so nothing is declared.
        """
        if self.size is None or self.origin == "noisy":
            raise ValueError("noisy class counts are not declared")
        weights = np.array(self.weights or [1.0] * len(names))
        counts = apportion(self.size, weights)
        return ClassCounts(names, counts, self.origin)

    def to_json(self) -> dict[str, Any]:
        """The shares as JSON, for the plan."""
        return {"origin": self.origin, "weights": list(self.weights), "size": self.size}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "ClassShares":
        """Inverse of `to_json`."""
        return cls(
            document["origin"], tuple(float(w) for w in document["weights"]), document["size"]
        )


def _weights(text: str) -> tuple[float, ...]:
    try:
        weights = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"cannot read the weights {text!r}", where=_WHERE, fix="use public:0.1,0.2,…"
        ) from None
    if not all(w >= 0 for w in weights) or not 0 < sum(weights) < math.inf:  # nor NaN
        raise UsageError(
            "weights must be non-negative numbers of a finite sum, at least one of them positive",
            where=_WHERE,
            fix="use public:0.1,0.2,…",
        )
    return weights


def apportion(total: int, shares: NDArray[np.float64], least: int = 0) -> NDArray[np.int64]:
    """Split a total over classes by largest remainders, ties to the lower class.

    Args:
        total: sum of the counts; `least` may raise it.
        shares: float64 [C], not negative; all zeros mean uniform shares.
        least: smallest count of a class with a positive share.

    Returns:
        int64 [C].
    """
    shares = np.asarray(shares, np.float64)
    if not shares.any():
        shares = np.ones(len(shares))
    exact = shares / shares.sum() * total
    counts = np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact - counts), kind="stable")[: total - int(counts.sum())]
    counts[largest] += 1
    return np.asarray(np.where(shares > 0, np.maximum(counts, least), counts))
