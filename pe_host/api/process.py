"""Calls of the command line from Python: settings in, JSON out, errors as exceptions."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pe_host.errors import DataError, PeError, PluginFailure, PrivacyRefusal, UsageError
from pe_host.job.config import (
    RunConfig,
    continue_settings,
    environment_of,
    inspect_settings,
    settings,
)
from pe_host.reporting import visible

_KINDS = {kind.exit_code: kind for kind in (UsageError, PluginFailure, PrivacyRefusal, DataError)}

_SETTINGS = {
    "generate": settings,
    "inspect": inspect_settings,
    "continue": continue_settings,
}

_KEPT_LINES = 50
"""How much of the end of stderr is kept for an error."""

_SHOWN_LINES = 3
"""How much of it stands in an error that the command did not report itself."""

_ERROR, _FIX, _FILE = "error: ", "  next: ", "  file: "


def make_config(command: str, given: Mapping[str, Any]) -> RunConfig:
    """Check settings that are given as keyword arguments.

    Args:
        command: generate, inspect or continue.
        given: values by name of setting.

    Raises:
        UsageError: the command has no such setting.
        DataError: a value is invalid.
    """
    import difflib

    known = {item.name for item in _SETTINGS[command]()}
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f"did you mean {close[0]}?" if close else f"`pe {command} --help` shows all"
            if name in {item.name for item in settings()}:
                fix = "leave it out: it is a setting of `pe generate`"
            raise UsageError(f"there is no setting {name!r}", where=command, fix=fix)
    values: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }
    return RunConfig(**values)


@contextlib.contextmanager
def config_file(config: RunConfig, only: Collection[str] | None = None) -> Iterator[Path]:
    """Yield a file with the settings, or only with some, which only this user can read."""
    with tempfile.TemporaryDirectory(prefix="pe-") as folder:
        path = Path(folder) / "config.toml"
        path.write_text(config.to_toml(only), encoding="utf-8")
        yield path


def call(words: Sequence[str], *, progress: bool) -> dict[str, Any]:
    """Run a command of `pe` with --json, and return its result.

    Variables that set settings (PE_EPSILON, …) are withheld from it: they rank above a file, which
    is how the arguments of a call reach it, and a call has all its settings in its arguments.

    On Linux the command ends with this process, or with the thread that calls.

    Args:
        words: the command and its arguments.
        progress: show on `sys.stderr` what the command says as it goes.

    Raises:
        PeError: the error of the command, as an exception of the same kind.
        KeyboardInterrupt: this process was interrupted; the command has saved its state.
    """
    command = [sys.executable, "-P", "-m", "pe_host.api", str(os.getpid()), *words, "--json"]
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as answer,
        subprocess.Popen(
            command,
            env=_without_settings(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # an interruption reaches it once, from here
        ) as process,
    ):
        assert process.stderr is not None
        try:
            for line in process.stderr:
                last.append(line)
                if progress:
                    sys.stderr.write(line)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        code = process.wait()
        if code:
            raise _error(code, last)
        answer.seek(0)
        document: dict[str, Any] = json.load(answer)
    return document


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    ours = environment_of(settings(), environ)
    return {name: value for name, value in environ.items() if name not in ours}


def _error(code: int, lines: Sequence[str]) -> PeError:
    """The error that the command reported in its last lines."""
    start = max((i for i, line in enumerate(lines) if line.startswith(_ERROR)), default=None)
    if start is None:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = "; ".join(
            [visible(text) for line in lines if (text := line.strip())][-_SHOWN_LINES:]
        )
        what = f"pe {how}, after these words: {said}" if said else f"pe {how} and said nothing"
        return PeError(what, fix="run the same `pe` command in a terminal")
    what = lines[start].removeprefix(_ERROR).strip()
    after = [line.rstrip("\n") for line in list(lines)[start + 1 :]]
    fixes = [line.removeprefix(_FIX) for line in after if line.startswith(_FIX)]
    names = [line.removeprefix(_FILE) for line in after if line.startswith(_FILE)]
    return _KINDS.get(code, PeError)(what, fix="; ".join(fixes), name="; ".join(names))
