"""Folder names for labels that every file system accepts: all different, none leading elsewhere."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_FORBIDDEN = frozenset('/\\:*?"<>|%')
# Unicode categories: controls, direction marks, surrogates, line ends
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?|labels\.json", re.IGNORECASE
)
_LONGEST = 200  # bytes; file systems allow 255, which leaves room for a suffix


def folder_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return a folder name for each label name, in order; the name itself if it is safe.

    Unsafe characters are written as %XX of their UTF-8 bytes. A literal % is always escaped, so
    `%empty`, `%~2` and the like cannot come from any other name. Names that differ only in case or
    Unicode normal form, which some file systems consider equal, get a suffix.
    """
    taken: set[str] = set()
    folders = []
    for name in names:
        folder = base = _escape(name)
        copy = 1
        while _key(folder) in taken:
            copy += 1
            folder = f"{base}%~{copy}"
        taken.add(_key(folder))
        folders.append(folder)
    return tuple(folders)


def _escape(name: str) -> str:
    if not name:
        return "%empty"
    safe = "".join(
        _hex(c) if c in _FORBIDDEN or unicodedata.category(c) in _INVISIBLE else c for c in name
    )
    if safe[0] in ". ":
        safe = _hex(safe[0]) + safe[1:]
    if safe[-1] in ". ":
        safe = safe[:-1] + _hex(safe[-1])
    if _RESERVED.fullmatch(safe):
        safe = _hex(safe[0]) + safe[1:]
    if len(safe.encode()) > _LONGEST:
        start = safe.encode()[: _LONGEST - 20].decode(errors="ignore")
        safe = f"{start}%~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return safe


def _hex(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _key(folder: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", folder).casefold())
