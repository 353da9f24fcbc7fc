"""Which files of a folder or archive are pictures, and where their labels are: by names only.

What a name does not decide is asked for with an option that decides it. A folder is never taken for
a class if its name says that it is a part of a data set, or that it holds masks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pe_host.formats.collection import Listing
from pe_host.formats.names import natural_key, suffix
from pe_host.privacy.readers.picture_names import (
    are_buckets,
    holds_all,
    is_document,
    is_picture,
    is_table,
    is_well_known,
    known_end,
    no_class,
)
from pe_host.privacy.readers.picture_parts import Place, Said, find_place
from pe_host.privacy.readers.picture_tree import Tree
from pe_sdk import SourceError, SourceOptions

FOLDERS, NONE = "folder", "none"
"""Values of --labels: each folder is a class; there are no labels."""

_STYLEGAN = "dataset.json"
_METADATA = ("metadata.csv", "metadata.jsonl")

_ARCHIVES = (".zip", ".tar", ".npz", ".parquet")

_SHOWN = 50
"""Columns that a hint lists."""


@dataclass(frozen=True)
class Layout:
    """The pictures of a source, and where their labels are.

    Args:
        names: of the pictures, in natural order, relative to the source.
        labels: FOLDERS, NONE, or as the option --labels says it.
        roots: folders that the class folders or pictures lie in; "" or with `/` at the end.
        classes: names of the class folders.
        metadata: a metadata file beside the pictures, whose label column is used if it has one.
        what: the layout in words.
        passed_over: what was left out, in words.
        options: with `split` and `labels` filled in.
    """

    names: tuple[str, ...]
    labels: str
    roots: tuple[str, ...]
    classes: tuple[str, ...]
    metadata: str
    what: str
    passed_over: tuple[str, ...]
    options: SourceOptions

    def group_of(self, name: str) -> str:
        """The folder below a root that a picture lies in, or "" if it lies in the root itself."""
        root = max((root for root in self.roots if name.startswith(root)), key=len)
        return name[len(root) :].rpartition("/")[0].partition("/")[0]


def find_layout(
    listing: Listing,
    options: SourceOptions,
    where: str,
    tables: Iterable[str] = (),
    columns: Callable[[str], tuple[str, ...]] = lambda file: (),
    names_images: Callable[[str], bool] = lambda file: False,
) -> Layout:
    """Recognise the layout.

    Args:
        listing: names of files and folders.
        options: what the user says: `split`, `images` and `labels`.
        where: the source, for errors.
        tables: files that the options name, which are not records.
        columns: the columns of a file of labels, for a hint.
        names_images: whether rows of a file name images.

    Raises:
        SourceError: there are no pictures, files of other kinds among them, or an option is needed.
    """
    said = Said(where, listing.passed_over)
    if not any(map(is_picture, listing.names)):
        raise _nothing(listing, said)
    tree = Tree(listing)
    place = find_place(tree, options, said)
    finder = _Finder(tree, listing, options, said, place, frozenset(tables))
    labels = options.labels or finder.labels(columns, names_images)
    return finder.class_folders() if labels == FOLDERS else finder.together(labels)


class _Finder:
    def __init__(
        self,
        tree: Tree,
        listing: Listing,
        options: SourceOptions,
        said: Said,
        place: Place,
        tables: frozenset[str],
    ) -> None:
        self._tree, self._listing, self._options = tree, listing, options
        self._said, self._place, self._tables = said, place, tables

    def labels(
        self, columns: Callable[[str], tuple[str, ...]], names_images: Callable[[str], bool]
    ) -> str:
        """The place of the labels, if the names say it."""
        root = self._place.roots[0]
        folders, files = self._tree.folders(root), self._tree.files(root)
        has_metadata = any(name in _METADATA for name in files)
        self._check_one_list()
        if _STYLEGAN in files:
            return f"{root}{_STYLEGAN}"
        if not has_metadata and len(folders) <= 1:
            self._check_tables(root, columns)
        if not folders or (len(folders) == 1 and (has_metadata or holds_all(folders[0]))):
            return NONE
        if self._tree.has_pictures(root):
            raise self._beside(root)
        if are_buckets(folders):
            raise self._said.error(
                "the folders are numbered and may be no classes",
                f"add --labels {FOLDERS} if they are the classes, or --labels {NONE} for one class",
                root,
            )
        self._check_classes(root, folders)
        if not has_metadata:
            self._check_tables(root, columns, names_images)
        return FOLDERS

    def _check_tables(
        self,
        root: str,
        columns: Callable[[str], tuple[str, ...]],
        names_images: Callable[[str], bool] | None = None,
    ) -> None:
        """Ask about a list beside the images or class folders, or beside a folder around them.

        Folders beside a list that names the images can be those of people, and no classes.
        """
        while True:
            tables = [name for name in self._tree.files(root) if is_table(name)]
            if names_images is not None:
                paths = [f"{root}{name}" for name in tables]
                left = {path for path in paths if path not in self._tables and names_images(path)}
                tables = [name for name in tables if f"{root}{name}" in left]
            if tables or not root:
                break
            root = root[:-1].rpartition("/")[0] + "/" * ("/" in root[:-1])
        if not tables:
            return
        table = next(filter(is_well_known, tables), tables[0])
        found = columns(f"{root}{table}")
        others = f" (it has {', '.join(found[:_SHOWN])})" if len(found) > 1 else ""
        column = found[0] if found else "COLUMN"
        known = is_well_known(table)
        plain = table if known else "FILE"
        beside = "the images" if names_images is None else "the folders"
        folders = "" if names_images is None else f", --labels {FOLDERS} if each folder is a class"
        raise self._said.error(
            f"the file {table} beside {beside} may list the labels of the images"
            if known
            else f"a file beside {beside} that ends in {suffix(table)} may list the labels of the "
            "images",
            f"add --labels {root}{plain}:{column} to read labels from a column of it"
            f"{others}{folders}, or --labels {NONE} to read all images as one class",
            root,
            "" if known else table,
        )

    def _check_one_list(self) -> None:
        lists = (_STYLEGAN, *_METADATA)
        found = [
            root
            for root in self._place.roots
            if any(name in lists for name in self._tree.files(root))
        ]
        if found and len(self._place.roots) > 1:
            raise self._said.error(
                "each part of the data set has its own list of labels",
                f"read one part, as in --split {found[0].rstrip('/').rpartition('/')[2]}",
            )

    def class_folders(self) -> Layout:
        """The layout with a folder for each class."""
        classes: dict[str, None] = {}
        names: list[str] = []
        for root in self._place.roots:
            if self._tree.has_pictures(root):
                raise self._beside(root)
            for name in self._tree.files(root):
                self._leave(root, name)
            for folder in self._tree.folders(root):
                classes[folder] = None
                if not self._options.labels:
                    self._check_classes(f"{root}{folder}/", self._tree.folders(f"{root}{folder}/"))
                below = self._tree.below(f"{root}{folder}/")
                names += self._pictures(f"{root}{folder}/", "this class folder", below)
        if not classes:
            raise self._said.error(
                "there are no class folders",
                "put the images of each class in their own folder, or leave out --labels",
            )
        linked = sorted(name for name in self._listing.linked if name.rpartition("/")[2] in classes)
        if linked:
            self._said.add(f"links to folders elsewhere: {', '.join(linked)}")
        return self._layout("class folders", names, FOLDERS, tuple(classes), "")

    def together(self, labels: str) -> Layout:
        """The layout with all pictures in one folder, or in folders that are not classes."""
        names: list[str] = []
        metadata = ""
        for root in self._place.roots:
            if not self._options.labels and labels == NONE:
                metadata = next(
                    (f"{root}{name}" for name in _METADATA if name in self._tree.files(root)),
                    metadata,
                )
            paths: list[str] = []
            for name in self._tree.files(root):
                if is_document(name) or is_table(name):
                    self._leave(root, name)
                else:
                    paths.append(f"{root}{name}")
            folders = []
            for folder in self._tree.folders(root):
                if self._tree.has_pictures_below(f"{root}{folder}/"):
                    folders.append(folder)
                    paths += self._tree.below(f"{root}{folder}/")
                else:
                    self._said.empty += 1
            if labels != NONE:
                self._check_classes(root, tuple(folders))
            names += self._pictures(root, "this folder", paths)
        nested = any("/" in name[len(self._place.roots[0]) :] for name in names)
        what = "images in folders that are not classes" if nested else "images in one folder"
        return self._layout(what, names, labels, (), metadata)

    def _layout(
        self, what: str, names: list[str], labels: str, classes: tuple[str, ...], metadata: str
    ) -> Layout:
        if not names:
            raise _nothing(self._listing, self._said)
        return Layout(
            tuple(sorted(names, key=natural_key)),
            labels,
            self._place.roots,
            tuple(sorted(classes, key=natural_key)),
            metadata,
            "; ".join((what, *self._said.words)),
            self._said.passed_over(),
            replace(self._options, split=self._place.split, labels=labels),
        )

    def _pictures(self, root: str, called: str, paths: Iterable[str]) -> list[str]:
        """The pictures among files below a folder; other files are errors.

        The folder is one of the data set, so that errors can name it: one below it can be a person.
        """
        kept: list[str] = []
        for row, name in enumerate(sorted(paths, key=natural_key)):
            if is_picture(name):
                if self._place.holds(name, root):
                    kept.append(name)
            elif name not in self._tables:
                kind = f" ({known_end(name)})" if known_end(name) else ""
                raise self._said.error(
                    f"the file in row {row} of {called} is no image by its name{kind}",
                    "move it out: every file there is a record",
                    root,
                    name[len(root) :],
                )
        return kept

    def _leave(self, root: str, name: str) -> None:
        if f"{root}{name}" not in self._tables:
            self._said.left.append(name)

    def _check_classes(self, root: str, folders: tuple[str, ...]) -> None:
        if other := no_class(folders):
            best = next((folder for folder in folders if holds_all(folder)), "FOLDER")
            raise self._said.error(
                f"the folder {other!r} looks like no class",
                f"add --images {root}{best} to read the images of one folder, or "
                f"--labels {FOLDERS} if each folder is a class with all that is in it",
                root,
            )

    def _beside(self, root: str) -> SourceError:
        return self._said.error(
            "images lie beside folders",
            f"move them into the folder of their class, or add --labels {NONE} to read all images "
            "as one class",
            root,
        )


def _nothing(listing: Listing, said: Said) -> SourceError:
    """The error where there are no images; it names an archive that may hold them."""
    what = "there are no images in the folders" if listing.folders else "there are no images"
    fix = "put the images of each class in a folder: folder/class/image.png"
    archives = [name for name in listing.names if suffix(name) in _ARCHIVES]
    if archives:
        plain = archives[0] if len(archives) == 1 else "FILE"
        fix = f"pass --data {said.where}/{plain}"
    return said.error(what, fix)
