"""A pool rendered by another generator: its random samples, in blocks."""

from collections.abc import Iterator
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from pe_image_pool.cache import digest
from pe_image_pool.pictures import Bad, Rows
from pe_sdk import Generator, OutputSpec, Peers, Samples, random

BLOCK = 256
PROBE = 64
"""Number of samples by which a changed generator is recognised."""


class Rendering:
    """`count` random samples of a generator, cycling through the labels. Row i depends only on i.

    Args:
        made: the generator, made for the output and labels of the run.
        labels: label names.
        count: number of samples.
    """

    def __init__(self, made: Generator, labels: tuple[str, ...], count: int) -> None:
        self._made = made
        self._labels = labels
        self._count = count

    def fingerprint(self) -> str:
        """Digest of labels, count and the first pictures.

        It changes with every change of the generator that shows in these pictures.
        """
        first = self._samples(0, min(PROBE, self._count))
        return digest(self._labels, self._count, digest(first.tobytes()))

    def rows(self, bad: Bad) -> Iterator[Rows]:
        """Yield the pictures; none of them is bad."""
        for start in range(0, self._count, BLOCK):
            stop = min(start + BLOCK, self._count)
            names: list[str | None] = [
                self._labels[i % len(self._labels)] for i in range(start, stop)
            ]
            yield self._samples(start, stop), names

    def _samples(self, start: int, stop: int) -> NDArray[np.uint8]:
        labels = np.arange(start, stop, dtype=np.int64) % len(self._labels)
        samples: Samples = self._made.random(
            labels, random.derive(0, "image-pool", stop - start, start)
        )
        if samples.data is None:
            samples = self._made.restore(samples.labels, samples.state)
        assert samples.data is not None
        return samples.data


def rendering(
    output: OutputSpec,
    labels: tuple[str, ...],
    generator: str,
    options: dict[str, str],
    count: int,
    peers: Peers,
) -> tuple[Rendering, tuple[object, ...]]:
    """Make the rendering by the named generator, and list what its cached pool depends on.

    Args:
        output, labels: those of the run.
        generator: name of a generator.
        options: its options, as strings.
        count: number of samples.
        peers: `pe_sdk.Peers`.

    Raises:
        CannotMake: there is no such generator, or it cannot make this output or these labels.
    """
    made = Rendering(peers.make(generator, output, labels, options), labels, count)
    versions = sorted(
        f"{point.dist.name} {point.dist.version}"
        for point in metadata.entry_points(group="pe.plugins", name=generator)
        if point.dist is not None
    )
    return made, ("rendered", generator, versions, sorted(options.items()), made.fingerprint())
