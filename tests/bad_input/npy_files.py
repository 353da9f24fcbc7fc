"""npy files with something wrong: one of images, one of labels, or a folder of them."""

from typing import Any

from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.npz_files import ARRAY_OPTIONS, EDITS, good, npy
from bad_input.values import Draw, damages, one_in

SOURCES = (
    *("d", "d", "npy:d", "d/images.npy", "d/images.npy,d/labels.npy", "d/labels.npy,d/images.npy"),
    *("npy:d/images.npy", "d/images.npy,d/nothing.npy", "d/images.npy,", "d/images.npy,d"),
)

CHANGES = {name: change for name, change in EDITS.items() if name not in ("names", "features")}


@st.composite
def npy_files(draw: Draw) -> Case:
    arrays: dict[str, Any] = good("images", one_in(draw, 3), one_in(draw, 4))
    notes = edits(draw, CHANGES, arrays)
    files: dict[bytes, Content] = {}
    for name, value in arrays.items():
        content: Content = value if isinstance(value, bytes) else npy(value)
        if one_in(draw, 6):
            notes.append(f"{name} damaged")
            content = draw(damages())(content)
        if one_in(draw, 30):
            content = draw(st.sampled_from((b"", b"\x93NUMPY", b"PK\3\4", *STAND_INS)))
        plain = name.replace("/", "_").replace("\0", "_").encode("utf-8", "replace")[:200]
        files[b"d/" + plain + b".npy"] = content
    own = {**ARRAY_OPTIONS, "--labels": (*ARRAY_OPTIONS["--labels"], "d/labels.npy", "labels.npy")}
    words = draw(reading(own, OF_PICTURES))
    return Case(
        draw(st.sampled_from(SOURCES)), files, words, tuple(notes), draw(st.sampled_from(COMMANDS))
    )
