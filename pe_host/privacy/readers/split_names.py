"""Words for a part of a data set in the names of arrays and files. Nothing heavy is imported."""

import re
from collections.abc import Mapping
from types import MappingProxyType

SPLITS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
        **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
        **dict.fromkeys(("test", "testing", "tst", "te", "t10k", "eval", "evaluation"), "test"),
        "extra": "extra",
        **dict.fromkeys(("unlabeled", "unlabelled", "unsupervised"), "unlabeled"),
    }
)
"""Words for a part of a data set, and the part that each means."""

EVERY = "all"
"""Value of --split for all parts at once."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def split_of(name: str) -> tuple[str, str]:
    """Split a name into the part of the data set, "" for none, and its other words.

    >>> split_of("x_train"), split_of("val_images"), split_of("testX"), split_of("arr_0")
    (('train', 'x'), ('val', 'images'), ('test', 'x'), ('', 'arr_0'))
    """
    words = [word.lower() for word in _WORD.findall(name)]
    parts = [word for word in words if word in SPLITS]
    if len(parts) != 1:
        return "", "_".join(words)
    return SPLITS[parts[0]], "_".join(word for word in words if word != parts[0])


def is_known(name: str) -> bool:
    """Whether the name of a part is a word for one. Any other can be a person's name."""
    return name.lower() in SPLITS


def normalised(split: str) -> str:
    """The part that a word for it means; other words stand for themselves."""
    return SPLITS.get(split.lower(), split)
