"""Diffusion models as generators: Stable Diffusion pipelines, pixel models, a small one of digits. Light to import."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import CannotMake, Generator, GeneratorSpec, OutputSpec, hookimpl, option


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    model: str = option(
        "", "a folder or a hub id; text: nota-ai/bk-sdm-small; empty: the shipped model of digits"
    )
    revision: str = option("", "branch, tag or commit of a hub id")
    prompt: str = option("a photo of {label}", "prompt of a text-to-image model, for every label")
    prompts: dict[str, str] = option({}, "prompt of one label, e.g. prompts.cat=a sleeping cat")
    negative: str = option("", "what pictures of a text-to-image model should not show")
    classes: dict[str, str] = option(
        {}, "class of a class-conditional model for a label, e.g. classes.seven=7"
    )
    steps: int = option(
        0, "denoising steps of a fresh sample; 0: 8 for pixel models, 25 for text-to-image"
    )
    guidance: float = option(
        0.0, "classifier-free guidance, 1 is none; 0: 1 for pixel models, 7.5 for text-to-image"
    )
    size: str = option(
        "", "height, or HEIGHTxWIDTH, of a text-to-image model, e.g. 256 or 256x384; empty: its own"
    )
    device: str = option("auto", "auto, cpu or cuda")
    dtype: str = option("auto", "auto, float32, float16 or bfloat16")
    batch: int = option(
        0, "samples a pass of the model; 0: 32 for pixel models, 4 for text-to-image"
    )

    def __post_init__(self) -> None:
        if self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"option 'device' is auto, cpu or cuda, got {self.device!r}")
        if self.dtype not in ("auto", "float32", "float16", "bfloat16"):
            raise ValueError(
                f"option 'dtype' is auto, float32, float16 or bfloat16, got {self.dtype!r}"
            )
        if not 0 <= self.steps <= 1000:
            raise ValueError(
                f"option 'steps' lies in 1..1000, or is 0 for the model's default, got {self.steps}"
            )
        if not (self.guidance == 0 or 1 <= self.guidance <= 100):
            raise ValueError(
                f"option 'guidance' lies in 1..100, or is 0 for the default, got {self.guidance}"
            )
        if not 0 <= self.batch <= 4096:
            raise ValueError(
                f"option 'batch' lies in 1..4096, or is 0 for the default, got {self.batch}"
            )
        sides = self.size.split("x")
        if self.size and not (
            len(sides) <= 2 and all(s.isdecimal() and 8 <= int(s) <= 4096 for s in sides)
        ):
            raise ValueError(
                f"option 'size' is pixels (8..4096) such as 256 or 256x384, got {self.size!r}"
            )

    @property
    def height_and_width(self) -> tuple[int, int] | None:
        """The size as numbers, or None for the model's own."""
        sides = [int(side) for side in self.size.split("x")] if self.size else []
        return (sides[0], sides[-1]) if sides else None


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Generator:
    """The generator for these labels.

    Raises:
        CannotMake: an output or labels that the model has not, a model that is not there or of another kind, no GPU
            where one is asked for, too little memory, or a package that is missing.
    """
    try:
        from pe_diffusion.factory import build
    except ImportError as error:
        raise CannotMake(
            f"diffusion needs the package {error.name}; install it: pip install pe-plugin-diffusion"
        ) from error
    return build(output, labels, options)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="diffusion",
            summary="diffusion models: text-to-image pipelines, pixel models, a small one of digits comes along",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            block=64,
            gpu=True,
        )
    ]
