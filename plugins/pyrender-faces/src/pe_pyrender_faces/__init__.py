"""Human heads as a simulator: a morphable head with hair, glasses, pose and light. Light to import: the rest is loaded when used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import GeneratorSpec, OutputSpec, Simulator, hookimpl, option

BACKENDS = ("auto", "pyrender", "numba")


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    labels: dict[str, str] = option(
        {},
        "what a label asks of the parameters, e.g. labels.smiling=expression:smile|laugh,age:18..40; else nothing",
    )
    backend: str = option(
        "auto",
        "auto, pyrender (OpenGL over EGL) or numba (no OpenGL); auto takes pyrender if it works",
    )

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ValueError(
                f"option 'backend' is {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}, got {self.backend!r}"
            )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """The simulator for these labels.

    Raises:
        CannotMake: an output it cannot draw, a constraint that makes no sense, or a backend that does not work here.
    """
    from pe_pyrender_faces.simulator import FaceSimulator

    return FaceSimulator(output, labels, options.labels, options.backend)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="pyrender-faces",
            summary="human heads: identity, age, expression, skin, hair, glasses, pose, light",
            factory=make,
            options=Options,
            labels=("face",),
            default_data="demo:faces",
            embedding="face-parameters",
            exact=True,
        )
    ]
