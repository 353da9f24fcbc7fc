"""The geometry: pictures of any size to one size."""

from PIL import Image

from pe_sdk.pictures.spec import Preparation, damaged

FILTER = Image.Resampling.LANCZOS
"""The one filter, with antialiasing where pictures are scaled down. Pillow computes it with
integers."""


def fitted(image: Image.Image, preparation: Preparation) -> Image.Image:
    """Return a picture of mode L or RGB at the size of the preparation.

    Raises:
        PictureError: it has another size, and the preparation does not say how to change it.
    """
    height, width, _ = preparation.shape
    size = (width, height)
    if image.size == size:
        return image
    if not preparation.fit:  # its header announced the size that it does not have
        raise damaged()
    across, down = image.width / width, image.height / height
    if preparation.fit == "pad":
        scale = max(across, down)
        inner = (
            max(1, min(width, round(image.width / scale))),
            max(1, min(height, round(image.height / scale))),
        )
        colour = Image.new("RGB", (1, 1), preparation.background).convert(image.mode)
        whole = colour.resize(size)
        whole.paste(
            image.resize(inner, FILTER), ((width - inner[0]) // 2, (height - inner[1]) // 2)
        )
        return whole
    box = (0.0, 0.0, float(image.width), float(image.height))
    if preparation.fit == "crop":
        scale = min(across, down)
        left, top = (image.width - width * scale) / 2, (image.height - height * scale) / 2
        box = (max(left, 0.0), max(top, 0.0), image.width - left, image.height - top)
        box = (box[0], box[1], min(box[2], image.width), min(box[3], image.height))
    return image.resize(size, FILTER, box)
