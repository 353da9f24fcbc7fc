"""The smallest generator plugin: pictures of one grey level with a gradient from left to right."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pe_sdk import (
    CannotMake,
    Columns,
    Float,
    GeneratorSpec,
    NoOptions,
    OutputSpec,
    ParameterSpace,
    Seeds,
    Simulator,
    hookimpl,
)


class Echo(Simulator):
    """Flat pictures: `level` is the mean grey, `slope` the change from left to right."""

    space = ParameterSpace({"level": Float(0, 255), "slope": Float(-100, 100)})

    def __init__(self, output: OutputSpec) -> None:
        if output.kind != "image":
            raise CannotMake(f"echo makes images, not {output.kind}")
        self.output = output

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        across = np.linspace(-0.5, 0.5, self.output.shape[1])
        rows = params["level"][:, None] + params["slope"][:, None] * across
        pictures = np.clip(np.rint(rows), 0, 255).astype(np.uint8)
        return np.broadcast_to(pictures[:, None, :, None], (len(labels), *self.output.shape)).copy()


def make(output: OutputSpec, labels: tuple[str, ...], options: NoOptions) -> Echo:
    """Make the simulator.

    Raises:
        CannotMake: the output is not an image.
    """
    return Echo(output)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="echo",
            summary="flat pictures with a gradient, to test hosts and to copy from",
            factory=make,
            labels=("0", "1"),
            default_data="sklearn:digits",
            exact=True,
        )
    ]
