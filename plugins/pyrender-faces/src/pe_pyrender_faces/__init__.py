"""Human heads as a simulator: a morphable head with hair, glasses, pose and light.

This module is light to import: the rest loads at the first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import GeneratorSpec, OutputSpec, Simulator, hookimpl, option

BACKENDS = ("auto", "pyrender", "numba")


@dataclass(frozen=True)
class Options:
    """Options of the simulator, set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "constraints of one label on the parameters, such as "
        "labels.smiling=expression:smile|laugh,age:18..40; default: none",
    )
    backend: str = option(
        "auto",
        "renderer: pyrender (OpenGL over EGL) or numba (no OpenGL); auto: pyrender if it works",
    )

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ValueError(
                f"option 'backend' must be {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}, "
                f"got {self.backend!r}"
            )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """Build the simulator for these labels.

    Raises:
        CannotMake: the output cannot be drawn, a constraint is invalid, or the backend does not
            work here.
    """
    from pe_pyrender_faces.simulator import FaceSimulator

    return FaceSimulator(output, labels, options.labels, options.backend)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="pyrender-faces",
            summary="human heads: identity, age, expression, skin, hair, glasses, pose and light",
            factory=make,
            options=Options,
            labels=("face",),
            default_data="demo:faces",
            embedding="face-parameters",
            exact=True,
        )
    ]
