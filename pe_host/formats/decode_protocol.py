"""What the host and the process that decodes pictures say to each other.

A question is the preparation (u32 length, JSON; `null` for the form only), the number of pictures
(u32), their lengths (u64 each) and their contents. There is an answer for each, in order: `FOUND`
and the pixels, or the form (3 × u32) that the header announces; or `FAILED` and two texts, what is
wrong and what to do next (u32 length, UTF-8). The first answer is `READY`.

Nothing is imported here that the process would take long to start with.
"""

import struct

FORM, COUNT, LENGTH, TEXT = (struct.Struct(layout) for layout in ("<3I", "<I", "<Q", "<I"))

READY, FOUND, FAILED = b"R", b"F", b"X"

LONGEST_TEXT = 1_000


def pack_text(text: str) -> bytes:
    """A text in an answer."""
    content = text.encode("utf-8", "replace")[:LONGEST_TEXT]
    return TEXT.pack(len(content)) + content
