"""A pool of ready pictures as a generator.

Importing this module is cheap: everything else is loaded at first use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pe_sdk import Generator, GeneratorSpec, OutputSpec, Peers, hookimpl, option

USE_LABELS = ("auto", "yes", "no")


@dataclass(frozen=True)
class Options:
    """Options that users set with `--set name=value`."""

    source: str = option(
        "",
        "a folder of pictures or of class folders, Parquet files, WebDataset shards or an npz; "
        "if empty, `generator` renders the pool",
        path="read",
    )
    use_labels: str = option(
        "auto", "use the pool's labels: yes, no, or auto (yes if it has every label of the run)"
    )
    neighbours: int = option(
        1000, "a variation of degree 1 is drawn from this many nearest pictures of the pool"
    )
    generator: str = option("text-render", "generator that renders the pool if there is no source")
    count: int = option(20_000, "number of pictures to render, over all labels")
    generator_options: dict[str, str] = option(
        {}, "options of `generator`, such as generator_options.faces=print", path="read"
    )

    def __post_init__(self) -> None:
        if self.use_labels not in USE_LABELS:
            raise ValueError(
                f"option 'use_labels' must be auto, yes or no, got {self.use_labels!r}"
            )
        if not 2 <= self.neighbours <= 1_000_000:
            raise ValueError(f"option 'neighbours' must lie in 2..1000000, got {self.neighbours}")
        if not 1 <= self.count <= 100_000_000:
            raise ValueError(f"option 'count' must lie in 1..100000000, got {self.count}")
        if self.generator == "image-pool":
            raise ValueError(
                "option 'generator' cannot be image-pool itself; name another generator, or give "
                "a pool as 'source'"
            )
        if self.source and self.generator_options:
            raise ValueError(
                "options 'source' and 'generator_options' exclude each other: a source is not "
                "rendered"
            )


def make(output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers) -> Generator:
    """Make the generator for these options; its pool is built and cached at first use.

    Raises:
        CannotMake: the output is not a picture, the source does not exist or holds no usable
            picture, the pool lacks labels and `use_labels` is yes, `generator` cannot be made, or
            the cache cannot be written.
    """
    from pe_image_pool.assemble import assemble

    return assemble(output, labels, options, peers)


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="image-pool",
            summary="a pool of ready pictures: random draws, variations among nearest neighbours",
            factory=make,
            options=Options,
            labels=tuple("0123456789"),
            default_data="sklearn:digits",
            exact=True,
            composes=True,
        )
    ]
