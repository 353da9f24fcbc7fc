"""The process that decodes pictures, taken over by one: whatever it answers, its host goes on."""

import io
import os
import struct

import numpy as np
from hypothesis import strategies as st

from bad_input.tiers import Tally, for_each, tiers
from bad_input.values import Draw
from pe_host.formats.decode_protocol import FAILED, FOUND, LONGEST_TEXT, READY
from pe_host.formats.decoding import Decoder
from pe_sdk.pictures import PIXELS, PictureError, Preparation

SHAPE = (2, 3, 1)


class _Process:
    """A process whose answer is already in the pipe; questions go nowhere."""

    def __init__(self, answer: bytes) -> None:
        source, sink = os.pipe()
        with os.fdopen(sink, "wb") as pipe:
            pipe.write(answer)
        self.stdin, self.stdout = io.BytesIO(), os.fdopen(source, "rb", buffering=0)

    def end(self) -> None:
        pass


class _Taken(Decoder):
    """A decoder whose processes answer what they are given, one after the other."""

    def __init__(self, preparation: Preparation | None, answers: list[bytes]) -> None:
        super().__init__(preparation, seconds=1.0)
        self._answers = iter(answers)

    def _start(self) -> _Process:
        self._process = _Process(next(self._answers, b""))
        return self._process


@st.composite
def answers(draw: Draw) -> bytes:
    """Parts of answers, in any order, with texts of any length."""
    numbers = st.sampled_from((0, 1, 3, 5, LONGEST_TEXT, 2**31, 2**32 - 1))
    length = numbers.map(lambda number: struct.pack("<I", number))
    form = st.tuples(numbers, numbers, numbers).map(lambda sides: struct.pack("<3I", *sides))
    part = st.one_of(
        st.just(FOUND + bytes(range(6))),
        st.just(FAILED + struct.pack("<I", 3) + b"bad" + struct.pack("<I", 0)),
        st.sampled_from((READY, FOUND, FAILED, b"\x1b[2J", b"\xff" * 9, bytes(40))),
        length,
        form.map(lambda sides: FOUND + sides),
        st.binary(max_size=12),
    )
    return b"".join(draw(st.lists(part, max_size=6)))


@tiers(few=40, many=200)
def test_any_answer_is_pixels_or_an_error_of_one_picture(tally: Tally, count: int) -> None:
    def holds(told: list[bytes]) -> None:
        with _Taken(Preparation(SHAPE), told) as decoder:
            found = list(decoder.decode([b"a", b"b", b"c"]))
        assert len(found) == 3
        for one in found:
            tally[isinstance(one, PictureError)] += 1
            if isinstance(one, PictureError):
                assert one.what.isprintable() and one.fix.isprintable()
                assert len(one.what) <= LONGEST_TEXT
            else:
                assert one.shape == SHAPE and one.dtype == np.uint8
        with _Taken(None, told) as decoder:
            try:
                form = decoder.form(b"a")
                assert form.channels in (1, 3) and 0 < form.height * form.width <= PIXELS
            except PictureError as error:
                assert error.what.isprintable()

    for_each(st.lists(answers(), min_size=1, max_size=4), count, holds)
    assert tally[False] and tally[True]
