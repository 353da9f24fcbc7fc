"""The HTML page and the dataset card of a run, made from a `ReportData` and nothing else."""

from pe_host.report.data import (
    EvaluationView,
    GeneratorView,
    InternalView,
    IterationView,
    LedgerRow,
    MarginalView,
    PrivacyView,
    ReleaseView,
    ReportData,
)
from pe_host.report.dataset_card import card
from pe_host.report.grid import RecordGrid
from pe_host.report.page import render
from pe_host.report.statistics import vote_statistics
from pe_host.report.views import columns_for

__all__ = [
    "EvaluationView",
    "GeneratorView",
    "InternalView",
    "IterationView",
    "LedgerRow",
    "MarginalView",
    "PrivacyView",
    "RecordGrid",
    "ReleaseView",
    "ReportData",
    "card",
    "columns_for",
    "render",
    "vote_statistics",
]
