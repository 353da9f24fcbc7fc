"""Cartoon avatars built from categorical parts, as a simulator.

Importing this module is cheap: everything else is loaded at first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import GeneratorSpec, OutputSpec, Simulator, hookimpl, option


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "constraints on the parameters of a label, such as "
        "labels.glasses=accessory:round|wayfarers; none by default",
    )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """Make the simulator for these labels.

    Raises:
        CannotMake: the output cannot be drawn, a constraint is invalid, or the parts or the
            rasteriser are not installed.
    """
    from pe_avatars.simulator import AvatarSimulator

    return AvatarSimulator(output, labels, options.labels)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="avatars",
            summary="cartoon avatars from categorical parts: hair, hats, eyes, mouth, glasses, "
            "beard, clothes, colours",
            factory=make,
            options=Options,
            labels=("avatar",),
            default_data="demo:faces",
            exact=True,
        )
    ]
