"""The only room that sees private records.

Only noisy histograms, noisy class counts and their plan leave it. For public or synthetic data it
also writes a file for the operator: see `evaluation`.
"""

from pe_host.privacy.inspection import PrivateCounts, Reading, count_records
from pe_host.privacy.lock import FolderLock
from pe_host.privacy.plan import BadRecords, PrivacyPlan, Unit, make_plan
from pe_host.privacy.released import ClassCounts, NoisyHistogram
from pe_host.privacy.resumed import resumed_plan
from pe_host.privacy.shares import ClassShares
from pe_host.privacy.shortage import BudgetExhausted
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
    "PrivateCounts",
    "PrivateSide",
    "Reading",
    "Unit",
    "count_records",
    "make_plan",
    "resumed_plan",
]
