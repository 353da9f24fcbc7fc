"""The run folder: what is written when, and how a step that was already done is recalled instead of done again.

Every file is written through `pe_host.durable`, so one under its final name is whole. Paths are relative to the run, and
nothing is pickled: arrays are npz, weights safetensors, the rest JSON.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.digest import arrays_of
from pe_host.durable import PART, is_part, write_atomic, written
from pe_host.errors import DataError
from pe_host.privacy.lock import LOCK
from pe_sdk import Samples

MANIFEST = "manifest.json"
CONFIG = "config.toml"
RELEASE = "release"
INTERNAL = "internal"


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name

    def is_bare(self) -> bool:
        """True where there is nothing but what a run makes before its manifest."""
        return {path.name for path in self.root.iterdir() if not is_part(path.name)} <= {LOCK}

    def sweep(self) -> None:
        """Remove what a killed process left half-written. Under the lock of the folder."""
        for path in [path for path in self.root.rglob(f".*{PART}*") if is_part(path.name)]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        with written(self.path(name)) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def write_json(self, name: str, document: Any) -> None:
        self.write_text(
            name, json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        )

    def read_json(self, name: str) -> Any | None:
        """The document, or None where there is none."""
        path = self.path(name)
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        except (OSError, ValueError):
            raise DataError(
                "this cannot be read", where=str(path), fix="put the file back from a copy"
            ) from None

    def samples(self, name: str, origin: str, make: Callable[[], Samples]) -> Samples:
        """The samples stored under this name, if they are of this origin, or those made now and stored.

        Raises:
            DataError: the file is damaged.
        """
        if self._population(name).exists():
            found, samples = self.stored(name)
            if found == origin:
                return samples
        samples = make()
        save_arrays(self._population(name), {"origin": np.array(origin), **arrays_of(samples)})
        return samples

    def stored(self, name: str) -> tuple[str, Samples]:
        """The origin of the samples stored under this name, and the samples.

        Raises:
            DataError: the file is damaged.
        """
        arrays = load_arrays(self._population(name))
        state = {
            key.removeprefix("state/"): column
            for key, column in arrays.items()
            if key.startswith("state/")
        }
        return str(arrays.get("origin")), Samples(arrays.get("data"), arrays["labels"], state)

    def _population(self, name: str) -> Path:
        return self.path(f"{name}.npz")

    def weights(
        self, name: str, make: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """The weights stored under this name, or those made now and stored."""
        path = self.path(f"{name}.safetensors")
        if not path.exists():
            write_weights(path, make())
        return read_weights(path)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep arrays as npz."""
    with written(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of `save_arrays`. Nothing in the file is run.

    Raises:
        DataError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise DataError(
            "these arrays cannot be read", where=str(path), fix="delete the file; it is made again"
        ) from None


def write_weights(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """Keep weights as safetensors."""
    from safetensors.numpy import save

    write_atomic(path, save(dict(weights)))


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Weights of `write_weights`.

    Raises:
        DataError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        fix = "put the file back from a copy; that of the first iteration may be deleted: it is learnt again"
        raise DataError(
            f"these weights cannot be read: {error}", where=str(path), fix=fix
        ) from error


def iteration_name(t: int, what: str) -> str:
    """Relative name of something that belongs to iteration t."""
    return f"iterations/{t:03d}/{what}"
