"""A case: private files, and the words of the command that reads them."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from bad_input.commands import SMALL
from bad_input.values import BOUNDS, SECRETS, Draw, one_in
from bad_input.values import words as typed

Content = bytes | str
"""Of a file; or what stands in its place: "pipe", "socket", "folder", "closed", "-> TARGET"."""


@dataclass(frozen=True)
class Case:
    """Private files and the words that read them.

    Args:
        source: the value of --data.
        files: what is at each path below the scratch folder.
        words: options of the command.
        notes: how the files were made, for the report of a failure.
        command: `generate`, or `inspect` with some of its options.
    """

    source: str
    files: Mapping[bytes, Content] = field(repr=False)
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    command: tuple[str, ...] = ("generate",)

    @property
    def line(self) -> tuple[str, ...]:
        """The command."""
        if self.command[0] == "inspect":
            return (*self.command, self.source, *self.words)
        return ("generate", *SMALL, *_RUN, "--data", self.source, *self.words)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the command must not show."""
        if "--public-classes" in self.words:
            return ()
        return SECRETS if "--public-ranges" in self.words else (*SECRETS, *BOUNDS)

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

_RUN = ("--epsilon", "4", "--out", "run")

Edit = Callable[[Draw, dict], None]


def edits(draw: Draw, possible: Mapping[str, Edit], subject: dict, most: int = 3) -> list[str]:
    """Change the subject in a few of the possible ways, and return their names."""
    count = min(most, draw(st.sampled_from((0, 1, 1, 1, 1, 2, 3, 4))))
    names = [draw(st.sampled_from(sorted(possible))) for _ in range(count)]
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


_SHARED: dict[str, tuple[str, ...]] = {
    "--classes": ("a,b", "a,b", "a", "b,a", "0,1", "1,2", "all", "é,ε"),
    "--bad-records": ("drop", "drop", "refuse"),
    "--public-classes": (),
    "--labels-from": ("0", "1", "2", "2147483648"),
    "--split": ("train", "test", "all", "val", "x"),
}
"""Options of most readers, with the values that are tried; () for a switch."""

_PICTURES: dict[str, tuple[str, ...]] = {
    "--size": ("4", "8x8", "1x3", "65536x65536", "64x1"),
    "--fit": ("crop", "pad", "stretch"),
    "--colour": ("rgb", "gray"),
    "--background": ("black", "#ff0010"),
    "--range": ("0,1", "0,4095", "1,0", "-1e308,1e308", "0,1e-320"),
}

_SERIES: dict[str, tuple[str, ...]] = {
    "--id": ("id", "day", "client", "x", "nothing"),
    "--time": ("time", "id", "x", "nothing"),
    "--values": ("x", "x,y", "t0,t1,t2,t3", "time", "label"),
    "--length": ("1", "3", "4", "5", "9", "2147483648"),
    "--missing": ("refuse", "drop", "hold", "interpolate", "zero"),
    "--fit": ("crop", "pad", "stretch"),
    "--step": ("1", "1e-300", "15"),
    "--step-unit": ("min", "h"),
    "--feature-units": ("x=kW", "y=K", "nothing=1"),
    "--feature-ranges": ("x=0..10", "x=-1e308..1e308", "y=0..1", "nothing=0..1"),
}

OF_PICTURES = {**_SHARED, **_PICTURES}
OF_SERIES = {**_SHARED, **_SERIES}


@st.composite
def reading(
    draw: Draw, own: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Options of a reader: mostly one or two of its own, seldom of those that most readers have."""
    chosen = draw(st.lists(st.sampled_from(sorted(own)), max_size=2, unique=True)) if own else []
    if one_in(draw, 3):
        chosen += draw(st.lists(st.sampled_from(sorted(others)), max_size=2, unique=True))
    words: list[str] = []
    for name in dict.fromkeys(chosen):
        values = own.get(name, others.get(name, ()))
        words += [name, draw(st.sampled_from(values))] if values else [name]
        if values and one_in(draw, 16):
            words[-1] = draw(typed)
    return tuple(words)


COMMANDS = (
    *[("generate",)] * 4,
    *(("inspect",), ("inspect", "--private"), ("inspect", "--json")),
)
