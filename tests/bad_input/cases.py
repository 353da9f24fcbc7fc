"""A case: private files, and the words of the command that reads them."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from bad_input.values import Draw, one_in

Content = bytes | str
"""Of a file; or what stands in its place: "pipe", "socket", "folder", "closed", "-> TARGET"."""


@dataclass(frozen=True)
class Case:
    """Private files and the words that read them.

    Args:
        source: the value of --data.
        files: what is at each path below the scratch folder.
        words: options of `pe generate`.
        notes: how the files were made, for the report of a failure.
    """

    source: str
    files: Mapping[bytes, Content] = field(repr=False)
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        for name, content in self.files.items():
            place = folder / os.fsdecode(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                place.write_bytes(content)
            else:
                _stand_in(place, content)


def _stand_in(place: Path, what: str) -> None:
    if what == "pipe":
        os.mkfifo(place)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place))
    elif what == "folder":
        place.mkdir()
    elif what == "closed":
        place.touch(0o000)
    else:
        place.symlink_to(what.removeprefix("-> "))


STAND_INS = ("pipe", "socket", "folder", "closed", "-> nothing", "-> .", "-> /dev/zero", "-> x")

Edit = Callable[[Draw, dict], None]


def edits(draw: Draw, possible: Mapping[str, Edit], subject: dict, most: int = 3) -> list[str]:
    """Change the subject in a few of the possible ways, and return their names."""
    least = 0 if one_in(draw, 3) else 1
    names = draw(st.lists(st.sampled_from(sorted(possible)), min_size=least, max_size=most))
    for name in names:
        possible[name](draw, subject)
    return names


@st.composite
def options(draw: Draw) -> tuple[str, ...]:
    """Options that decide what becomes of records, classes and metadata."""
    words: list[str] = []
    if draw(st.booleans()):
        words += ["--bad-records", draw(st.sampled_from(("drop", "refuse")))]
    ranges = draw(st.sampled_from(("", "", "--public-ranges", "--no-public-ranges")))
    words += [ranges] if ranges else []
    classes = draw(st.sampled_from(("", "", "", "a,b", "a", "a,b,c", "b,a", "é,ε")))
    words += ["--classes", classes] if classes else []
    shares = draw(st.sampled_from(((), (), ("uniform", "9"), ("public:1,2", "9"))))
    words += ["--class-shares", shares[0], "--public-size", shares[1]] if shares else []
    return tuple(words)
