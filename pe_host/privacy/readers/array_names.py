"""Files of arrays by their names: npz, npy, IDX and CIFAR. Nothing heavy is imported here."""

import re
from dataclasses import dataclass
from pathlib import Path

from pe_host.errors import DataError
from pe_host.privacy.readers.split_names import SPLITS

_IDX = re.compile(
    r"(?P<stem>.*?)(?:^|[-._])idx(?P<axes>[1-5])?"
    r"(?:[-._]?(?:u?byte|u?int8|short|int|float|double))?"
    r"(?P<gz>\.gz)?",
    re.IGNORECASE,
)
_IMAGES = frozenset(("images", "image", "imgs", "img", "pictures", "data", "x"))
_LABELS = frozenset(("labels", "label", "lbls", "targets", "y"))

CIFAR_FOLDERS = (
    *("cifar-10-batches-py", "cifar-10-batches-bin"),
    *("cifar-100-python", "cifar-100-binary"),
)
CIFAR_ARCHIVES = tuple(
    f"{name}.{end}"
    for name in ("cifar-10-python", "cifar-10-binary", "cifar-100-python", "cifar-100-binary")
    for end in ("tar.gz", "tgz", "tar")
)

_SAVE = "save the images and labels there with numpy.savez('data.npz', images=…, labels=…)"
_FOREIGN = {
    **dict.fromkeys(
        (".pt", ".pth", ".ckpt"),
        ("a PyTorch file, a Python pickle that can run code when it is opened", "PyTorch"),
    ),
    **dict.fromkeys(
        (".pkl", ".pickle", ".joblib", ".dill"),
        ("a Python pickle, which can run code when it is opened", "Python"),
    ),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), ("an HDF5 file", "h5py")),
    ".mat": ("a MATLAB file", "scipy.io.loadmat, or h5py for those of MATLAB 7.3"),
    **dict.fromkeys((".tfrecord", ".tfrecords"), ("a TensorFlow record file", "TensorFlow")),
    ".safetensors": ("a file of the weights of a model", "safetensors"),
}


@dataclass(frozen=True)
class IdxName:
    """What the name of an IDX file says.

    Args:
        key: the name without the ending, which the two files of a plain and a gzipped copy share.
        dataset: which data set it belongs to, where there are several.
        split: the part of the data set, "" for none.
        labels: whether it holds labels; else images.
        gzipped: whether its name ends in .gz.
    """

    key: str
    dataset: str
    split: str
    labels: bool
    gzipped: bool


def idx_name(name: str) -> IdxName | None:
    """What the name of a file says, or None if it is not that of an IDX file."""
    found = _IDX.fullmatch(name)
    if found is None:
        return None
    words = [word for word in re.split("[-._ ]+", found["stem"].lower()) if word]
    split = next((SPLITS[word] for word in words if word in SPLITS), "")
    kinds = [word for word in words if word in _IMAGES | _LABELS]
    labels = kinds[-1] in _LABELS if kinds else (found["axes"] or "3") in "12"
    rest = [word for word in words if word not in SPLITS and word not in kinds]
    key = re.sub("[-._ ]+", "-", found["stem"]) or ("labels" if labels else "images")
    return IdxName(key, "-".join(rest), split, labels, bool(found["gz"]))


def idx_folders(folder: Path) -> list[Path]:
    """The folders in which the IDX files of a folder lie: itself, or those that torchvision makes.

    torchvision keeps a data set in `MNIST/raw`; some archives have a folder of the same name around
    each file.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    if any(idx_name(entry.name) for entry in entries):
        return [folder]
    inner = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    raw = [entry for entry in inner if entry.name.lower() == "raw"]
    raw += [entry / "raw" for entry in inner if (entry / "raw").is_dir()]
    return [place for place in raw if any(idx_name(entry.name) for entry in place.iterdir())]


def is_cifar_folder(folder: Path) -> bool:
    """Whether a folder holds the files of CIFAR, as Python or binary files."""
    names = {entry.name for entry in folder.iterdir()}
    return (
        bool(names & {"data_batch_1", "data_batch_1.bin", "batches.meta", "batches.meta.txt"})
        or {"train", "test", "meta"} <= names
        or {"train.bin", "fine_label_names.txt"} <= names
    ) and not any((folder / name).is_dir() for name in ("train", "test") if name in names)


def cifar_places(folder: Path) -> list[Path]:
    """The folders or archives of CIFAR in a folder: this one, or those that torchvision makes."""
    if is_cifar_folder(folder):
        return [folder]
    found = [folder / name for name in CIFAR_FOLDERS if (folder / name).is_dir()]
    return found or [folder / name for name in CIFAR_ARCHIVES if (folder / name).is_file()]


def is_pair(path: Path) -> bool:
    """Whether a path that does not exist is two that do, with a comma between."""
    parts = str(path).split(",")
    return len(parts) == 2 and all(Path(part).is_file() for part in parts)


def scheme_of(path: Path) -> str:
    """The reader for files of arrays, or for a folder of them; "" for others.

    Raises:
        DataError: these are files that hold arrays and are not read.
    """
    if path.is_dir():
        return _scheme_of_folder(path)
    first = Path(str(path).split(",")[0]) if is_pair(path) else path
    if idx_name(first.name):
        return "idx"
    if first.suffix.lower() in (".npz", ".npy"):
        return "npy" if first != path else first.suffix.lower()[1:]
    if first.name.lower() in CIFAR_ARCHIVES:
        return "cifar"
    _refuse_foreign(path)
    return ""


def _scheme_of_folder(folder: Path) -> str:
    entries = list(folder.iterdir())
    if idx_folders(folder):
        return "idx"
    if cifar_places(folder):
        return "cifar"
    inside = [entry for entry in entries if not entry.name.startswith(".")]
    if any(entry.is_dir() for entry in inside):
        return ""
    suffixes = {entry.suffix.lower() for entry in inside}
    if ".npy" in suffixes:
        return "npy"
    if suffixes and suffixes <= {*_FOREIGN, ".txt", ".md", ".json"} and suffixes & {*_FOREIGN}:
        _refuse_foreign(next(entry for entry in inside if entry.suffix.lower() in _FOREIGN))
    return ""


def _refuse_foreign(path: Path) -> None:
    """Raise DataError for a file that may hold arrays and is not read."""
    if path.suffix.lower() in _FOREIGN:
        what, package = _FOREIGN[path.suffix.lower()]
        raise DataError(
            f"this is {what}, and pe does not read it",
            where=str(path),
            fix=f"open it with {package}, {_SAVE}, and pass --data data.npz",
        )
