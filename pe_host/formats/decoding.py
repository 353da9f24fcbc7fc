"""Pictures decoded in a process of their own, confined by the kernel.

Decoders are large libraries of C, and a picture can come from anybody. Here a fault in one of them
ends or takes over a process that has one batch of pictures, no file and no record beside. The host
opens the files, sends their content, and takes raw pixels of the planned shape, of which any bytes
are valid.
"""

import contextlib
import fcntl
import math
import os
import select
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType, TracebackType

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.decode_protocol import (
    ANY,
    COUNT,
    FORM,
    FOUND,
    LENGTH,
    LONGEST_TEXT,
    READY,
    TEXT,
)
from pe_host.formats.pictures import PIXELS, Form, PictureError
from pe_host.isolation.launch import Launched, launch

BATCH = 64
BATCH_BYTES = 1 << 22
"""A batch ends at this many pictures or bytes, whichever comes first."""

SECONDS = 60.0
"""Time limit of one picture."""

_PIPE_BYTES = 1 << 20
_CHILD = "pe_host.formats.decode_child"
_ENVIRONMENT = MappingProxyType({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
_FIX = "repair it, or remove it"

Decoded = NDArray[np.uint8] | PictureError


class DecoderError(Exception):
    """There is no process that decodes; no picture is to blame."""


class Decoder:
    """A context manager that decodes pictures of one shape in a confined process.

    A picture that ends the process, or takes longer than `seconds`, is an error of this picture,
    and another process goes on with the next.

    Args:
        shape: (H, W, C) of every picture; `ANY` for a decoder that only reads forms.
        seconds: time limit of one picture.
        module: what the process runs.
    """

    def __init__(
        self, shape: tuple[int, ...], seconds: float = SECONDS, module: str = _CHILD
    ) -> None:
        self._shape = shape
        self._size = FORM.size if shape == ANY else math.prod(shape)
        self._seconds, self._module = seconds, module
        self._process: Launched | None = None

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def decode(self, contents: Iterable[bytes]) -> Iterator[Decoded]:
        """Yield the pixels of each picture, uint8 [H, W, C], or what is wrong with it, in order.

        Raises:
            DecoderError: the process does not start.
        """
        for batch in _batches(contents):
            done = 0
            while done < len(batch):
                answers, failed = self._batch(batch[done:])
                yield from answers
                done += len(answers)
                if failed:
                    yield self._alone(batch[done])
                    done += 1

    def form(self, content: bytes) -> Form:
        """The form of a picture, of a decoder for `ANY` shape.

        Raises:
            PictureError: see `pe_host.formats.pictures.form_of`.
            DecoderError: the process does not start.
        """
        answer = self._alone(content)
        if isinstance(answer, PictureError):
            raise answer
        form = Form(*FORM.unpack(answer.tobytes()))
        if form.channels not in (1, 3) or not 0 < form.height * form.width <= PIXELS:
            raise PictureError("has a form that no picture has", _FIX)
        return form

    def _alone(self, content: bytes) -> Decoded:
        """Try a picture by itself: what else happened must not decide about it."""
        answers, _ = self._batch([content])
        return answers[0] if answers else PictureError("ends its decoder, or takes too long", _FIX)

    def _batch(self, batch: Sequence[bytes]) -> tuple[list[Decoded], bool]:
        """What came back for a batch, and whether the next picture ended the process."""
        process = self._process = self._process or self._start()
        answers: list[Decoded] = []
        try:
            self._ask(process, batch)
            while len(answers) < len(batch):
                answers.append(self._answer())
        except (OSError, EOFError):  # TimeoutError is an OSError
            self._end()
            return answers, True
        return answers, False

    def _start(self) -> Launched:
        try:
            self._process = launch(
                self._module,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                environment=_ENVIRONMENT,
            )
            _widen(self._process)
            if self._read(1) == READY:
                return self._process
        except (OSError, EOFError):
            pass
        self._end()
        raise DecoderError("the process that decodes pictures does not start")

    def _ask(self, process: Launched, batch: Sequence[bytes]) -> None:
        assert process.stdin is not None
        lengths = b"".join(LENGTH.pack(len(content)) for content in batch)
        head = FORM.pack(*self._shape) + COUNT.pack(len(batch)) + lengths
        for content in (head, *batch):
            view = memoryview(content)
            while view:
                view = view[process.stdin.write(view) or 0 :]

    def _answer(self) -> Decoded:
        if self._read(1) == FOUND:
            pixels = np.frombuffer(self._read(self._size), np.uint8)
            return pixels if self._shape == ANY else pixels.reshape(self._shape)
        return PictureError(self._text(), self._text())

    def _text(self) -> str:
        length = min(TEXT.unpack(self._read(TEXT.size))[0], LONGEST_TEXT)
        text = self._read(length).decode("utf-8", "replace")
        return "".join(c for c in text if c.isprintable())

    def _read(self, length: int) -> bytearray:
        """Exactly this many bytes; else EOFError, or TimeoutError."""
        assert self._process is not None and self._process.stdout is not None
        descriptor, content = self._process.stdout.fileno(), bytearray(length)
        view, deadline = memoryview(content), time.monotonic() + self._seconds
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
            count = os.readv(descriptor, [view])
            if not count:
                raise EOFError
            view = view[count:]
        return content

    def _end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.end()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _widen(process: Launched) -> None:
    """Ask for wider pipes (Linux): a picture of pixels takes fewer turns between the processes."""
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError, AttributeError):
            assert stream is not None
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _batches(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for content in contents:
        batch.append(content)
        size += len(content)
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
