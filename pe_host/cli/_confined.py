"""The wall around the host for one run: what the run may change, and who removes what is left.

This comes before the heavy imports, because a process that has threads cannot be confined, and
before the host loads a reader or an embedding. So the folders that the run changes are made here.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pe_host.cache import ACCOUNTING, OWN, budget_folder, cache_folder
from pe_host.cli._hub import fetch_data_set
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.files import paths_in
from pe_host.isolation.host import FIX, ConfinementError, close_inherited, confine_host
from pe_host.isolation.janitor import remove_empty, start_janitor
from pe_host.isolation.launch import offered
from pe_host.isolation.scratch import make_scratch
from pe_host.job.config import RunConfig
from pe_host.plugins import PluginEntry, resolve
from pe_host.plugins.names import GENERATOR
from pe_host.plugins.permissions import plugin_cache
from pe_host.run.place import (
    fresh_folder,
    make_run_folder,
    refuse_inside_run,
    refuse_overlap,
    refuse_used,
)


class Place(NamedTuple):
    """The folder of a run, and what is wrong with the wall around its host.

    Args:
        out: the run folder; None where there is no run, or where this kernel confines nothing and
            the run makes a new folder itself.
        exposed: why the kernel could confine this process and does not; "" if all is as it should
            be. Then only public data may be read.
    """

    out: Path | None
    exposed: str = ""


@contextlib.contextmanager
def confined(
    config: RunConfig, installed: Sequence[PluginEntry], *, resume: bool, dry_run: bool
) -> Iterator[Place]:
    """Confine this process, and yield the run folder.

    Folders that were made here and are empty at the end are removed. A dry run makes none, except
    for what plugins make where the kernel confines nothing.

    Args:
        config: the settings.
        installed: the plugins, from `pe_host.plugins.find`.
        resume: the run folder holds a run already.
        dry_run: there is no run.

    Raises:
        DataError: the run cannot be in this folder.
        PluginFailure: there is no such generator.
    """
    generator = resolve(GENERATOR, config.plugin, installed)
    out = Path(config.out) if config.out else None
    fetch_data_set(config.data, config.split)  # there is no network after this
    for path in paths_in(config.data):  # nothing may be made inside the data
        refuse_overlap(out or Path("runs") / f"{generator.name}-000", path)
    if not resume:
        refuse_inside_run(out or Path("runs"))
    if out and not resume:
        refuse_used(out)
    kept = [*(cache_folder() / name for name in OWN), plugin_cache(generator)]
    wall = offered()
    made = _missing(kept) if dry_run and not wall.abi else []
    if not (wall.abi or wall.calls):
        try:
            yield Place(out)
        finally:
            remove_empty(made)
        return
    if dry_run:
        with contextlib.suppress(PrivacyRefusal):  # as below
            kept.append(budget_folder())
        kept = [place for place in kept if place.exists()]
    else:
        with contextlib.suppress(PrivacyRefusal):  # no home: a run that needs the budget says so
            kept.append(budget_folder())
    scratch = _scratch()
    if not (dry_run or resume):
        out, made = _make(out, generator.name)
    with _walled(kept, scratch, out, made, network=bool(config.allow_network)) as exposed:
        yield Place(out, exposed)


@contextlib.contextmanager
def confined_to_reading(*, budget: bool = False) -> Iterator[None]:
    """Confine this process, which reads private data and makes no run of them.

    Args:
        budget: it may change the budget database; otherwise it changes no file.

    Raises:
        PrivacyRefusal: the kernel could confine this process, and does not.
    """
    wall = offered()
    if not (wall.abi or wall.calls):
        yield
        return
    kept = [budget_folder(), cache_folder() / ACCOUNTING] if budget else []
    with _walled(kept, _scratch(), None, []) as exposed:
        if exposed:
            raise PrivacyRefusal(exposed, fix=FIX)
        yield


@contextlib.contextmanager
def _walled(
    kept: Sequence[Path],
    scratch: str,
    out: Path | None,
    made: Sequence[str],
    *,
    network: bool = False,
) -> Iterator[str]:
    """Confine this process to folders that are kept, which are made, and to the run folder.

    Yields why it is not confined; "" if it is.
    """
    for place in kept:
        with contextlib.suppress(OSError):  # the command does without, or says so
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
    close_inherited()
    finish = start_janitor(scratch, made)
    exposed = ""
    try:
        try:
            confine_host(map(str, [*kept, *([out] if out else [])]), scratch, network=network)
        except ConfinementError as error:
            exposed = str(error)
        yield exposed
    finally:
        finish()


def _scratch() -> str:
    try:
        return make_scratch()
    except OSError as error:
        raise DataError(str(error), where="TMPDIR", fix="set it to a folder with room") from None


def _make(out: Path | None, name: str) -> tuple[Path, list[str]]:
    """Make the run folder, and return it and those that were made, the innermost first."""
    wanted = out or Path("runs")
    made = _missing([wanted])
    if out:
        make_run_folder(out)
        return out, made
    fresh = fresh_folder(name)
    return fresh, [str(fresh.absolute()), *made]


def _missing(wanted: Sequence[Path]) -> list[str]:
    """Return those of the folders and of the folders above them that do not exist, inner first."""
    every = {path for place in wanted for path in (place.absolute(), *place.absolute().parents)}
    missing = [path for path in every if not path.exists()]
    return [str(path) for path in sorted(missing, key=lambda path: -len(path.parts))]
