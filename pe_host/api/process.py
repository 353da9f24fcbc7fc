"""Calls of the command line from Python: settings in, JSON out, errors as exceptions."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
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

_IN_A_TERMINAL = "run the same `pe` command in a terminal"

_STDIN = "/dev/stdin"
"""The file from which a command reads the settings of a call."""

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
    return RunConfig(**{name: plain(value) for name, value in given.items() if value is not None})


def plain(value: Any) -> Any:
    """A value as a reader of settings knows it: paths are texts, numbers are Python's own."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # a scalar or an array of numpy, or of a library like it
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def call(
    words: Sequence[str], *arguments: str | Path, settings: str = "", progress: bool
) -> dict[str, Any]:
    """Run a command of `pe` with --json, and return its result.

    Variables that set settings (PE_EPSILON, …) are withheld from it: they rank above a file, which
    is how the arguments of a call reach it, and a call has all its settings in its arguments.

    On Linux the command ends with this process, or with the thread that calls.

    Args:
        words: the command and its options.
        *arguments: those that are not options, whatever they begin with.
        settings: settings in TOML, for commands that take --config.
        progress: show on `sys.stderr` what the command says as it goes.

    Raises:
        PeError: the error of the command, as an exception of the same kind.
        KeyboardInterrupt: this process was interrupted; the command has saved its state.
    """
    config = [f"--config={_STDIN}"] if settings else []
    request = _request([*words, *config, "--json", "--", *map(str, arguments)], settings)
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as answer,
        subprocess.Popen(
            [sys.executable, "-P", "-m", "pe_host.api", str(os.getpid())],
            env=_without_settings(os.environ),
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # an interruption reaches it once, from here
        ) as process,
    ):
        assert process.stdin is not None and process.stderr is not None
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(request)  # if it has ended already, its last words say why
            for line in process.stderr:
                last.append(line)
                if progress:
                    sys.stderr.write(by_name(line))
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        code = process.wait()
        if code:
            raise _error(code, last)
        answer.seek(0)
        return _document(answer.read())


def _request(words: Sequence[str], settings: str) -> str:
    """What the command reads on its stdin."""
    if any("\0" in word for word in words):
        raise DataError("a path or a name holds a NUL character", fix="use another one")
    try:
        settings.encode()
    except UnicodeEncodeError:  # lone surrogates: what is not UTF-8 on the disk
        what = "a setting holds characters that are not text"
        raise DataError(what, fix="use paths, names and options that are UTF-8") from None
    return f"{json.dumps(words)}\n{settings}"


def by_name(text: str) -> str:
    """A text of a command that calls a setting of this call by its name, without a file."""
    return text.replace(f" in {_STDIN}", "")


def _document(text: str) -> dict[str, Any]:
    """The result of a command."""
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError:
        what = "pe ended well, but its answer is not JSON"
        raise PeError(what, fix=_IN_A_TERMINAL) from None
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
        return PeError(what, fix=_IN_A_TERMINAL)
    lines = [by_name(line) for line in lines]
    what = lines[start].removeprefix(_ERROR).strip()
    after = [line.rstrip("\n") for line in list(lines)[start + 1 :]]
    fixes = [line.removeprefix(_FIX) for line in after if line.startswith(_FIX)]
    names = [line.removeprefix(_FILE) for line in after if line.startswith(_FILE)]
    return _KINDS.get(code, PeError)(what, fix="; ".join(fixes), name="; ".join(names))
