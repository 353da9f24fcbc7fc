"""A good plugin of series, which makes only the output that it declares."""

from typing import Any

import numpy as np

from bad_plugins.good import spec
from pe_sdk import CannotMake, Feature, Float, OutputSpec, ParameterSpace, Simulator

OUTPUT = OutputSpec.series(12, ["load", Feature("delay", "ms", 0, 500)], step=5, step_unit="s")


class Slopes(Simulator):
    """Straight lines."""

    space = ParameterSpace({"load": Float(1, 2), "delay": Float(1, 500)})

    def __init__(self, output: OutputSpec, labels: tuple[str, ...]) -> None:
        if output != OUTPUT:
            raise CannotMake(f"{OUTPUT.form} only")

    def render(self, params: Any, labels: Any, seeds: Any) -> Any:
        ends = np.stack([params["load"], params["delay"]], axis=1)
        return (ends[:, None, :] * np.linspace(0, 1, 12)[:, None]).astype(np.float32)


SPEC = spec(Slopes, output=OUTPUT)
