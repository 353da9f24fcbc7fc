"""Textured shapes as a simulator: garments, shoes, bags, icons, tissue, vessels.

Importing this module is cheap: everything else is loaded at first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import GeneratorSpec, OutputSpec, Simulator, hookimpl, label_spaces, option

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""Label names that have preset constraints (see `preset`)."""


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "constraints on the parameters of a label, such as labels.bag=shape:bag,handle:0.5..1; "
        "none by default",
    )
    preset: str = option(
        "auto",
        "auto: labels named like the garments of Fashion-MNIST are drawn as these; none: as any "
        "other label",
    )

    def __post_init__(self) -> None:
        if self.preset not in ("auto", "none"):
            raise ValueError(f"option 'preset' must be auto or none, got {self.preset!r}")


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """Make the simulator for these labels.

    Raises:
        CannotMake: the output cannot be drawn, or the constraints on a label cannot be met.
    """
    from pe_procedural_2d.preset import preset_of
    from pe_procedural_2d.simulator import ShapeSimulator
    from pe_procedural_2d.space import SPACE

    known = preset_of(labels) if options.preset == "auto" else {}
    return ShapeSimulator(output, label_spaces(SPACE, labels, {**known, **options.labels}))


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="procedural-2d",
            summary="textured 2D shapes: garments, shoes, bags, icons, tissue, vessels",
            factory=make,
            options=Options,
            labels=GARMENTS,
            default_data="demo-shapes:garments",
            exact=True,
        )
    ]
