"""The place of the pictures in a source: in a part of the data set, and in folders around it."""

from dataclasses import dataclass, field

from pe_host.privacy.readers.picture_names import PARTS, in_words, part_of
from pe_host.privacy.readers.picture_tree import Tree
from pe_host.privacy.readers.split_names import EVERY
from pe_sdk import SourceError, SourceOptions


@dataclass
class Said:
    """What is said of a source on the way: its layout in words, what is left out, errors.

    Args:
        where: the source.
        rules: by which files and folders of systems are left out.
        words: about the layout.
        left: files that are left out.
        empty: how many folders without images are left out.
    """

    where: str
    rules: tuple[str, ...]
    words: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    empty: int = 0

    def add(self, words: str) -> None:
        self.words.append(words)

    def passed_over(self) -> tuple[str, ...]:
        """What is left out, in words that name no record."""
        folders = f"{self.empty} folder{'s' * (self.empty > 1)} without images"
        return (*self.rules, *in_words(self.left), *([folders] if self.empty else ()))

    def error(self, what: str, fix: str, place: str = "", name: str = "") -> SourceError:
        where = f"{self.where}/{place.rstrip('/')}" if place else self.where
        return SourceError(what, where=where, fix=fix, name=name)


@dataclass(frozen=True)
class Place:
    """The place of the pictures.

    Args:
        roots: folders that hold the class folders or the pictures; "" or with `/` at the end.
        split: the part that they are, as it can be asked for; "" if there are no parts.
        part: with parts inside of each class folder: train, val or test.
    """

    roots: tuple[str, ...]
    split: str = ""
    part: str = ""

    def holds(self, name: str, root: str) -> bool:
        """Whether a picture below a class folder belongs to the part."""
        return not self.part or part_of(name[len(root) :].partition("/")[0]) == self.part


def find_place(tree: Tree, options: SourceOptions, said: Said) -> Place:
    """Find the folders that hold the class folders or the pictures.

    Raises:
        SourceError: a folder or part that the options name is not there, or it has to be named.
    """
    root = f"{options.images.strip('/')}/" if options.images else ""
    if root and not (tree.files(root) or tree.folders(root)):
        raise said.error(f"there is no folder {root[:-1]!r}", "correct --images, or leave it out")
    inside_of = {part_of(folder) for folder in root.split("/") if folder}
    if options.split and part_of(options.split) in inside_of - {""}:
        return Place((root,), options.split)
    inner = root if _parts(tree, root) else _inside(tree, root, said)
    parts = _parts(tree, inner)
    if options.split:
        return _chosen(tree, inner, parts, options.split, said)
    if options.labels == "folder" or tree.has_pictures(inner):
        return Place((inner,))
    folders = tree.folders(inner)
    if len(folders) == 1 and parts:
        said.add(f"the only part, {folders[0]}")
        return Place((f"{inner}{folders[0]}/",), folders[0])
    if parts:
        raise said.error(
            f"{', '.join(parts)} are parts of a data set, not classes"
            if len(parts) > 1
            else f"{', '.join(parts)} looks like a part of a data set, not like a class",
            f"add --split {_first(parts)}, or --split {EVERY} for all parts; or "
            "--labels folder if these folders are the classes",
        )
    if inner_parts := _inner_parts(tree, inner):
        raise said.error(
            f"each class folder holds parts of a data set: {', '.join(inner_parts)}",
            f"add --split {inner_parts[0]}, or --labels folder to read all of them",
        )
    return Place((inner,))


def _first(parts: dict[str, str]) -> str:
    """The part that people want first."""
    return min(parts, key=lambda folder: PARTS.index(parts[folder]))


def _parts(tree: Tree, root: str) -> dict[str, str]:
    """The part that each folder is; folders that are none are left out."""
    return {folder: part for folder in tree.folders(root) if (part := part_of(folder))}


def _inner_parts(tree: Tree, root: str) -> tuple[str, ...]:
    """The parts inside of each class folder, if there is nothing else in any."""
    found: dict[str, None] = {}
    for folder in tree.folders(root):
        inner = tree.folders(f"{root}{folder}/")
        if not inner or tree.files(f"{root}{folder}/") or not all(map(part_of, inner)):
            return ()
        found |= dict.fromkeys(inner)
    return tuple(found)


def _inside(tree: Tree, root: str, said: Said) -> str:
    """The innermost of the folders that hold everything, one in the other."""
    while len(folders := tree.folders(root)) == 1 and not tree.has_pictures(root):
        inner = f"{root}{folders[0]}/"
        if part_of(folders[0]) or not tree.folders(inner) or tree.has_pictures(inner):
            break
        said.add(f"in {folders[0]}")
        root = inner
    return root


def _chosen(tree: Tree, root: str, parts: dict[str, str], wanted: str, said: Said) -> Place:
    if wanted.lower() == EVERY and parts:
        said.add(f"all parts: {', '.join(parts)}")
        return Place(tuple(f"{root}{folder}/" for folder in parts), EVERY)
    folders = tree.folders(root)
    for found in (
        [folder for folder in folders if folder == wanted],
        [folder for folder in folders if folder.lower() == wanted.lower()],
        [folder for folder, part in parts.items() if part == part_of(wanted)],
    ):
        if len(found) == 1:
            said.add(f"the part {found[0]}")
            return Place((f"{root}{found[0]}/",), found[0])
    inner = _inner_parts(tree, root)
    if part_of(wanted) in set(map(part_of, inner)):
        said.add(f"the part {wanted} of each class folder")
        return Place((root,), wanted, part_of(wanted))
    names = tuple(parts) or inner
    raise said.error(
        f"there is no part {wanted!r}",
        f"use --split with one of {', '.join(names)}"
        if names
        else "leave out --split: no folder has the name of a part",
    )
