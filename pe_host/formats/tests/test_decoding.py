"""Pictures decoded in a process of their own: the same pixels, and faults that stay there."""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pe_host.formats import decoding
from pe_host.formats.decoding import Decoder, DecoderError
from pe_host.formats.tests.test_pictures import COLOUR, POSTSCRIPT, encoded, png_of, text_bomb
from pe_host.isolation.launch import launch
from pe_sdk.pictures import PictureError, Preparation, prepare

CHILD = """
import os, sys, time
from pe_host.formats import decode_child
from pe_sdk import pictures

def prepare(content, preparation):
    if b"CRASH" in content:
        os.abort()
    if b"HANG" in content:
        time.sleep(600)
    if b"WHO" in content:
        raise pictures.PictureError(f"{{os.getpid()}}\\n\\x1b[2J", "x" * 10_000)
    return pictures.prepare(content, preparation)

decode_child.prepare = prepare
decode_child.main()
"""


AS_IT_IS = Preparation(COLOUR)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A child whose decoder crashes, hangs and fails at the word of a picture."""
    (tmp_path / "odd_decode_child.py").write_text(CHILD.format())
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    return "odd_decode_child"


def test_pixels_and_errors_are_those_of_the_decoder() -> None:
    contents = [encoded(), POSTSCRIPT, encoded("L"), encoded(name="BMP"), b""] * 40
    contents.append(png_of(4, 5, text_bomb(b"zTXt")))
    with Decoder(AS_IT_IS) as decoder:
        answers = list(decoder.decode(contents))
    assert len(answers) == len(contents)
    for content, answer in zip(contents, answers, strict=True):
        try:
            expected = prepare(content, AS_IT_IS)
        except PictureError as error:
            assert isinstance(answer, PictureError)
            assert (answer.what, answer.fix) == (error.what, error.fix)
        else:
            assert isinstance(answer, np.ndarray) and answer.shape == COLOUR
            assert np.array_equal(answer, expected)


def test_a_large_batch_fills_no_pipe_from_both_ends() -> None:
    """Fails by never ending where both sides write and nobody reads."""
    noise = np.random.default_rng(1).integers(0, 256, (600, 600, 3), np.uint8)
    content = b"P6 600 600 255\n" + noise.tobytes()
    with Decoder(Preparation((600, 600, 3))) as decoder:
        assert all(np.array_equal(answer, noise) for answer in decoder.decode([content] * 9))


def test_no_picture_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "launch", None)
    with Decoder(AS_IT_IS) as decoder:
        assert list(decoder.decode([])) == []


def test_the_form_is_read_there_too() -> None:
    with Decoder(None) as decoder:
        assert decoder.form(encoded(name="WEBP")).shape == COLOUR
        with pytest.raises(PictureError, match="cannot be read"):
            decoder.form(POSTSCRIPT)


def test_the_extra_formats_are_decoded_there() -> None:
    """The process may open the packages that it needs, and no other file."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pydicom = pytest.importorskip("pydicom")
    pixels = np.full((64, 80), 120, np.uint8)
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(heic, quality=100)
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = pydicom.uid.CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation, data.PixelData = 7, 0, pixels.tobytes()
    data["PixelData"].VR = "OB"
    dicom = io.BytesIO()
    data.save_as(dicom, enforce_file_format=True)
    with Decoder(Preparation((64, 80, 1))) as decoder:
        for answer in decoder.decode([heic.getvalue(), dicom.getvalue()]):
            assert isinstance(answer, np.ndarray) and np.abs(answer.astype(int) - 120).max() <= 1


def test_a_picture_that_ends_its_decoder_is_a_fault_of_this_picture_only(module: str) -> None:
    contents = [encoded(), b"CRASH", encoded(), encoded(), b"CRASH", encoded()]
    with Decoder(AS_IT_IS, module=module) as decoder:
        answers = list(decoder.decode(contents))
    assert [isinstance(answer, PictureError) for answer in answers] == [
        b"CRASH" in content for content in contents
    ]
    assert isinstance(answers[1], PictureError) and "ends its decoder" in answers[1].what


@pytest.mark.slow
def test_a_picture_that_takes_too_long_is_a_fault(module: str) -> None:
    with Decoder(AS_IT_IS, seconds=5, module=module) as decoder:
        answers = list(decoder.decode([b"HANG", encoded()]))
    assert isinstance(answers[0], PictureError) and isinstance(answers[1], np.ndarray)


def test_a_process_that_was_ended_by_something_else_costs_no_picture(module: str) -> None:
    with Decoder(AS_IT_IS, module=module) as decoder:
        answers = list(decoder.decode([encoded()]))
        assert decoder._process is not None
        decoder._process.end()
        answers += decoder.decode([encoded(), encoded()])
    assert len(answers) == 3 and all(isinstance(answer, np.ndarray) for answer in answers)


def test_texts_of_the_process_are_short_visible_lines(module: str) -> None:
    with Decoder(AS_IT_IS, module=module) as decoder:
        (answer,) = decoder.decode([b"WHO"])
    assert isinstance(answer, PictureError)
    assert answer.what.isprintable() and len(answer.fix) == 1_000
    assert not answer.what.startswith(str(os.getpid())), "it is another process"


def test_a_process_that_does_not_start_is_no_fault_of_a_picture() -> None:
    with (
        Decoder(AS_IT_IS, module="there_is_no_such_module") as decoder,
        pytest.raises(DecoderError, match="does not start"),
    ):
        list(decoder.decode([encoded()]))


PEEK = """
import sys
try:
    open(f"/proc/{sys.argv[1]}/mem", "rb").close()
except PermissionError:
    sys.exit(13)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_plugin_reads_pictures_from_the_memory_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin's process runs as the same user, also as root, without capabilities."""
    (tmp_path / "odd_peek.py").write_text(PEEK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def peek(pid: int) -> int:
        process = launch("odd_peek", [str(pid)], stdin=None, stdout=None)
        try:
            return process.wait(60)
        finally:
            process.end()

    with Decoder(AS_IT_IS) as decoder:
        list(decoder.decode([encoded()]))
        assert decoder._process is not None
        child = child_of(decoder._process.pid)
        assert peek(child) == 13
    assert not Path(f"/proc/{child}").exists(), "it ends with the decoder"


def child_of(warden: int) -> int:
    (child,) = map(int, Path(f"/proc/{warden}/task/{warden}/children").read_text().split())
    return child
