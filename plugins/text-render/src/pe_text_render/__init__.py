"""Rendered text as a simulator: 200+ faces, placed, slanted, bent and inked.

This module is light to import: the rest loads at the first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import CannotMake, GeneratorSpec, OutputSpec, Simulator, hookimpl, option


@dataclass(frozen=True)
class Options:
    """Options of the simulator, set with `--set name=value`."""

    texts: dict[str, str] = option(
        {}, "text to write for one label, such as texts.seven=7; default: the label's name"
    )
    fonts: str = option(
        "", "folder of TTF, OTF, TTC, WOFF or WOFF2 fonts; empty: the shipped faces", path="read"
    )
    faces: str = option("all", "shipped faces to write with: handwriting, print or all")

    def __post_init__(self) -> None:
        if self.faces not in ("handwriting", "print", "all"):
            raise ValueError(
                f"option 'faces' must be handwriting, print or all, got {self.faces!r}"
            )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """Build the simulator for these labels.

    Raises:
        CannotMake: the output cannot be drawn, a text is for an unknown label, there is no usable
            font, or no face has the characters.
    """
    if unknown := sorted(set(options.texts) - set(labels)):
        raise CannotMake(
            f"texts are given for {unknown}, which are unknown labels; labels: {', '.join(labels)}"
        )
    texts = [options.texts.get(label, label) for label in labels]

    from pe_text_render.choose import choose
    from pe_text_render.simulator import TextSimulator

    return TextSimulator(output, texts, choose(options.fonts, options.faces, "".join(texts)))


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="text-render",
            summary="written text: 200+ faces, strokes, affine and elastic deformation",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            exact=True,
        )
    ]
