"""The good plugin from which each bad one is derived."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pe_sdk import (
    CannotMake,
    Categorical,
    Float,
    GeneratorSpec,
    ParameterSpace,
    Simulator,
    SimulatorGenerator,
)


class Good(Simulator):
    """Gray images with a slope of either sign."""

    space = ParameterSpace(
        {"level": Float(60, 190), "slope": Float(0, 100), "sign": Categorical(("up", "down"))}
    )

    def __init__(self, output: Any, labels: tuple[str, ...]) -> None:
        if output.kind != "image":
            raise CannotMake("images only")
        self.output, self.labels = output, labels

    def render(self, params: Any, labels: Any, seeds: Any) -> Any:
        across = np.linspace(-0.5, 0.5, self.output.shape[1])
        slope = params["slope"] * np.where(params["sign"] == 0, 1, -1)
        rows = np.rint(params["level"][:, None] + slope[:, None] * across).astype(np.uint8)
        return np.broadcast_to(rows[:, None, :, None], (len(labels), *self.output.shape)).copy()


def spec(simulator: Callable[..., Any] = Good, **changes: Any) -> GeneratorSpec:
    def factory(output: Any, labels: tuple[str, ...], options: Any) -> Any:
        return simulator(output, labels)

    given = {
        "name": "bad",
        "summary": "a plugin",
        "factory": factory,
        "labels": ("0", "1"),
        "exact": True,
    }
    return GeneratorSpec(**{**given, **changes})


def black_box(generator: type[SimulatorGenerator]) -> Callable[..., Any]:
    """Return a factory of this kind of generator over the good simulator."""
    return lambda output, labels: generator(Good(output, labels), output, labels)
