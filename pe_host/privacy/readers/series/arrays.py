"""Series in arrays [n, T, F] or [n, T], as npz files hold them."""

from dataclasses import replace

import numpy as np

from pe_host.privacy.readers.series.declare import Declared, declare
from pe_host.privacy.readers.series.fit import Fitted, Fitter, Ragged, rows_from
from pe_host.privacy.records import blocks
from pe_sdk import OutputSpec, Records, SourceError, SourceOptions


def describe_array(found: OutputSpec, options: SourceOptions, where: str) -> Declared:
    """Return the spec of the records, of the length that they are brought to.

    Args:
        found: the spec of the records as they are stored.
        options: what the user declares.
        where: the file, for errors.

    Raises:
        SourceError: see `declare`; or the series are to have another length, without `fit`.
    """
    stored, features = found.shape
    length = options.length or stored
    if length != stored and not options.fit:
        raise SourceError(
            f"the series have {stored} steps, not {length}",
            where=where,
            fix="leave out --length, or add --fit crop, pad or stretch",
        )
    return declare(replace(found, shape=(length, features)), options, where)


def fit_array(stored: Records, output: OutputSpec, options: SourceOptions, where: str) -> Fitted:
    """Bring stored series to the planned length, and treat their missing values.

    Args:
        stored: [n, T, F], or [n, T] for one feature; NaN where a value is missing.
        output: the planned spec.
        options: the policies.
        where: the file, for errors.
    """
    count, steps = stored.shape[:2]
    fitter = Fitter(count, output, options, where)
    for start, block in blocks(stored):
        with np.errstate(over="ignore"):  # too large a value becomes infinite: refused later
            values = block.reshape(-1, output.shape[1]).astype(np.float32, copy=False)
        lengths = np.full(len(block), steps, np.int64)
        fitter.add(Ragged(values, lengths, rows_from(start), {}))
    return fitter.finish()
