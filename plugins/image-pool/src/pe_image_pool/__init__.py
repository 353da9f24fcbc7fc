"""A pool of ready pictures as a generator. Light to import: the rest is loaded when used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import Generator, GeneratorSpec, OutputSpec, Peers, hookimpl, option

USE_LABELS = ("auto", "yes", "no")


@dataclass(frozen=True)
class Options:
    """What can be set with `--set name=value`."""

    source: str = option(
        "",
        "folder of pictures or of class folders, Parquet, WebDataset or npz; empty: render a pool with `generator`",
    )
    use_labels: str = option(
        "auto", "labels of the pool: yes, no, or auto (used if it has all labels of the run)"
    )
    neighbours: int = option(
        1000, "a variation of degree 1 is one of this many nearest pictures of the pool"
    )
    generator: str = option("text-render", "what renders the pool where there is no source")
    count: int = option(20_000, "how many pictures are rendered, over all labels")
    generator_options: dict[str, str] = option(
        {}, "options of `generator`, e.g. generator_options.faces=print"
    )

    def __post_init__(self) -> None:
        if self.use_labels not in USE_LABELS:
            raise ValueError(f"option 'use_labels' is auto, yes or no, got {self.use_labels!r}")
        if not 2 <= self.neighbours <= 1_000_000:
            raise ValueError(f"option 'neighbours' lies in 2..1000000, got {self.neighbours}")
        if not 1 <= self.count <= 100_000_000:
            raise ValueError(f"option 'count' lies in 1..100000000, got {self.count}")
        if self.generator == "image-pool":
            raise ValueError(
                "option 'generator' names another generator than image-pool; give its pool as 'source'"
            )
        if self.source and self.generator_options:
            raise ValueError(
                "options 'source' and 'generator_options' exclude each other: a source is not rendered"
            )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers) -> Generator:
    """The generator on the pool of these options, which is built and cached at the first use.

    Raises:
        CannotMake: an output that is no picture, a source that is not there or holds no usable picture, labels that the
            pool lacks with `use_labels=yes`, a `generator` that cannot be made, or a cache that cannot be written.
    """
    from pe_image_pool.assemble import assemble

    return assemble(output, labels, options, peers)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="image-pool",
            summary="a pool of ready pictures: random draws, and variations among nearest neighbours",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            exact=True,
            composes=True,
        )
    ]
