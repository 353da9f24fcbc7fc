"""An atlas of the user's own fonts.

Each font is converted once and kept in the cache folder under a digest of its content.
"""

import contextlib
import os
import tempfile
import warnings
import zipfile
from hashlib import blake2b
from pathlib import Path

import numpy as np

from pe_sdk import CannotMake, PluginWarning
from pe_text_render.atlas import Atlas, Face
from pe_text_render.cells import INNER, SIZE, STEPS
from pe_text_render.glyphs import EM, Glyphs, from_font

SUFFIXES = (".ttf", ".otf", ".ttc", ".woff", ".woff2")
_FORMAT = f"1/{SIZE}/{INNER}/{STEPS}/{EM}"
"""Part of the digest: glyphs made with other settings are other glyphs."""


def atlas_of(folder: Path, chars: str) -> Atlas:
    """Build the atlas of the fonts in a folder and its subfolders, ordered by path.

    A font that cannot be read causes one `PluginWarning` that names the file.

    Raises:
        CannotMake: there is no such folder, or no usable font in it.
    """
    if not folder.is_dir():
        raise CannotMake(f"there is no folder {folder}; give a folder of fonts that exists")
    chars = "".join(sorted(set(chars)))
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    faces, made = [], []
    for path in found:
        try:
            glyphs = _cached(path, chars)
        except Exception as error:  # the font libraries raise anything for a broken file
            warnings.warn(
                f"text-render: skipped the font {path}, which cannot be read: {_line(error)}",
                PluginWarning,
                stacklevel=2,
            )
            continue
        faces.append(_face(path, folder, found))
        made.append(glyphs)
    if not made:
        raise CannotMake(f"no usable font in {folder}; put {', '.join(SUFFIXES)} files there")
    stacks = [
        np.stack([getattr(glyphs, name) for glyphs in made])
        for name in ("cells", "metrics", "present")
    ]
    return Atlas(tuple(faces), chars, *stacks)


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _face(path: Path, folder: Path, found: list[Path]) -> Face:
    alone = sum(other.stem == path.stem for other in found) == 1
    name = path.stem if alone else path.relative_to(folder).as_posix()
    return Face(name, path.stem, "", False, "", "", "", "")


def cache_folder() -> Path:
    """The folder where glyphs of the user's fonts are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pe" / "text-render"


def _cached(path: Path, chars: str) -> Glyphs:
    digest = blake2b(
        path.read_bytes(), digest_size=20, key=blake2b(f"{_FORMAT}/{chars}".encode()).digest()
    ).hexdigest()
    kept = cache_folder() / f"{digest}.npz"
    try:
        with np.load(kept, allow_pickle=False) as archive:
            return Glyphs(archive["cells"], archive["metrics"], archive["present"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):  # missing or damaged: made again
        pass
    glyphs = from_font(path, chars)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        _write(kept, glyphs)
    return glyphs


def _write(path: Path, glyphs: Glyphs) -> None:
    """Write atomically, whoever else writes the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(
                file, cells=glyphs.cells, metrics=glyphs.metrics, present=glyphs.present
            )
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
