"""Parameters of a queue, and those that suit a kind of service.

Rates and lengths are in steps, so they do not depend on how long a step is.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pe_sdk import Categorical, Float, Int, ParameterSpace

ARRIVALS = ("poisson", "bursty", "diurnal")
SERVICES = ("exponential", "lognormal", "pareto")
OUTAGES = ("none", "one", "all")

SPACE = ParameterSpace(
    {
        "rate": Float(1.0, 8.0, log=True),
        "arrivals": Categorical(ARRIVALS),
        "contrast": Float(1.5, 12.0, log=True),
        "period": Float(8.0, 96.0, log=True),
        "phase": Float(0.0, 1.0, wrap=True),
        "service": Categorical(SERVICES),
        "tail": Float(0.0, 1.0),
        "load": Float(0.2, 1.4),
        "servers": Int(1, 6),
        "queue_limit": Int(4, 60),
        "outage": Categorical(OUTAGES),
        "outage_at": Float(0.0, 0.9),
        "outage_length": Float(0.05, 0.4),
    }
)

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "web": "rate:2..8,arrivals:poisson|diurnal,service:exponential|lognormal",
        "batch": "rate:1..4,arrivals:poisson|bursty,service:lognormal|pareto,queue_limit:20..60",
        "streaming": "rate:2..6,service:exponential|lognormal,tail:0..0.5,queue_limit:4..20",
    }
)
"""Constraints for labels of these names, in the syntax of `pe_sdk.label_spaces`."""
