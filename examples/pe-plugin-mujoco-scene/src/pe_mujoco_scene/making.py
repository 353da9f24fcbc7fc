"""Options and factory. MuJoCo is imported here, at first use."""

from dataclasses import dataclass

from pe_sdk import (
    CannotMake,
    Categorical,
    OutputSpec,
    ParameterSpace,
    Simulator,
    label_spaces,
    narrowed,
    option,
)

from pe_mujoco_scene.parameters import KINDS, SPACE

LEAST, MOST = 8, 1024


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "constraints on the parameters of a label: labels.NAME=PARAMETER:CHOICE|CHOICE or "
        "PARAMETER:LOW..HIGH, separated by commas; by default, a label named like a kind of scene "
        "is that kind",
    )
    only: str = option(
        "", "constraints for all labels, in the same syntax, such as shape:box,count:3..6"
    )


def make(output: OutputSpec, labels: tuple[str, ...], options: Options) -> Simulator:
    """Make the simulator for these labels.

    Raises:
        CannotMake: the output is not a picture, its size or channels cannot be drawn, constraints
            cannot be met, or the machine has no MuJoCo or no OpenGL.
    """
    if output.kind != "image":
        raise CannotMake(f"mujoco-scene makes images, not {output.kind}")
    height, width, channels = output.shape
    if channels not in (1, 3):
        raise CannotMake(f"mujoco-scene makes pictures of 1 or 3 channels, not {channels}")
    if not (LEAST <= height <= MOST and LEAST <= width <= MOST):
        raise CannotMake(
            f"mujoco-scene makes pictures of {LEAST} to {MOST} pixels a side, "
            f"not {height} x {width}"
        )
    spaces = _spaces(labels, options)
    try:
        from pe_mujoco_scene.context import Context, NoContextError
        from pe_mujoco_scene.simulator import Tabletop
    except ImportError as error:
        raise CannotMake(
            f"mujoco-scene needs MuJoCo ({error}); pip install 'mujoco>=3.2'"
        ) from error
    try:
        return Tabletop(output, spaces, Context())
    except NoContextError as error:
        raise CannotMake(
            f"mujoco-scene needs OpenGL without a screen, but {error}; on Debian: "
            "apt install libegl1 libgl1-mesa-dri"
        ) from error


def _spaces(labels: tuple[str, ...], options: Options) -> dict[str, ParameterSpace]:
    whole = narrowed(SPACE, options.only, "only")
    kind = whole["kind"]
    assert isinstance(kind, Categorical)
    named = {label: f"kind:{label}" for label in labels if label in KINDS and label in kind.among}
    return label_spaces(whole, labels, named | options.labels)
