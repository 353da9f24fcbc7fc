"""The budget of a data set: what all runs on it may spend, and have spent, together."""

from pe_host.privacy.budget.account import RunAccount, ledger_heads
from pe_host.privacy.budget.composition import Total, totals
from pe_host.privacy.budget.database import (
    CLOSED,
    OPEN,
    BudgetDatabase,
    Cap,
    CountedRun,
    Head,
)
from pe_host.privacy.budget.identity import content_of, place_of
from pe_host.privacy.budget.rows import FinishedRun, is_set_back

__all__ = [
    "CLOSED",
    "OPEN",
    "BudgetDatabase",
    "Cap",
    "CountedRun",
    "FinishedRun",
    "Head",
    "RunAccount",
    "Total",
    "content_of",
    "is_set_back",
    "ledger_heads",
    "place_of",
    "totals",
]
