"""The run folder: the name of every file in it, and where a run may live.

Every file is written through `pe_host.durable`, so one under its final name is whole. A step that
was already done is recalled from the folder rather than done again. Paths are relative to the run,
and nothing is pickled: arrays are npz, weights safetensors, the rest JSON.
"""

import contextlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.digest import arrays_of, samples_of
from pe_host.durable import PART, atomic_path, is_part, write_atomic
from pe_host.errors import DataError
from pe_host.files import most_bytes, open_regular, read_regular
from pe_host.formats.archives import BROKEN, ArchiveError, array_names, read_array
from pe_host.privacy.files import COUNTS, EVALUATION, LEDGER, LOCK, votes_name
from pe_host.privacy.ledger import is_unused
from pe_host.run.place import MANIFEST, is_bare
from pe_sdk import Samples

__all__ = ["COUNTS", "EVALUATION", "LEDGER", "LOCK", "MANIFEST", "RunFolder", "votes_name"]

CONFIG = "config.toml"

RELEASE = "release"
"""What may be published."""

INTERNAL = "internal"
"""What must not be published."""

SAMPLES, CARD, PAGE = "samples.npz", "README.md", "report.html"
"""Files of `RELEASE`; samples and page are in `INTERNAL` where the run is NOT PRIVATE."""

INTERNAL_PAGE = f"{INTERNAL}/{PAGE}"
LOG = f"{INTERNAL}/log.txt"

EVALUATING = f"{INTERNAL}/evaluating"
"""Exists while the samples are measured against public data."""

FIRST_CANDIDATES = "first.npz"
"""Released samples of an earlier run that this run starts from."""

RELEASED_POPULATION, RELEASED_GRID = "iterations/release.npz", "iterations/release_grid.npz"


def population_name(t: int) -> str:
    """File of the candidates S_t that the votes of iteration t + 1 are cast on."""
    return f"iterations/{t:03d}/population.npz"


def grid_name(t: int) -> str:
    """File of the samples of S_t that the report shows."""
    return f"iterations/{t:03d}/grid.npz"


def weights_name(round: int) -> str:
    """File of the weights of the embedding of iteration `round`, from 1."""
    return f"iterations/{round:03d}/features.safetensors"


class RunFolder:
    """Reads and writes the files of one run. It is the `PopulationStore` of the loop."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name

    def is_bare(self) -> bool:
        """True if the folder contains nothing but what a run makes before its manifest."""
        return is_bare(self.root)

    def remove_partials(self) -> None:
        """Remove what a killed process left half-written. Needs the lock of the folder."""
        for path in [path for path in self.root.rglob(f".*{PART}*") if is_part(path.name)]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        """Write a file; one in `INTERNAL` is for the owner only.

        Raises:
            DataError: the system refuses, or the text cannot be written as UTF-8.
        """
        try:
            content = text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates: a path or an option that is not UTF-8
            raise DataError(
                "a setting or a name holds characters that are not text",
                where=str(self.path(name)),
                fix="use paths, names and options that are UTF-8",
            ) from None
        write_atomic(self.path(name), content, private=name.startswith(f"{INTERNAL}/"))

    def write_json(self, name: str, document: Any) -> None:
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
        self.write_text(name, text + "\n")

    def read_json(self, name: str) -> Any | None:
        """The document, or None if there is no such file.

        Raises:
            DataError: the file cannot be read, or is not JSON.
        """
        path = self.path(name)
        try:
            return json.loads(read_regular(path).decode("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            fix = "restore the file from a backup"
            raise DataError("this file cannot be read", where=str(path), fix=fix) from None

    def population(self, t: int, origin: str, make: Callable[[], Samples]) -> Samples:
        """Candidates S_t, recalled if they are of this origin, else made now and stored.

        Raises:
            DataError: the file is damaged.
        """
        return self._recalled(population_name(t), origin, make)

    def release(self, origin: str, make: Callable[[], Samples]) -> Samples:
        """The released samples, as `population`."""
        return self._recalled(RELEASED_POPULATION, origin, make)

    def stored_population(self, t: int) -> Samples:
        """Candidates S_t, which must be there.

        Raises:
            DataError: the file is missing or damaged.
        """
        return _samples(self.path(population_name(t)))[1]

    def released_population(self) -> Samples:
        """The released samples, which must be there.

        Raises:
            DataError: the file is missing or damaged.
        """
        return _samples(self.path(RELEASED_POPULATION))[1]

    def first_candidates(self) -> Samples | None:
        """Samples of an earlier run that the run starts from, if it does.

        Raises:
            DataError: the file is damaged.
        """
        path = self.path(FIRST_CANDIDATES)
        return _samples(path)[1] if path.exists() else None

    def keep_first_candidates(self, samples: Samples) -> None:
        """Store the samples of an earlier run: this run then needs that run no more."""
        save_arrays(self.path(FIRST_CANDIDATES), arrays_of(samples))

    def kept_population(self, t: int, origin: str) -> Samples | None:
        """Candidates S_t, if they are stored and of this origin.

        Raises:
            DataError: the file is damaged.
        """
        return self._kept(population_name(t), origin)

    def _recalled(self, name: str, origin: str, make: Callable[[], Samples]) -> Samples:
        kept = self._kept(name, origin)
        if kept is not None:
            return kept
        samples = make()
        save_arrays(self.path(name), {"origin": np.array(origin), **arrays_of(samples)})
        return samples

    def _kept(self, name: str, origin: str) -> Samples | None:
        path = self.path(name)
        if not path.exists():
            return None
        found, samples = _samples(path)
        return samples if found == origin else None

    def weights(
        self, round: int, make: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """Weights of the embedding of iteration `round`: recalled, or made now and stored.

        Raises:
            DataError: the file is damaged.
        """
        path = self.path(weights_name(round))
        if not path.exists():
            write_weights(path, make())
        return read_weights(path)


def _samples(path: Path) -> tuple[str, Samples]:
    """Origin and samples of a stored population."""
    arrays = load_arrays(path)
    origin = str(arrays.pop("origin", None))
    try:
        return origin, samples_of(arrays)
    except ValueError as error:
        fix = "delete the file; --resume makes it again"
        raise DataError(f"this population is damaged: {error}", where=str(path), fix=fix) from None


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Store arrays as npz."""
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]  # numpy's stubs miss keyword arrays


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Load the arrays of `save_arrays`. Nothing in the file is run.

    Raises:
        DataError: the file is damaged.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return {name: read_array(archive, name) for name in array_names(archive)}
    except (*BROKEN, ArchiveError):
        fix = "delete the file; --resume makes it again"
        raise DataError("these arrays cannot be read", where=str(path), fix=fix) from None


def write_weights(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """Store weights as safetensors."""
    from safetensors.numpy import save

    write_atomic(path, save(dict(weights)))


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Load the weights of `write_weights`.

    Raises:
        DataError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > most_bytes():
                raise ValueError(f"they take {size / 2**30:.1f} GiB")
            weights = load(file.read())
        if not all(np.isfinite(w).all() for w in weights.values() if w.dtype.kind == "f"):
            raise ValueError("they hold values that are not finite")
    # KeyError: a type that numpy does not have
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise damaged_weights(path, f"cannot be read: {cause}") from None
    return weights


def damaged_weights(path: Path, what: str) -> DataError:
    """The error for stored weights that cannot be used."""
    fix = (
        "restore the file from a backup; "
        "that of the first iteration may be deleted: it is trained again"
    )
    return DataError(f"these weights {what}", where=str(path), fix=fix)


def refuse_no_run(folder: Path) -> None:
    """Raise DataError unless --resume can continue here.

    It can continue a run, and one that was killed before it wrote its manifest.
    """
    if not folder.is_dir():
        fix = "leave out --resume to start one"
        raise DataError("there is no such run", where=str(folder), fix=fix)
    if not (folder / MANIFEST).exists() and not RunFolder(folder).is_bare():
        what = "this folder is not a run: it has no manifest.json"
        raise DataError(what, where=str(folder), fix="choose another --out")


def discard_unstarted(folder: Path) -> None:
    """Remove what a run writes before it reads the data, and nothing else.

    A ledger with draws shows that it has read them: then everything stays.
    """
    if not is_unused(folder / LEDGER):
        return
    # The ledger after the manifest: beside one, a missing ledger counts as lost.
    for name in (MANIFEST, CONFIG, LEDGER, FIRST_CANDIDATES, LOCK):
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it
        folder.rmdir()
