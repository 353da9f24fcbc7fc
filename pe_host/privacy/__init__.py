"""The only room that sees private records.

Only noisy histograms, noisy class counts and their plan leave it. For public or synthetic data it
also writes a file for the operator: see `evaluation`.
"""

from pe_host.privacy.ledger import BudgetExhausted
from pe_host.privacy.lock import FolderLock
from pe_host.privacy.plan import BadRecords, PrivacyPlan, make_plan
from pe_host.privacy.released import ClassCounts, NoisyHistogram
from pe_host.privacy.resumed import resumed_plan
from pe_host.privacy.shares import ClassShares
from pe_host.privacy.side import PrivateSide
from pe_host.privacy.store import HistogramStore

__all__ = [
    "BadRecords",
    "BudgetExhausted",
    "ClassCounts",
    "ClassShares",
    "FolderLock",
    "HistogramStore",
    "NoisyHistogram",
    "PrivacyPlan",
    "PrivateSide",
    "make_plan",
    "resumed_plan",
]
