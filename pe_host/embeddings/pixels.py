"""The records themselves as vectors, centred and scaled into the unit ball.

The embedding of last resort, and of the simplest tests.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import CannotMake, Embedding, EmbeddingSpec, NoOptions, OutputSpec, hookimpl


class Pixels(Embedding):
    """x -> (x - 127.5) / (127.5 sqrt(d)) for uint8 records with d elements.

    The norm is at most 1, and distances are proportional to those between the records.
    """

    def __init__(self, output: OutputSpec) -> None:
        if output.dtype != "uint8":
            raise CannotMake(f"the embedding 'pixels' is for uint8 records, not {output.dtype}")
        self.dim = int(np.prod(output.shape))

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        flat = data.reshape(len(data), self.dim).astype(np.float32)
        return (flat - np.float32(127.5)) * np.float32(1 / (127.5 * np.sqrt(self.dim)))


def make(output: OutputSpec, options: NoOptions) -> Pixels:
    return Pixels(output)


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    return [EmbeddingSpec("pixels", "the pixel values themselves", make)]
