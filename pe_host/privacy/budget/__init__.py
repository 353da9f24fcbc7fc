"""The budget of a data set: what all runs on it may spend, and have spent, together."""

from pe_host.privacy.budget.account import RunAccount, ledger_sizes
from pe_host.privacy.budget.composition import Total, totals
from pe_host.privacy.budget.database import CLOSED, OPEN, BudgetDatabase, Cap, CountedRun
from pe_host.privacy.budget.identity import content_of, place_of
from pe_host.privacy.budget.rows import FinishedRun

__all__ = [
    "CLOSED",
    "OPEN",
    "BudgetDatabase",
    "Cap",
    "CountedRun",
    "FinishedRun",
    "RunAccount",
    "Total",
    "content_of",
    "ledger_sizes",
    "place_of",
    "totals",
]
