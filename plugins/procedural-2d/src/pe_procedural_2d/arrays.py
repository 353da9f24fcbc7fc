"""Names for the types of arguments of compiled functions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
Row = Any
"""Row of the record array of parameters: an attribute each, numbers float64 and codes int64."""
Real = Any
"""Real number computed from rows and by compiled functions, which mypy sees as Any."""
