"""phi: an embedding with its weights, as the loop hands it to whatever embeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pe_sdk import Embedding


@dataclass(frozen=True, eq=False)
class FittedEmbedding:
    """An embedding that is ready to embed.

    Args:
        embedding: with its weights, for the process of the private side.
        digest: of the weights; two embeddings of one run with equal digests embed alike.
        weights: by name, for processes that make the embedding themselves; None where there are
            none.
    """

    embedding: Embedding
    digest: str
    weights: Mapping[str, NDArray[Any]] | None = None
