"""The process that decodes pictures for `pe_host.formats.decoding`: confined, and without files.

It reads questions from descriptor 0 and answers on descriptor 1; see `decode_protocol` for both.
"""

import contextlib
import json
import os
import resource
import struct
from typing import BinaryIO

from pe_host.formats.decode_protocol import (
    COUNT,
    FAILED,
    FORM,
    FOUND,
    LENGTH,
    READY,
    TEXT,
    pack_text,
)
from pe_host.isolation.confine import protect_memory
from pe_sdk.pictures import PictureError, Preparation, form_of, prepare

_MEMORY = 8 << 30
"""Address space: decoding the largest picture takes a small part of it."""


def main() -> None:
    """Answer until the host closes the pipe."""
    # Pictures arrive after this: no other process of this user reads them from here.
    protect_memory()
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with os.fdopen(0, "rb") as questions, os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        answers.write(READY)
        while head := questions.read(TEXT.size):
            document = json.loads(questions.read(TEXT.unpack(head)[0]))
            preparation = None if document is None else Preparation.from_json(document)
            (count,) = COUNT.unpack(questions.read(COUNT.size))
            for content in _contents(questions, count):
                for part in answer(content, preparation):
                    _write(answers, part)


def _contents(questions: BinaryIO, count: int) -> list[bytes]:
    """Read the whole question before any answer: two full pipes would wait for each other."""
    lengths = [LENGTH.unpack(questions.read(LENGTH.size))[0] for _ in range(count)]
    return [questions.read(length) for length in lengths]


def answer(content: bytes, preparation: Preparation | None) -> tuple[bytes, ...]:
    """Decode one picture; the parts of the answer to it, or to what is wrong with it."""
    try:
        if preparation is None:
            return FOUND, FORM.pack(*form_of(content).shape)
        return FOUND, prepare(content, preparation).tobytes()
    except PictureError as error:
        return FAILED, pack_text(error.what), pack_text(error.fix)
    except MemoryError:
        what, fix = "takes too much memory to decode", "scale it down, or remove it"
        return FAILED, pack_text(what), pack_text(fix)


def _write(answers: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[answers.write(view) :]


if __name__ == "__main__":
    try:
        main()
    except (struct.error, ValueError):  # the host has gone in the middle of a question
        raise SystemExit(1) from None
