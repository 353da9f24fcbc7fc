"""Files of pictures, for the decoder that readers and generators share: `pe_sdk.pictures`."""

from typing import BinaryIO

from pe_sdk.pictures import FILE_BYTES, too_long


def read_content(file: BinaryIO) -> bytes:
    """Read a whole file of one picture.

    Raises:
        PictureError: it is larger than `FILE_BYTES`.
        OSError: it cannot be read.
    """
    content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise too_long()
    return content
