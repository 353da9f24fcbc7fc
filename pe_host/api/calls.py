"""The commands that a notebook begins with."""

from pathlib import Path
from typing import Any

from pe_host.api.process import by_name, call, make_config
from pe_host.api.run import Run


def generate(
    *, out: str | Path = "", resume: bool = False, progress: bool = True, **settings: Any
) -> Run:
    """Run Private Evolution in a process of its own, and return the finished run.

    Args:
        out: folder of the run; by default a new one, `runs/NAME-NNN`.
        resume: continue the run in `out`.
        progress: show on `sys.stderr` how far it is.
        **settings: as in a `config.toml`: plugin, data, epsilon, set={"option": "value"}, …

    Raises:
        PeError: as `pe generate`: UsageError, PluginFailure, PrivacyRefusal or DataError. What was
            done is kept, and `resume` continues from there.
    """
    config = make_config("generate", {**settings, "out": str(out)})
    words = ["generate", *(["--resume"] if resume else [])]
    words += [f"--out={config.out}"] if config.out else []
    return Run.open(call(words, settings=config.to_toml(settings), progress=progress)["run"])


def inspect(data: str | Path, **settings: Any) -> dict[str, Any]:
    """Return what `pe` takes a source for, from metadata; nothing is spent.

    Args:
        data: as for `generate`.
        **settings: those about reading: labels, size, fit, split, classes, …

    Raises:
        PeError: as `pe inspect`.
    """
    config = make_config("inspect", settings)
    found = call(["inspect"], data, settings=config.to_toml(settings), progress=False)
    return {**found, "classes_from": by_name(found["classes_from"])}
