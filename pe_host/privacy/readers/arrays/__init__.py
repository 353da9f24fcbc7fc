"""Records and labels in arrays, whatever files these are in.

A reader shows its files as an `ArrayStore`: arrays by name, like those of an npz archive. What is
the same for all such files happens here: which arrays hold records, labels and clients (`keys`),
how labels are stored (`labels`), and how images are (`images`).
"""

from pe_host.privacy.readers.arrays.source import TAKES, describe, read
from pe_host.privacy.readers.arrays.store import ArrayStore

__all__ = ["TAKES", "ArrayStore", "describe", "read"]
