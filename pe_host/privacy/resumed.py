"""The plan of a resumed run: the kept one, as long as it states no more than what holds now.

A run may have been started by an older version, whose plans lack newer fields and whose accountant
rounded otherwise, or on a machine that confined less. Its guarantee stays what it was.
"""

import math
from dataclasses import replace

from pe_host.privacy.accountant import fits, gaussian_mu
from pe_host.privacy.plan import PrivacyPlan

_ROUNDING = 1e-9
"""Relative difference of two results that differ in the order of their sums only."""


def resumed_plan(kept: PrivacyPlan, now: PrivacyPlan, confined: bool) -> PrivacyPlan:
    """Return `now` with the fields of `kept` where going on makes the guarantee of `kept` no worse.

    The result equals `kept` if the run may go on, and shows the differences where it may not.

    - Ranges that the operator declares public today were public without a word in older versions.
    - What generators may do counts only where the run stated that less was possible. Older versions
      stated that generators were not confined.
    - The noise is kept if the accountant of this version confirms that it holds (ε, δ) and μ.

    Args:
        kept: of the manifest.
        now: as resolved from the settings of this session.
        confined: `Manifest.confined`.
    """
    plan = now
    if now.public_ranges:
        plan = replace(plan, public_ranges=kept.public_ranges)
    if not confined or _allows_as_much(kept, now):
        plan = replace(plan, network=kept.network, unconfined=kept.unconfined)
    with_noise = replace(plan, vote_scale=kept.vote_scale, count_scale=kept.count_scale, mu=kept.mu)
    # Noise is compared only if nothing else differs: it is for those rounds, votes and counts.
    if with_noise.digest == kept.digest and _holds(kept, now):
        return with_noise
    return plan


def _allows_as_much(kept: PrivacyPlan, now: PrivacyPlan) -> bool:
    return kept.unconfined or (not now.unconfined and {*now.network} <= {*kept.network})


def _holds(kept: PrivacyPlan, now: PrivacyPlan) -> bool:
    """True if the kept noise gives at least what the kept plan states, by this version."""
    if (kept.vote_scale, kept.count_scale) == (now.vote_scale, now.count_scale):
        return math.isclose(kept.mu, now.mu, rel_tol=_ROUNDING)
    if not kept.private or (kept.count_scale is None) != (now.count_scale is None):
        return False
    return fits(kept.releases, kept.epsilon, kept.delta) and gaussian_mu(
        kept.releases
    ) <= kept.mu * (1 + _ROUNDING)
