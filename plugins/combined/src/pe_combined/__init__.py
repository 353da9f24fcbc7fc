"""Generators combined by name, one after the other or side by side.

Importing this module is cheap: everything else is loaded at first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pe_sdk import Generator, GeneratorSpec, OutputSpec, Peers, hookimpl, option

DEFAULT_STAGES, DEFAULT_FACTOR = "text-render,diffusion:release", 5


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    stages: str = option(
        "",
        "generators by iteration, such as pyrender-faces:0-3,diffusion:4- (0: the random samples); "
        "the last of two may have :auto or :release instead; without stages and mix: "
        f"{DEFAULT_STAGES} and degrees.diffusion={DEFAULT_FACTOR}",
    )
    mix: str = option(
        "",
        "generators side by side with their initial shares, such as text-render:0.7,diffusion:0.3",
    )
    degrees: dict[str, str] = option(
        {},
        "factor on the variation degree of a generator, such as degrees.diffusion=4; 1 by default",
    )
    others: dict[str, str] = option(
        {},
        "options of the named generators, such as diffusion.model=FOLDER",
        rest=True,
        path="read",
    )

    def __post_init__(self) -> None:
        if self.stages and self.mix:
            raise ValueError("options 'stages' and 'mix' exclude each other; give only one")


def make(output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers) -> Generator:
    """Make one generator from those named in the options.

    Raises:
        CannotMake: stages or shares are invalid, or a generator is not installed, cannot make this
            output, or cannot vary the samples of the stage before it.
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
            network=True,
        )
    ]
