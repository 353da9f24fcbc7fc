"""What the names of files and folders of pictures say."""

import re
from collections import Counter
from collections.abc import Iterable

from pe_host.formats.names import suffix
from pe_host.privacy.readers.split_names import SPLITS
from pe_sdk.pictures import SUFFIXES

_STRAY = (
    *(".csv", ".tsv", ".json", ".jsonl", ".txt", ".xml", ".yaml", ".yml", ".xlsx", ".xls", ".ods"),
    *(".parquet", ".arrow", ".npz", ".npy", ".mat", ".h5", ".hdf5", ".pkl", ".pt", ".pth", ".db"),
    *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".md", ".rst", ".pdf", ".html"),
    *(".htm", ".doc", ".docx", ".py", ".ipynb", ".sh", ".log", ".mp4", ".avi", ".mov", ".mkv"),
    *(".wav", ".mp3", ".svg", ".ini", ".cfg", ".toml", ".exe", ".dll", ".bat", ".lnk", ".url"),
)
"""Ends of the names of files that are not pictures, in lower case. Any other file is a record."""

_TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".json")
_DOCUMENT = re.compile(
    r"(readme|licen[cs]e|copying|citation|changelog|notice)(\..*)?|.*\.(md|rst|pdf|html?|log)",
    re.IGNORECASE,
)
_WELL_KNOWN = re.compile(
    r"(readme|licen[cs]e|copying|citation|changelog|notice)(\.(md|rst|txt|html?|pdf))?"
    r"|(metadata|labels?|classes|dataset|annotations?|train|val|valid|test|list_attr[a-z_]*)"
    r"\.(csv|tsv|txt|jsonl?)",
    re.IGNORECASE,
)
PARTS = ("train", "val", "test")
"""Parts of a data set that folders are, the first one first."""

_PART_WORDS = sorted(
    (word for word, part in SPLITS.items() if part in PARTS and len(word) > 2), key=len
)
_PART = re.compile("|".join(reversed(_PART_WORDS)), re.IGNORECASE)
_AFTER_PART = re.compile(r"[-_ ]?(set|images|imgs|data|split|[ab]|\d{1,4}|)", re.IGNORECASE)
_BUCKET = re.compile("0[0-9]{3,}")
_NO_CLASS = frozenset(
    [
        *("mask", "masks", "annotation", "annotations", "label", "labels", "labelsets"),
        *(
            "gt",
            "groundtruth",
            "ground_truth",
            "segmentation",
            "segmentations",
            "segmentationclass",
        ),
        *("segmentationobject", "imagesets", "jpegimages", "depth", "bbox", "bboxes", "inputs"),
        *("targets", "metadata"),
    ]
)
_HOLDER = frozenset(
    [
        *("image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "data"),
        *("jpg", "jpgs", "jpeg", "png", "pngs", "files"),
    ]
)


def is_picture(name: str) -> bool:
    """Whether a file of this name is a record. One with an unknown or no ending is."""
    return suffix(name) in SUFFIXES or not (is_stray(name) or is_document(name))


def is_stray(name: str) -> bool:
    """Whether a file of this name is no picture."""
    return suffix(name) in _STRAY


def is_table(name: str) -> bool:
    """Whether a file of this name may list labels."""
    return suffix(name) in _TABLES and not is_document(name)


def is_document(name: str) -> bool:
    """Whether a file of this name describes a data set to people."""
    return _DOCUMENT.fullmatch(name.rpartition("/")[2]) is not None


def is_well_known(name: str) -> bool:
    """Whether many data sets have a file of this name, so that it says nothing of a record."""
    return _WELL_KNOWN.fullmatch(name.rpartition("/")[2]) is not None


def known_end(name: str) -> str:
    """Return the ending of a file other than a picture; "" if unknown, as it can be a name."""
    return suffix(name) if is_stray(name) else ""


def in_words(names: Iterable[str]) -> tuple[str, ...]:
    """Describe files that are left out: by name if it is well known, else by number and ending."""
    plain = [name.rpartition("/")[2] for name in names]
    ends = Counter(known_end(name) for name in plain if not is_well_known(name))
    words = dict.fromkeys(filter(is_well_known, plain))
    return (*words, *(_counted(count, end) for end, count in ends.items()))


def _counted(count: int, end: str) -> str:
    if not end:
        return "1 other file" if count == 1 else f"{count} other files"
    return f"1 file that ends in {end}" if count == 1 else f"{count} files that end in {end}"


def part_of(folder: str) -> str:
    """The part of a data set that a folder of this name is: train, val, test, or "" for none."""
    found = _PART.match(folder)
    # A name of a part may be the beginning of another word, such as "value".
    if found is None or not _AFTER_PART.fullmatch(folder[found.end() :]):
        return ""
    return SPLITS[found.group().lower()]


def are_buckets(folders: tuple[str, ...]) -> bool:
    """Whether folders of these names divide files by number, such as 00000 and 00001."""
    return bool(folders) and all(map(_BUCKET.fullmatch, folders))


def no_class(folders: tuple[str, ...]) -> str:
    """The first of these folders that is none of a class by its name, or ""."""
    return next((folder for folder in folders if folder.lower() in _NO_CLASS), "")


def holds_all(folder: str) -> bool:
    """Whether a folder of this name says that it holds pictures, and nothing about them."""
    return folder.lower() in _HOLDER
