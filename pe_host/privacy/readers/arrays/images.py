"""Images as arrays store them: channels first or last, any type of number, transparent ones.

Axes and scale follow from the header and from what the user says, never from the values: those of
one record would then decide about all others.
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.records import bounds, converted
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, Records, SourceError, SourceOptions
from pe_sdk.pictures import WHITE, Preparation, prepare_array
from pe_sdk.pictures.tones import scaled

CHANNELS = (1, 3, 4)
"""Numbers of channels: gray, RGB, and RGB with transparency."""

TAKES = ("axes", "range", "size", "fit", "colour", "background")

_THIN = 16
_UINT16 = (0.0, 65535.0)
_RANGE = "say which values are black and white, as in --range 0,1"

Faults = dict[int, SourceError]


@dataclass(frozen=True)
class StoredImages:
    """An array of images, and what becomes of each.

    Args:
        dtype: of the array.
        axes: as the user writes them: letters, or the shape of a flattened image.
        flat: the shape of a flattened image, () if they are not flattened.
        order: the axes N, H, W and perhaps C of the array, once images are not flattened.
        shape: (H, W, C) of an image, in this order.
        range: the values that become black and white; None to keep values 0..255.
        preparation: what happens to the pixels after that.
    """

    dtype: np.dtype[Any]
    axes: str
    flat: tuple[int, ...]
    order: str
    shape: tuple[int, int, int]
    range: tuple[float, float] | None
    preparation: Preparation

    @property
    def output(self) -> OutputSpec:
        return OutputSpec.image(*self.preparation.shape)

    @property
    def _is_prepared(self) -> bool:
        """Whether the pixels are what is wanted as soon as they are uint8."""
        return self.shape == self.preparation.shape

    @property
    def _may_fail(self) -> bool:
        """Whether a record may hold values that cannot be used."""
        return self.dtype.kind == "f" or (
            self.range is None and self.dtype.kind in "iu" and self.dtype != np.uint8
        )

    def sentences(self) -> tuple[str, ...]:
        """What happens to every image, in a few words each."""
        said = []
        if self.axes not in ("NHW", "NHWC"):
            said.append(f"axes read as {self.axes}")
        if self.range is not None:
            low, high = self.range
            said.append(f"{self.dtype} scaled: {low:g} is black, {high:g} white, beyond is clipped")
        elif self.dtype.kind == "b":
            said.append("False is black, True white")
        elif self.dtype != np.uint8:
            said.append(f"{self.dtype} values kept, which must lie in 0..255")
        wanted = self.preparation
        if self.shape[2] == 4:
            place = "#" + bytes(wanted.background).hex()
            said.append(f"transparency on {'white' if wanted.background == WHITE else place}")
        if self.shape[:2] != wanted.shape[:2]:
            how = {
                "crop": "scaled to cover it, cropped to the middle",
                "pad": "scaled to lie inside it, padded with the background",
                "stretch": "stretched to it",
            }[wanted.fit]
            said.append(f"{wanted.shape[0]} × {wanted.shape[1]} pixels: {how}")
        if (self.shape[2] == 1) != (wanted.shape[2] == 1):
            said.append("converted to " + ("gray" if wanted.shape[2] == 1 else "RGB"))
        return tuple(said)

    def read(self, records: Records, name: str, where: str) -> tuple[Records, Faults]:
        """Return the images, uint8 [n, H, W, C], and what is wrong with which of them.

        Args:
            records: the array.
            name: its name, for errors.
            where: the source, for errors.
        """
        if place := self.order.index("N"):  # then no image lies in one piece
            records = np.moveaxis(records[:], place, 0)
        if self._is_prepared and not self._may_fail:
            return converted(records, self._pixels, self.shape, np.uint8), {}
        count = records.shape[0]
        images, faults = new_records(count, self.preparation.shape, np.uint8, where), Faults()
        for start, stop in bounds(records):
            block = self._upright(records[start:stop])
            for row, (what, fix) in self._find_faults(block).items():
                what = f"the image in row {start + row} of {name!r} {what}"
                faults[start + row] = SourceError(what, where=where, fix=fix)
            pixels = self._bytes(block)
            images[start:stop] = pixels if self._is_prepared else self._prepared(pixels)
        return images, faults

    def _pixels(self, block: NDArray[Any]) -> NDArray[np.uint8]:
        return self._bytes(self._upright(block))

    def _upright(self, block: NDArray[Any]) -> NDArray[Any]:
        """The images of a block as [m, H, W, C]."""
        if self.flat:
            block = block.reshape(len(block), *self.flat)
        order = "N" + self.order.replace("N", "")
        wanted = [order.index(axis) for axis in "NHWC" if axis in order]
        return block.transpose(wanted).reshape(len(block), *self.shape)

    def _find_faults(self, block: NDArray[Any]) -> dict[int, tuple[str, str]]:
        flat = block.reshape(len(block), -1)
        if self.dtype.kind == "f":
            bad = ~np.isfinite(flat).all(axis=1)
            what, fix = "has a value that is not finite", "replace such values, or remove it"
        elif self.range is None and self.dtype.kind in "iu":
            bad = ((flat < 0) | (flat > 255)).any(axis=1)
            what, fix = "has a value outside 0..255", "say which values are black and white, as in "
            fix += "--range 0,4095, or remove it"
        else:
            return {}
        return {int(row): (what, fix) for row in np.flatnonzero(bad)}

    def _bytes(self, block: NDArray[Any]) -> NDArray[np.uint8]:
        """The values as uint8; of those that are faults, anything."""
        if self.dtype.kind == "b":
            return np.where(block, np.uint8(255), np.uint8(0))
        if self.range is None:
            return block.astype(np.uint8)
        if self.dtype.kind == "f":
            block = np.nan_to_num(block)
        return scaled(block, self.range)

    def _prepared(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.stack([prepare_array(image, self.preparation) for image in pixels])


def find_images(
    shape: tuple[int, ...], dtype: np.dtype[Any], name: str, options: SourceOptions, where: str
) -> StoredImages:
    """Find what an array of images is, from its header and from what the user says.

    Raises:
        SourceError: it holds no images, or it does not follow how they are stored.
    """
    values = _scale(dtype, name, options, where)
    axes = options.axes or _guess_axes(shape, name, where)
    flat = tuple(map(int, axes.split("x"))) if axes[0].isdigit() else ()
    order = _order_of(flat) if flat else axes
    stored = _image_shape(shape, axes, flat, order, name, where)
    height, width, channels = stored
    if options.fit and not options.size:
        what = "--fit says how images are brought to a size, and there is none"
        raise SourceError(what, where=where, fix=f"add --size, as in --size {height}x{width}")
    if options.size and options.size != (height, width) and not options.fit:
        raise SourceError(
            f"the images are {height} × {width} pixels, not {options.size[0]} × {options.size[1]}",
            where=where,
            fix="say how to bring them to this size: add --fit crop (or pad, or stretch)",
        )
    wanted = {"gray": 1, "rgb": 3, "": 1 if channels == 1 else 3}[options.colour]
    preparation = Preparation.of(options, (*(options.size or (height, width)), wanted))
    # The values are scaled before.
    preparation = replace(preparation, range=None)
    return StoredImages(dtype, axes, flat, order, stored, values, preparation)


def _scale(
    dtype: np.dtype[Any], name: str, options: SourceOptions, where: str
) -> tuple[float, float] | None:
    """The values that become black and white; None where integers 0..255 are kept."""
    if dtype.kind == "O":
        raise SourceError(
            f"{name!r} holds Python objects, such as images of several sizes, not pixels",
            where=where,
            fix="store images of one size as numbers; or save each as a PNG file in the folder of "
            "its class, and pass --data that folder",
        )
    if dtype.kind not in "biuf":
        raise SourceError(
            f"{name!r} holds {dtype}, not pixels",
            where=where,
            fix="store numbers, or give --images the array that does",
        )
    if options.range is not None:
        plain = options.range == (0, 255) and dtype == np.uint8
        return None if plain or dtype.kind == "b" else options.range
    if dtype.kind == "f":
        raise SourceError(
            f"{name!r} holds {dtype}, and it is not known which values are black and white",
            where=where,
            fix="declare it: --range 0,1, or --range 0,255, or --range -1,1",
        )
    if dtype == np.int8:
        fix = f"{_RANGE.replace('0,1', '-128,127')}"
        raise SourceError(f"{name!r} holds int8, which has no usual scale", where=where, fix=fix)
    return _UINT16 if dtype.kind == "u" and dtype.itemsize == 2 else None


_OWN_CHANNELS = (1, 3)


def _guess_axes(shape: tuple[int, ...], name: str, where: str) -> str:
    """The order of the axes, where the header leaves no choice."""
    found = ""
    if len(shape) in (3, 4):
        found = _order_of(shape[1:])
    if found and not _may_be_one_image(shape):
        return found
    what = f"{name!r} is {list(shape)}"
    if len(shape) == 2:
        what += ", a row of numbers for each record"
        fix = "say what shape an image has, as in --axes 28x28, or 3x32x32 for channels first"
    elif len(shape) == 4 and {shape[1], shape[3]} <= set(CHANNELS):
        what += ", where either axis could be the channels"
        fix = "say which: --axes NHWC (channels last) or --axes NCHW (channels first)"
    elif len(shape) == 3:
        what += ", which could be one image of colours, or many gray ones of its last two axes"
        fix = "store images [n, H, W, C]; or say that they are many with --axes NHW"
    else:
        what += ", which is not n images of 1 (gray), 3 (RGB) or 4 (RGBA) channels"
        fix = "store [n, H, W], [n, H, W, C] or [n, C, H, W], or give the order of the axes, as in "
        fix += "--axes HWCN; or give --images the array of the images"
    raise SourceError(what, where=where, fix=fix)


def _may_be_one_image(shape: tuple[int, ...]) -> bool:
    """Whether [H, W, C] of one image is likelier than [n, H, W]: nobody has images that thin."""
    return len(shape) == 3 and shape[2] in (3, 4) and shape[1] >= _THIN


def _order_of(sides: tuple[int, ...]) -> str:
    """The order of N and the axes of an image with these sides; "" if it is not clear."""
    if len(sides) == 2:
        return "NHW"
    first, last = sides[0] in CHANNELS, sides[2] in CHANNELS
    if sides[2] in _OWN_CHANNELS:  # what pe itself writes is never in doubt
        return "NHWC"
    if first == last:
        return ""
    return "NCHW" if first else "NHWC"


def _image_shape(
    shape: tuple[int, ...],
    axes: str,
    flat: tuple[int, ...],
    order: str,
    name: str,
    where: str,
) -> tuple[int, int, int]:
    """(H, W, C) of an image."""
    whole = (*shape[:1], *flat) if flat and shape[1:] == (prod(flat),) else shape
    lengths = dict(zip(order, whole, strict=True)) if len(order) == len(whole) else {}
    if not lengths or lengths.get("C", 1) not in CHANNELS or 0 in (lengths["H"], lengths["W"]):
        raise SourceError(
            f"{name!r} is {list(shape)}, which --axes {axes} does not fit",
            where=where,
            fix="name each axis once: N counts images, H is height, W width, C channels (1, 3 or "
            "4); or give the shape of a flattened image, as in 28x28 or 32x32x3",
        )
    return lengths["H"], lengths["W"], lengths.get("C", 1)


def count_of(shape: tuple[int, ...], options: SourceOptions) -> int:
    """The number of records in an array of this shape; 0 of an array without axes."""
    axes = options.axes
    place = axes.index("N") if len(axes) == len(shape) and "N" in axes else 0
    return shape[place] if shape else 0
