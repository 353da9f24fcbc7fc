"""Strategies of values that nobody expects: texts, numbers, JSON, and damaged bytes.

`SECRETS` are what private files hold, in names and numbers. No command may show them.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

NAME = "zq8jane"
"""Part of private names: of files, of clients, of labels of private records."""

NUMBER = 918273645
"""Part of private records, in labels, ids and values."""

BOUND = 736455182
"""Ranges and steps in a private file, which are private until the user declares them public."""

SECRETS = (NAME, "91827364", "91827366", "9.18274e+08", "9.182736e+08", "9.182737e+08")
"""How these look when they are printed: as integers, as floats of both sizes, in short."""

BOUNDS = ("73645518", "7.36455e+08")
"""How the bound looks."""

TEXTS = (
    "",
    " ",
    "a",
    "0",
    "-1",
    "..",
    "/",
    "a/b",
    "a:b",
    "a,b",
    "a=b",
    "npz:",
    ":x",
    "folder:",
    "nothing:x",
    "~nobody/x",
    "$HOME",
    "a\nb",
    "a\tb",
    "\x1b[2J",
    "\x7f",
    "a\u2028b",
    "\u202eabc",
    "é\u0301",
    "𝔘𝔫𝔦",
    "ε",
    "\udcff",
    "a" * 300,
    "🎲" * 100,
    "%s%n{0}",
    "<script>",
    "'\"`\\",
    "--help",
    "-",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1_000",
    "٣",
    "0x10",
    "1" * 5000,
    "True",
    "None",
)

texts: st.SearchStrategy[str] = st.sampled_from(TEXTS) | st.text(max_size=12)
"""Texts; some cannot be encoded."""

words: st.SearchStrategy[str] = texts.map(lambda text: text.replace("\0", "")).filter(
    lambda text: not any("\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" for c in text)
)
"""Texts that the system passes on a command line: no NUL, and surrogates for bytes only."""

integers: st.SearchStrategy[int] = st.sampled_from(
    (0, 1, -1, 2, 3, 7, 255, 256, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30)
) | st.integers(-5, 300)

floats: st.SearchStrategy[float] = st.sampled_from(
    (0.0, -0.0, 0.5, 1e-300, 1e300, -1e300, 1e-12, float("nan"), float("inf"), float("-inf"))
) | st.floats(width=32)

scalars: st.SearchStrategy[Any] = st.none() | st.booleans() | integers | floats | texts

jsons: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool), inner, max_size=4)
    ),
    max_leaves=8,
)
"""Anything that Python reads as JSON, NaN and infinity too."""

deep: st.SearchStrategy[Any] = st.sampled_from((30, 200)).map(
    lambda depth: _nested(depth) if depth else 0
)


def _nested(depth: int) -> Any:
    value: Any = 0
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def one_in(draw: Draw, count: int) -> bool:
    """Draw True once in so many times."""
    return draw(st.sampled_from((False,) * (count - 1) + (True,)))


places: st.SearchStrategy[float] = st.floats(0, 1, exclude_max=True, width=32)
"""Where in a file, as a share of it."""


@st.composite
def damages(draw: Draw) -> Callable[[bytes], bytes]:
    """Ways to damage a file: cut short, bits flipped, bytes replaced, repeated or added."""
    how = draw(st.sampled_from(("cut", "flip", "flip", "replace", "repeat", "append", "prepend")))
    at = [_position(draw) for _ in range(draw(st.integers(1, 4)))]
    junk = draw(st.binary(min_size=1, max_size=16) | st.sampled_from((b"\0" * 64, b"\xff" * 8)))
    bits = draw(st.lists(st.integers(0, 7), min_size=len(at), max_size=len(at)))

    def damage(content: bytes) -> bytes:
        if not content:
            return content
        first = at[0](len(content))
        if how == "cut":
            return content[:first]
        if how == "flip":
            changed = bytearray(content)
            for where, bit in zip(at, bits, strict=True):
                changed[where(len(content))] ^= 1 << bit
            return bytes(changed)
        if how == "replace":
            return content[:first] + junk + content[first + len(junk) :]
        if how == "repeat":
            return content[: first + 64] + content[first:]
        return content + junk if how == "append" else junk + content

    return damage


def _position(draw: Draw) -> Callable[[int], int]:
    """A place anywhere, or among the first or last bytes, where formats keep what matters."""
    share, zone = draw(places), draw(st.sampled_from(("any", "start", "end")))

    def place(length: int) -> int:
        if zone == "any":
            return int(share * length)
        near = int(share * min(length, 256))
        return near if zone == "start" else length - 1 - near

    return place
