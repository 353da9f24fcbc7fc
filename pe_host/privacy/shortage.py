"""Why a run can release no more."""

from enum import StrEnum

from pe_host.errors import PrivacyRefusal


class Shortage(StrEnum):
    """Why another release is not affordable, as a clause."""

    LOST = (
        "interruptions lost noise that was already drawn, which counts as spent, and the budget "
        "is a hard limit"
    )
    CAPPED = "the cap of the data set (see `pe budget show`) allows no further release"


class BudgetExhausted(PrivacyRefusal):
    """The budget does not cover another release; the run finishes from what it has."""

    def __init__(self, shortage: Shortage, where: str) -> None:
        self.shortage = shortage
        super().__init__(
            f"another release is not affordable: {shortage}",
            where=where,
            fix="run the same command with --resume: it finishes from the rounds it has",
        )
