"""Changelog fragments: each has a name that towncrier reads, and a misspelt name is noticed."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pe_host

ROOT = Path(__file__).resolve().parents[1]
KINDS = {
    kind["directory"]
    for kind in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
}


def draft(folder):
    words = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--draft",
        "--version",
        "99.0.0",
        "--dir",
        str(folder),
    ]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_every_fragment_is_well_named_and_reaches_the_changelog():
    """towncrier skips files whose names it cannot read: a misspelt one would be lost silently."""
    fragments = [
        path for path in (ROOT / "changes").iterdir() if path.name not in ("README.md", ".gitkeep")
    ]
    names = re.compile(rf"[a-z0-9-]+\.({'|'.join(sorted(KINDS))})\.md")
    assert not [path.name for path in fragments if not names.fullmatch(path.name)]
    text = draft(ROOT)
    assert not [path.name for path in fragments if " ".join(path.read_text().split()) not in text]


def test_a_fragment_of_each_kind_is_written_out(tmp_path):
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "changes").mkdir()
    for kind in KINDS:
        (tmp_path / f"changes/x-{kind}.{kind}.md").write_text(f"A {kind} of note.\n")
    text = draft(tmp_path)
    assert all(f"A {kind} of note." in text for kind in KINDS)
    assert "## 99.0.0" in text


def test_the_changelog_knows_this_version():
    assert f"\n## {pe_host.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
