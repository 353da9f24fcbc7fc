"""Mistakes that the audit must notice, each made in the real code for the time of a `with` block.

A mistake is patched into the module that uses the function, so everything else runs as shipped.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy import accountant, side, voting
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.mechanism import add_noise


@contextmanager
def _noise_divided(by: float) -> Iterator[None]:
    def smaller(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
        return add_noise(values, scale / by)

    with patch.object(side, "add_noise", smaller):
        yield


def noise_halved() -> AbstractContextManager[None]:
    """Draw noise of half the scale that the ledger says."""
    return _noise_divided(2)


def noise_of_a_tenth() -> AbstractContextManager[None]:
    """Draw noise of a tenth of the scale that the ledger says."""
    return _noise_divided(10)


@contextmanager
def record_votes_twice() -> Iterator[None]:
    """Count every vote of a record twice, as a duplicated row of neighbours would."""
    real = voting.Search.nearest

    def twice(search: voting.Search, records: Any) -> NDArray[np.int64]:
        return np.repeat(real(search, records), 2, axis=1)

    with patch.object(voting.Search, "nearest", twice):
        yield


@contextmanager
def client_votes_by_record() -> Iterator[None]:
    """Let every record of a client vote, without the limit of k votes a client."""

    def unlimited(
        voters: NDArray[np.int64], ballots: NDArray[np.int64], candidates: int, k: int
    ) -> NDArray[np.int64]:
        return ballots

    with patch.object(voting, "_client_votes", unlimited):
        yield


@contextmanager
def noise_rounded_from_continuous() -> Iterator[None]:
    """Round draws of a continuous normal instead of drawing from the discrete Gaussian."""
    rng = np.random.default_rng()

    def rounded(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
        return values + np.rint(rng.normal(0, scale, values.shape)).astype(np.int64)

    with patch.object(side, "add_noise", rounded):
        yield


@contextmanager
def ledger_line_lost(lost: int = 2) -> Iterator[None]:
    """Draw the noise of round `lost` without a line in the ledger."""
    real = Ledger.spend

    def spend(self: Ledger, kind: str, round: int) -> None:
        if (kind, round) != ("votes", lost):
            real(self, kind, round)

    with patch.object(Ledger, "spend", spend):
        yield


@contextmanager
def accountant_off_by_one_round() -> Iterator[None]:
    """Leave out one release of every composition, in calibration, ledger and report alike."""
    real = accountant._grouped

    def grouped(releases: Sequence[NoisyRelease]) -> Any:
        return real(releases[:-1] or releases)

    with patch.object(accountant, "_grouped", grouped):
        yield
