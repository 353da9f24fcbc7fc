"""What the processes of a run's generator may do, and when a run is refused for want of a wall."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pe_host.cache import budget_folder
from pe_host.errors import PrivacyRefusal
from pe_host.files import paths_in
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.files import find_open
from pe_host.isolation.host import FIX
from pe_host.isolation.launch import offered
from pe_host.job.config import RunConfig
from pe_host.job.source import Source, find_reader
from pe_host.plugins import PluginEntry, PluginRef
from pe_host.plugins.names import HOST
from pe_host.plugins.permissions import Needs, permit
from pe_sdk import EmbeddingSpec, path_options

UNCONFINED = (
    "the kernel of this machine cannot keep plugins from your files and the network; "
    "`pe doctor` says what it lacks"
)


def allow(
    generator: PluginRef,
    about: Mapping[str, Any],
    config: RunConfig,
    embedding: EmbeddingSpec,
    network: bool,
) -> Allowed:
    """Return what the worker processes may do: what the user allowed generator and embedding."""
    given = config.embedding_options
    read = [p for name in path_options(embedding.options, given) for p in paths_in(given[name])]
    allowed = permit(generator, Needs.from_json(about["needs"]), config.set, network)
    return replace(allowed, read=(*allowed.read, *read))


def is_missing(config: RunConfig, source: Source) -> bool:
    """Tell whether this kernel confines nothing, and the operator wants to run all the same.

    Raises:
        PrivacyRefusal: it confines nothing, and the operator has not said so.
    """
    if offered().holds:
        return False
    if not (source.info.public or config.allow_unconfined):
        fix = (
            "run it on Linux 5.13 or newer with Landlock, or, if you trust the generator with "
            "your files, give --allow-unconfined"
        )
        raise PrivacyRefusal(UNCONFINED, where=str(source), fix=fix)
    return True


def refuse_exposed(exposed: str, source: Source) -> None:
    """Raise PrivacyRefusal where this process would read private data without its own wall.

    Args:
        exposed: why it has none although the kernel could confine it, or "".
        source: the data.
    """
    if exposed and source.info.public is not True:
        raise PrivacyRefusal(exposed, where=str(source), fix=FIX)


def refuse_exposed_reader(
    exposed: str, config: RunConfig, installed: Sequence[PluginEntry]
) -> None:
    """Raise PrivacyRefusal where another reader than the host's own would have to say what it is.

    It sees the data before it says whether they are public.

    Args:
        exposed: as in `refuse_exposed`.
        config: the settings.
        installed: the plugins, from `pe_host.plugins.find`.
    """
    if exposed and config.data:
        reader, location = find_reader(config.data, "--data", installed)
        if reader.distribution != HOST:
            raise PrivacyRefusal(exposed, where=f"{reader.name}:{location}", fix=FIX)


def refuse_open_source(source: Source, allowed: Allowed, unconfined: bool, out: str) -> None:
    """Raise PrivacyRefusal where the generator's processes could read what is private.

    Args:
        source: the private data.
        allowed: what these processes may do.
        unconfined: whether the operator accepted that nothing confines them.
        out: the run folder, or "" for one below `runs/`.
    """
    if unconfined or source.info.public:
        return
    private = dict.fromkeys(paths_in(source.location), "the private data lie")
    private |= dict.fromkeys(paths_in(out or "runs"), "the run lies")
    with suppress(PrivacyRefusal):  # no home: the run says so where it needs the budget
        private |= dict.fromkeys(paths_in(str(budget_folder())), "the budget lies")
    for path in find_open(private, allowed):
        fix = "move it out of the folders of programs, packages and options of the generator"
        raise PrivacyRefusal(
            f"{private[path]} in a folder that the generator may read", where=path, fix=fix
        )
