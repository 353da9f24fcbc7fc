"""Generators one after the other or side by side, by name. Light to import: the rest is loaded when used."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pe_sdk import Generator, GeneratorSpec, OutputSpec, Peers, hookimpl, option

DEFAULT_STAGES, DEFAULT_FACTOR = "text-render,diffusion:release", 5


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    stages: str = option(
        "",
        "generators over the iterations, e.g. pyrender-faces:0-3,diffusion:4- (0: random samples), or the last with :auto or "
        f":release; where neither this nor mix is given, {DEFAULT_STAGES} and degrees.diffusion={DEFAULT_FACTOR}",
    )
    mix: str = option(
        "",
        "generators side by side with their shares at the start, e.g. text-render:0.7,diffusion:0.3",
    )
    degrees: dict[str, str] = option(
        {}, "factor on the variation degree of a generator, e.g. degrees.diffusion=4; else 1"
    )
    others: dict[str, str] = option(
        {}, "options of the generators that are named, e.g. diffusion.model=FOLDER", rest=True
    )

    def __post_init__(self) -> None:
        if self.stages and self.mix:
            raise ValueError("options 'stages' and 'mix' exclude each other: give one of them")


def make(output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers) -> Generator:
    """The generators named, as one.

    Raises:
        CannotMake: stages or shares that make no sense, a generator that is not there, cannot make this, or cannot vary what
            the stage before it made.
    """
    from pe_combined.chain import Chain
    from pe_combined.mixture import Mixture
    from pe_combined.parts import make_parts
    from pe_combined.settings import read_mix, read_stages

    if options.mix:
        shares = read_mix(options.mix)
        return Mixture(
            make_parts(tuple(shares), output, labels, options, peers), tuple(shares.values())
        )
    if not options.stages:
        factors = {"diffusion": str(DEFAULT_FACTOR), **options.degrees}
        options = replace(options, stages=DEFAULT_STAGES, degrees=factors)
    stages = read_stages(options.stages)
    return Chain(
        make_parts(tuple(stage.name for stage in stages), output, labels, options, peers), stages
    )


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="combined",
            summary="other generators by name, one after the other or side by side",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            block=64,
            gpu=True,
            composes=True,
        )
    ]
