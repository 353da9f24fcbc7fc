"""Assembly of the generator: the pool, read or rendered, its index, and the labels in use."""

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_image_pool import features, index, sources
from pe_image_pool.cache import digest, obtain
from pe_image_pool.generator import PoolGenerator
from pe_image_pool.index import Index, build_index
from pe_image_pool.pictures import FORMAT, Bad, Pictures, fitted, write
from pe_image_pool.rendered import Rendering, rendering
from pe_sdk import CannotMake, OutputSpec, Peers, PluginWarning

_LIMIT = 2**31 - 1
"""Largest pool: an index holds 32-bit ids."""


def assemble(
    output: OutputSpec, labels: tuple[str, ...], options: Any, peers: Peers
) -> PoolGenerator:
    """See `pe_image_pool.make`."""
    if (
        output.kind != "image"
        or output.dtype != "uint8"
        or len(output.shape) != 3
        or output.shape[2] not in (1, 3)
    ):
        raise CannotMake(
            "image-pool makes uint8 pictures of 1 or 3 channels, "
            f"not {output.kind} of {output.dtype} {list(output.shape)}"
        )
    origin: sources.Source | Rendering
    if options.source:
        origin = sources.find(options.source)
        facts = origin.fingerprint()
    else:
        origin, facts = rendering(
            output, labels, options.generator, options.generator_options, options.count, peers
        )
    key = digest(output.shape, FORMAT, features.FORMAT, facts)
    pictures = Pictures(obtain(key, partial(_build_pictures, origin, output.shape)), output.shape)
    if pictures.bad.count:
        _warn(
            f"{pictures.bad.count} pictures of the pool cannot be used; "
            f"the first is {pictures.bad.first}"
        )
    groups = _groups(labels, pictures.label_names, options.use_labels)
    used = groups is not None
    parts = digest(key, index.FORMAT, used)
    opened = Index.open(obtain(parts, partial(_build_index, pictures, used)))
    return PoolGenerator(
        pictures,
        opened,
        np.zeros(len(labels), np.int64) if groups is None else groups,
        options.neighbours,
    )


def _build_pictures(
    origin: sources.Source | Rendering, shape: tuple[int, ...], folder: Path
) -> None:
    bad = Bad()
    blocks = (
        origin.rows(bad) if isinstance(origin, Rendering) else fitted(origin.pictures(), shape, bad)
    )
    write(blocks, bad, shape, folder)


def _build_index(pictures: Pictures, by_label: bool, folder: Path) -> None:
    if pictures.count > _LIMIT:
        raise CannotMake(f"a pool can have {_LIMIT} pictures, this one has {pictures.count}")
    groups = pictures.labels if by_label else np.zeros(pictures.count, np.int32)
    build_index(pictures.features, groups, len(pictures.label_names) if by_label else 1, folder)


def _groups(
    labels: tuple[str, ...], of_pool: tuple[str, ...], use: str
) -> NDArray[np.int64] | None:
    """The pool's label for each label of the run; None if the pool's labels are not used.

    Warns if `auto` does without the labels of the pool.
    """
    if use == "no":
        return None
    missing = [label for label in labels if label not in of_pool]
    if not missing:
        return np.array([of_pool.index(label) for label in labels], np.int64)
    what = "the pool has no labels"
    if of_pool:
        shown = ", ".join(of_pool[:10]) + (", …" if len(of_pool) > 10 else "")
        what = f"the pool has no pictures labelled {missing[0]!r} (its labels: {shown})"
    if use == "yes":
        raise CannotMake(f"{what}; set use_labels=no to draw from all pictures for every label")
    if len(labels) > 1:
        _warn(f"{what}: the pool's labels are ignored, any label may get any picture")
    return None


def _warn(text: str) -> None:
    warnings.warn(f"image-pool: {text}", PluginWarning, stacklevel=2)
