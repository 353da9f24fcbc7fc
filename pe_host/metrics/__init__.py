"""Distances between two samples: pure functions of arrays, wherever these come from."""

from pe_host.metrics.coverage import density_and_coverage
from pe_host.metrics.frechet import frechet_distance, frechet_of_moments
from pe_host.metrics.marginals import Bins, bins_of, marginal_distance, wasserstein

__all__ = [
    "Bins",
    "bins_of",
    "density_and_coverage",
    "frechet_distance",
    "frechet_of_moments",
    "marginal_distance",
    "wasserstein",
]
