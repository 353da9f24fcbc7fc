"""Diffusion models as generators: Stable Diffusion, pixel models and a small model of digits.

This module is light to import.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import CannotMake, Generator, GeneratorSpec, OutputSpec, hookimpl, option


@dataclass(frozen=True)
class Options:
    """Options of the generator, set with `--set name=value`."""

    model: str = option(
        "",
        "model folder or hub id; text: nota-ai/bk-sdm-small; empty: the shipped model of digits",
        path="read",
    )
    revision: str = option("", "branch, tag or commit of a hub model, such as main")
    prompt: str = option(
        "a photo of {label}", "prompt of a text-to-image model; {label} stands for the label's name"
    )
    prompts: dict[str, str] = option(
        {}, "prompt for one label, such as prompts.cat=a sleeping cat; replaces the template"
    )
    negative: str = option(
        "", "negative prompt of a text-to-image model, such as text or watermarks"
    )
    classes: dict[str, str] = option(
        {}, "class of a class-conditional model for one label, such as classes.seven=7"
    )
    steps: int = option(
        0, "denoising steps of a fresh sample; 0: 8 for pixel models, 25 for text-to-image"
    )
    guidance: float = option(
        0.0,
        "classifier-free guidance scale, 1 disables it; "
        "0: 1 for pixel models, 7.5 for text-to-image",
    )
    size: str = option(
        "",
        "image size of a text-to-image model, such as 256 or 256x384 (height x width); "
        "empty: the model's own",
    )
    device: str = option("auto", "where to compute: auto, cpu or cuda")
    dtype: str = option("auto", "precision of the model: auto, float32, float16 or bfloat16")
    batch: int = option(
        0, "samples per forward pass of the model; 0: 32 for pixel models, 4 for text-to-image"
    )

    def __post_init__(self) -> None:
        if self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"option 'device' must be auto, cpu or cuda, got {self.device!r}")
        if self.dtype not in ("auto", "float32", "float16", "bfloat16"):
            raise ValueError(
                f"option 'dtype' must be auto, float32, float16 or bfloat16, got {self.dtype!r}"
            )
        if not 0 <= self.steps <= 1000:
            raise ValueError(
                "option 'steps' must lie in 1..1000, or be 0 for the model's default, "
                f"got {self.steps}"
            )
        if not (self.guidance == 0 or 1 <= self.guidance <= 100):
            raise ValueError(
                "option 'guidance' must lie in 1..100, or be 0 for the model's default, "
                f"got {self.guidance}"
            )
        if not 0 <= self.batch <= 4096:
            raise ValueError(
                "option 'batch' must lie in 1..4096, or be 0 for the model's default, "
                f"got {self.batch}"
            )
        sides = self.size.split("x")
        if self.size and not (
            len(sides) <= 2 and all(s.isdecimal() and 8 <= int(s) <= 4096 for s in sides)
        ):
            raise ValueError(
                "option 'size' must be pixels in 8..4096, such as 256 or 256x384, "
                f"got {self.size!r}"
            )

    @property
    def height_and_width(self) -> tuple[int, int] | None:
        """Height and width in pixels, or None for the model's own size."""
        sides = [int(side) for side in self.size.split("x")] if self.size else []
        return (sides[0], sides[-1]) if sides else None


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Generator:
    """Build the generator for these labels.

    Raises:
        CannotMake: the model cannot make this output or these labels, it is missing or of an
            unsupported kind, the requested GPU is missing, memory is too small, or a package is
            not installed.
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
            summary="diffusion models: text-to-image, pixel models and a shipped model of digits",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            block=64,
            gpu=True,
            network=True,
        )
    ]
