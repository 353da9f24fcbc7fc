"""`pe new-plugin`: the folder of a new plugin, made by copier from pe's template or another."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pe_host import __version__
from pe_host.errors import DataError, UsageError

KINDS = ("simulator", "generator", "embedding", "reader", "exporter")
LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause")
ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class NewPlugin:
    """A plugin that was created."""

    name: str
    folder: Path
    files: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        return {"name": self.name, "folder": str(self.folder), "files": list(self.files)}

    def lines(self) -> Sequence[str]:
        steps = (
            f"cd {self.folder}",
            "pip install -e '.[dev]'",
            "pytest",
            "pe list-plugins --check",
        )
        return [
            f"{self.folder}: {len(self.files)} files",
            "next:",
            *(f"  {step}" for step in steps),
        ]


def answers(
    name: str, kinds: Sequence[str], summary: str, author: str, licence: str, ci: bool
) -> dict[str, Any]:
    """Return the answers to the questions of the template.

    Raises:
        UsageError: an invalid plugin name, an unknown kind or licence, or two generators.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 30:
        fix = (
            "start with a letter and use at most 30 lower case letters, digits and single "
            "hyphens, such as my-scene"
        )
        raise UsageError(f"{name!r} is not a valid plugin name", where="NAME", fix=fix)
    if name in ("host", "sdk"):
        raise UsageError(
            f"pe-{name} is a package of pe itself", where="NAME", fix="choose another name"
        )
    kinds = kinds or ("simulator",)
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise UsageError(
            f"unknown kind {unknown[0]!r}",
            where="--kind",
            fix=f"use one or more of {', '.join(KINDS)}",
        )
    if {"simulator", "generator"} <= set(kinds):
        what = "a simulator is already a generator, one with known parameters"
        raise UsageError(what, where="--kind", fix="give simulator, or generator for a black box")
    if licence not in LICENCES:
        raise UsageError(
            f"the template has no text of the licence {licence!r}",
            where="--licence",
            fix=f"use one of {', '.join(LICENCES)}, and replace it later",
        )
    for option, text, most in (("--summary", summary, 70), ("--author", author, 100)):
        if len(text) > most or not text.isprintable() or text != text.strip():
            raise UsageError(
                "expected a short line of text",
                where=option,
                fix=f"use at most {most} printable characters, on one line",
            )
    generator = (
        "simulator" if "simulator" in kinds else "black-box" if "generator" in kinds else "none"
    )
    given = {"summary": summary, "author": author}
    return {
        "plugin_name": name,
        "generator": generator,
        "embedding": "embedding" in kinds,
        "reader": "reader" in kinds,
        "exporter": "exporter" in kinds,
        "licence": licence,
        "ci": ci,
        **{key: text for key, text in given.items() if text},
    }


def bundled() -> Path:
    """The template of this version of pe: in the package, or beside it in a source tree."""
    package = Path(__file__).parents[1]
    inside = package / "template"
    return inside if inside.is_dir() else package.parent / "template"


def write(
    data: Mapping[str, Any], folder: Path, template: str = "", version: str = ""
) -> NewPlugin:
    """Create the folder of a new plugin.

    Args:
        data: the answers; see `answers`.
        folder: the folder to create, which must be missing or empty.
        template: a folder or the address of a git repository; "" for the template of `bundled`.
        version: tag or commit of a template in a git repository; its newest tag by default.

    Raises:
        DataError: copier is not installed, the folder is not empty, or the template cannot be used.
    """
    if (folder.exists() or folder.is_symlink()) and not (
        folder.is_dir() and not any(folder.iterdir())
    ):
        raise DataError(
            "this already exists",
            where=str(folder),
            fix="choose another folder with --out, or remove it",
        )
    try:
        from copier import run_copy
    except ImportError:
        fix = "`pip install 'pe-host[new-plugin]'`"
        raise DataError("new-plugin needs the package copier", fix=fix) from None
    source = template or str(bundled())
    if Path(source).is_dir() and not any(
        (Path(source) / f"copier.{ending}").is_file() for ending in ("yml", "yaml")
    ):
        raise DataError(
            "this folder is not a template: it has no copier.yml",
            where=source,
            fix="give a folder that has one",
        )
    try:
        run_copy(
            source, folder, data=dict(data), defaults=True, quiet=True, vcs_ref=version or None
        )
    except OSError:
        raise  # a disk error, which the command line explains
    except Exception as error:  # copier, git and the template each have errors of their own
        first = next(iter(str(error).strip().splitlines()), "")
        raise DataError(
            f"the template cannot be used: {type(error).__name__}: {first}",
            where=source,
            fix=(
                "give a folder with a copier.yml, or a git repository and, with "
                "--template-version, one of its tags"
            ),
        ) from None
    if not template:
        _record_source(folder / ANSWERS)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return NewPlugin(str(data["plugin_name"]), folder, tuple(files))


def _record_source(path: Path) -> None:
    """Name pe's git repository and the tag of this version as the source of the template.

    So `copier update` can continue from there. Copier itself writes the path of the installation,
    which means nothing elsewhere.
    """
    place = f"_src_path: {source_address() or 'ADDRESS-OF-THE-GIT-REPOSITORY-OF-PE'}\n"
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
        if line[:5] not in ("_src_", "_comm")
    ]
    head = [line for line in lines if line.startswith("#")]
    path.write_text(
        "".join([*head, f"_commit: v{__version__}\n", place, *lines[len(head) :]]), encoding="utf-8"
    )


def source_address() -> str:
    """Address of pe's git repository, from the metadata of this distribution; "" if it has none."""
    urls = metadata.metadata("pe-host").get_all("Project-URL") or []
    pairs = (text.partition(",") for text in urls)
    return next(
        (
            url.strip()
            for label, _, url in pairs
            if label.strip().lower() in ("source", "repository")
        ),
        "",
    )
