"""Zip archives of pictures with something wrong: names, members, the directory, the bytes."""

import io
import struct
import warnings
import zipfile
from collections.abc import Mapping

from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.npz_files import lies
from bad_input.picture_folders import EDITS, picture
from bad_input.values import NAME, Draw, damages, one_in

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def packed(files: Mapping[bytes, Content], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these files, without what is none."""
    members = [(name.decode("utf-8", "replace"), c) for name, c in files.items()]
    return archive([(name, c) for name, c in members if isinstance(c, bytes)], method)


def archive(members: list[tuple[str, bytes]], method: int, mode: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some names occur twice
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = method, mode << 16
            made.writestr(info, content)
    return stream.getvalue()


NAMES = (
    *(f"../{NAME}.png", f"/data/{NAME}.png", f"a/../../{NAME}.png", f"C:/{NAME}.png", "a\\b.png"),
    *(f"data/a/{NAME}0.png", "data/a/", f"data/c/{NAME}.png", f"data/a/./{NAME}.png", "", "/", "a"),
    *(f"data/{NAME}.png", f"__MACOSX/{NAME}.png", "data/a/.hidden", f"data/a/{NAME}\x1b[2J.png"),
    *("data/a/" + "x" * 2_000, "metadata.csv", "dataset.json"),
)


@st.composite
def zip_files(draw: Draw) -> Case:
    files: dict[bytes, Content] = {
        f"data/{'ab'[i % 2]}/{NAME}{i}.png".encode(): picture() for i in range(6)
    }
    notes = edits(draw, EDITS, files, most=2)
    members = [
        (name.decode("utf-8", "replace"), content)
        for name, content in files.items()
        if isinstance(content, bytes)
    ]
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        notes.append("member")
        members.append((draw(st.sampled_from(NAMES)), draw(st.sampled_from((picture(), b"")))))
    mode = draw(st.sampled_from((0, 0, 0, 0o100644, 0o120777, 0o010644)))
    content = archive(members, draw(st.sampled_from((*METHODS[:2] * 4, *METHODS))), mode)
    for note, changes in (("lies", lies()), ("damaged", damages())):
        if one_in(draw, 8):
            notes.append(note)
            content = draw(changes)(content)
    if one_in(draw, 41):
        junk = st.sampled_from((b"", b"PK\5\6" + bytes(18), struct.pack("<I", 0x04034B50)))
        content = draw(junk | st.sampled_from(STAND_INS))
    folder = one_in(draw, 6)  # the archive is all that a folder holds
    place = b"in/x.zip" if folder else b"x.zip"
    source = "in" if folder else draw(st.sampled_from(("x.zip", "x.zip", "zip:x.zip")))
    words = draw(reading({"--images": ("data", "x"), "--labels": LABELS}, OF_PICTURES))
    return Case(source, {place: content}, words, tuple(notes), draw(st.sampled_from(COMMANDS)))


LABELS = ("folder", "none", "name:^(.)", "path:(z.+e)", "path:/([ab])/", "metadata.csv:label")
