"""Unpacked font packages: their folders, versions and licence notices."""

import gzip
import json
import re
from pathlib import Path


def package_folder(folder: Path, name: str) -> Path:
    found = [
        p
        for p in sorted(folder.iterdir())
        if re.fullmatch(re.escape(name) + r"(-\d[\d.]*)?", p.name)
    ]
    if not found:
        raise SystemExit(f"{folder} has no package {name!r}")
    return found[0]


def version_of(package: Path) -> str:
    if (package / "package.json").exists():
        return str(json.loads((package / "package.json").read_text())["version"])
    changelog = next(iter(sorted(package.glob("usr/share/doc/*/changelog.Debian*.gz"))))
    return re.search(r"\(([^)]+)\)", gzip.open(changelog, "rt", errors="replace").readline()).group(
        1
    )


def notice_of(package: Path) -> str:
    """The notices of the font: its licences and copyright lines, without those of the packaging."""
    found = [package / "LICENSE", *sorted(package.glob("usr/share/doc/*/copyright"))]
    return font_notice(
        next(p for p in found if p.exists()).read_text(encoding="utf-8", errors="replace")
    )


def font_notice(text: str) -> str:
    """Drop the format line and the stanzas on packaging scripts from a copyright file."""
    stanzas = re.split(r"\n[ \t]*\n", text)
    kept = [stanza for stanza in stanzas if not re.match(r"\s*Files:\s*debian/", stanza)]
    lines = [
        line
        for line in "\n\n".join(kept).split("\n")
        if not re.match(r"(Format|Debianized-By):", line)
    ]
    return re.sub(r" ?<[^<>\s]+@debian[.]org>", "", "\n".join(lines)).strip("\n") + "\n"
