"""Textured shapes as a simulator: garments, shoes, bags, icons, tissue, vessels. Light to import: the rest is loaded when used."""

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
"""The label names that have constraints of their own (see `preset`)."""


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    labels: dict[str, str] = option(
        {}, "what a label may be, e.g. labels.bag=shape:bag,handle:0.5..1"
    )
    preset: str = option(
        "auto", "auto: labels named as garments of Fashion-MNIST are drawn so; none: they are not"
    )

    def __post_init__(self) -> None:
        if self.preset not in ("auto", "none"):
            raise ValueError(f"option 'preset' is auto or none, got {self.preset!r}")


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """The simulator for these labels.

    Raises:
        CannotMake: an output it cannot draw, or constraints on labels that cannot be met.
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
