"""A cache of folders, built once and kept for the next run.

A folder is complete or absent, even if several processes build it at the same time.
"""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

from pe_sdk import CannotMake

SEAL = "sealed.json"
"""File with the sizes and checksums of a folder's other files; written last."""
_BLOCK = 1 << 16
_BLOCKS = 256


def cache_folder() -> Path:
    """The folder that holds the pools; without a home directory, below the temporary folder.

    Raises:
        CannotMake: another user owns, or can write to, that folder below the temporary folder.
    """
    if root := os.environ.get("XDG_CACHE_HOME"):
        return Path(root) / "pe" / "image-pool"
    try:
        return Path.home() / ".cache" / "pe" / "image-pool"
    except RuntimeError:  # no HOME, and a user the system does not know, as in a container
        return _own(Path(tempfile.gettempdir()) / f"pe-{os.getuid()}") / "image-pool"


def _own(folder: Path) -> Path:
    """Check that nobody else can write to the folder; create it if needed."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise CannotMake(
            f"{folder} is open to other users; remove it, or set XDG_CACHE_HOME to a folder of "
            "your own"
        )
    return folder


def digest(*parts: object) -> str:
    """40 hexadecimal digits of what a folder is made from: strings, numbers, tuples of these."""
    return blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def obtain(key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder of this key; build it if it is absent or damaged.

    If several processes ask at once, one builds and the others wait.

    Args:
        key: name of the folder; equal keys must mean equal contents.
        build: fills an empty folder with plain files.

    Raises:
        CannotMake: the cache folder cannot be written.
        Exception: whatever `build` raises.
    """
    root = cache_folder()
    kept = root / key
    if _is_whole(kept):
        return kept
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _lock(root / f"{key}.lock"):
            if not _is_whole(kept):
                _build(kept, build)
    except OSError as error:
        raise CannotMake(
            f"the pool cannot be stored in {root}: {error}; make room there, or set XDG_CACHE_HOME "
            "to another folder"
        ) from error
    return kept


def _build(kept: Path, build: Callable[[Path], None]) -> None:
    # We hold the lock, so no other process writes these.
    for torn in [kept, *kept.parent.glob(f"{kept.name}.*.part")]:
        shutil.rmtree(torn, ignore_errors=True)
    part = Path(tempfile.mkdtemp(dir=kept.parent, prefix=f"{kept.name}.", suffix=".part"))
    try:
        build(part)
        _seal(part)
        part.replace(kept)
        _sync(kept.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """A lock for one process at a time; the system releases it however the process ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _seal(folder: Path) -> None:
    files = sorted(folder.iterdir())
    for path in files:
        _sync(path)
    document = {path.name: [path.stat().st_size, _checksum(path)] for path in files}
    with (folder / SEAL).open("w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    _sync(folder)


def _is_whole(folder: Path) -> bool:
    """Whether every file is present, with its size and its (sampled) checksum."""
    try:
        document = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        return all(
            (folder / name).stat().st_size == size and _checksum(folder / name) == checksum
            for name, (size, checksum) in document.items()
        )
    except (OSError, ValueError, AttributeError, TypeError):  # no seal, or not one we wrote
        return False


def _checksum(path: Path) -> str:
    """Checksum of a whole file up to 16 MiB, of 16 MiB in 256 blocks of a larger one.

    The blocks are evenly spaced and include the first and the last. So opening a pool of any size
    takes milliseconds, and what a full disk or a power cut leaves behind is noticed.
    """
    size = path.stat().st_size
    hasher = blake2b(digest_size=16)
    with path.open("rb") as file:
        blocks = -(-size // _BLOCK)
        for i in range(min(blocks, _BLOCKS)):
            block = i if blocks <= _BLOCKS else i * (blocks - 1) // (_BLOCKS - 1)
            file.seek(block * _BLOCK)
            hasher.update(file.read(_BLOCK))
    return hasher.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
