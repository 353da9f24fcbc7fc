"""Options and factory: MuJoCo is imported here, at the first use."""

from dataclasses import dataclass

from pe_sdk import CannotMake, OutputSpec, ParameterSpace, Simulator, label_spaces, narrowed, option

from pe_mujoco_scene.parameters import KINDS, SPACE

LEAST, MOST = 8, 1024


@dataclass(frozen=True)
class Options:
    """What users set by `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "what a label may be: labels.NAME=PARAMETER:CHOICE|CHOICE or PARAMETER:LOW..HIGH, several with "
        "commas between; a label named as a kind of scene is that kind where nothing is said",
    )
    only: str = option("", "constraints of the same form for all labels, such as shape:box,count:3..6")


def make(output: OutputSpec, labels: tuple[str, ...], options: Options) -> Simulator:
    """The simulator for one form of picture.

    Raises:
        CannotMake: no picture, a size or channels that cannot be drawn, constraints that cannot be met, or a machine
            without MuJoCo or OpenGL.
    """
    if output.kind != "image":
        raise CannotMake(f"mujoco-scene makes images, not {output.kind}")
    height, width, channels = output.shape
    if channels not in (1, 3):
        raise CannotMake(f"mujoco-scene makes pictures of 1 or 3 channels, not {channels}")
    if not (LEAST <= height <= MOST and LEAST <= width <= MOST):
        raise CannotMake(f"mujoco-scene makes pictures of {LEAST} to {MOST} pixels a side, not {height} x {width}")
    spaces = _spaces(labels, options)
    try:
        from pe_mujoco_scene.context import Context, NoContextError
        from pe_mujoco_scene.simulator import Tabletop
    except ImportError as error:
        raise CannotMake(f"mujoco-scene needs MuJoCo ({error}); pip install 'mujoco>=3.2'") from error
    try:
        return Tabletop(output, spaces, Context())
    except NoContextError as error:
        raise CannotMake(
            f"mujoco-scene needs OpenGL without a screen, and {error}; on Debian: apt install libegl1 libgl1-mesa-dri"
        ) from error


def _spaces(labels: tuple[str, ...], options: Options) -> dict[str, ParameterSpace]:
    whole = narrowed(SPACE, options.only, "only")
    among = whole["kind"].among  # type: ignore[union-attr]
    named = {label: f"kind:{label}" for label in labels if label in KINDS and label in among}
    return label_spaces(whole, labels, named | options.labels)
