"""Written text as a simulator: 200 faces and more, placed, slanted, bent and inked. Light to import: the rest is loaded when used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import CannotMake, GeneratorSpec, OutputSpec, Simulator, hookimpl, option


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    texts: dict[str, str] = option(
        {}, "what to write for a label, e.g. texts.seven=7; else the label's name"
    )
    fonts: str = option("", "folder of TTF, OTF or WOFF files to use instead of the shipped faces")
    faces: str = option("all", "which shipped faces: handwriting, print or all")

    def __post_init__(self) -> None:
        if self.faces not in ("handwriting", "print", "all"):
            raise ValueError(f"option 'faces' is handwriting, print or all, got {self.faces!r}")


def make(output: OutputSpec, labels: tuple[str, ...], options: Any) -> Simulator:
    """The simulator for these labels.

    Raises:
        CannotMake: an output it cannot draw, texts for unknown labels, no usable fonts, or characters no face has.
    """
    if unknown := sorted(set(options.texts) - set(labels)):
        raise CannotMake(
            f"texts are given for {unknown}, which are no labels; labels: {', '.join(labels)}"
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
            summary="written text: 200+ faces, strokes, affine and smooth elastic deformation",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            exact=True,
        )
    ]
