"""Cartoon avatars by categorical parts as a simulator. Light to import: the rest is loaded when used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import GeneratorSpec, OutputSpec, Simulator, hookimpl, option


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "what a label asks of the parameters, e.g. labels.glasses=accessory:round|wayfarers; else nothing",
    )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """The simulator for these labels.

    Raises:
        CannotMake: an output it cannot draw, a constraint that makes no sense, or no parts or rasteriser installed.
    """
    from pe_avatars.simulator import AvatarSimulator

    return AvatarSimulator(output, labels, options.labels)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="avatars",
            summary="cartoon avatars by categorical parts: hair, hats, eyes, mouth, glasses, beard, clothes, colours",
            factory=make,
            options=Options,
            labels=("avatar",),
            default_data="demo:faces",
            exact=True,
        )
    ]
