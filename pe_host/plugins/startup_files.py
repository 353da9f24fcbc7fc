"""Code that Python runs when it starts, before the wall around plugins: who brings any.

That is each line of a `.pth` file that begins with `import`, and the modules `sitecustomize` and
`usercustomize`. Nothing is imported to find them.
"""

import csv
import site
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pe_host.plugins.names import GROUPS, normalise, one_line

_MODULES = ("sitecustomize", "usercustomize")


@dataclass(frozen=True)
class StartupFile:
    """One file that Python runs when it starts.

    Args:
        path: where it is.
        distribution: normalised name of the distribution that brings it; "" if none does.
        plugins: whether that distribution also brings plugins.
    """

    path: str
    distribution: str
    plugins: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        owner = self.distribution or "no distribution"
        return one_line(f"{self.path} ({owner})")


def startup_files(folders: Sequence[str] | None = None) -> list[StartupFile]:
    """The files that this interpreter runs when it starts.

    Args:
        folders: the import path; by default that of this process.
    """
    folders = sys.path if folders is None else folders
    found = {path for folder in folders if folder for path in _in_folder(Path(folder))}
    if not found:
        return []
    owners = _owners(found)
    return [StartupFile(str(path), *owners.get(path, ("", False))) for path in sorted(found)]


def _in_folder(folder: Path) -> Iterator[Path]:
    for name in _MODULES:
        for path in (folder / f"{name}.py", folder / f"{name}.pyc", folder / name / "__init__.py"):
            if path.is_file():
                yield path
        yield from folder.glob(f"{name}.*.so")
    if folder.name in ("site-packages", "dist-packages") or str(folder) in _site_folders():
        yield from (path for path in folder.glob("*.pth") if _runs_code(path))


def _site_folders() -> set[str]:
    user = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    return {*site.getsitepackages(), user}


def _runs_code(path: Path) -> bool:
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError:
        return False
    return any(line.startswith((b"import ", b"import\t")) for line in lines)


def _owners(paths: set[Path]) -> dict[Path, tuple[str, bool]]:
    """Path -> the distribution that its RECORD names, and whether it brings plugins."""
    from importlib import metadata

    owners: dict[Path, tuple[str, bool]] = {}
    for distribution in metadata.distributions():
        try:
            record = distribution.read_text("RECORD") or ""
            if not any(path.name in record for path in paths):  # to parse them all takes a second
                continue
            files = {Path(str(distribution.locate_file(line[0]))) for line in _lines(record)}
            entries = distribution.read_text("entry_points.txt") or ""
            owner = normalise(distribution.metadata["Name"] or "")
            brings = any(group in entries for group in GROUPS)
            for path in paths & files:
                owners.setdefault(path, (owner, brings))
        except Exception:  # unreadable metadata, which a broken installation leaves behind
            continue
    return owners


def _lines(record: str) -> Iterator[list[str]]:
    return (line for line in csv.reader(record.splitlines()) if line)
