"""Rasteriser: from SVG documents to pixels, by skia."""

from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from pe_avatars.drawing import cropped
from pe_sdk import CannotMake


def draw(root: Element, width: int, height: int) -> NDArray[np.uint8]:
    """Draw a document's crop on a transparent ground.

    Returns:
        uint8 [height, width, 4]: red, green, blue and alpha, premultiplied, sRGB.

    Raises:
        CannotMake: skia cannot be loaded, or cannot read the drawing.
    """
    try:
        import skia
    except ImportError as error:
        raise CannotMake(
            f"avatars draws with skia-python, which does not load: {error}; install it, and the "
            "system's libEGL and libGL"
        ) from None
    document = skia.SVGDOM.MakeFromStream(skia.MemoryStream.MakeCopy(cropped(root, width, height)))
    if document is None:
        raise CannotMake("skia cannot read a drawing of python_avatars; install version 1.4")
    document.setContainerSize(skia.Size(width, height))
    pixels = np.zeros((height, width, 4), np.uint8)
    info = skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    document.render(surface.getCanvas())
    surface.flushAndSubmit()
    return pixels
