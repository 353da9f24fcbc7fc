"""From whatever a command raises to one message on stderr and an exit code; see `pe_host.errors` for the codes."""

import errno
import sys
import traceback
from collections.abc import Callable, Iterator

from pe_host.errors import DataError, PeError

BUG, INTERRUPTED = 1, 130

_PATH, _RIGHTS = "choose another path", "choose another path, or mend its permissions"
_SPACE, _FILES = (
    "free space there, or choose another disk",
    "raise the limit of open files (`ulimit -n`), or use fewer workers",
)

_MACHINE = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.EIO: "check the disk; what was written before is kept",
    errno.ENOTDIR: f"{_PATH}: a part of it is a file, not a folder",
    errno.EISDIR: f"{_PATH}: this is a folder, not a file",
    errno.ENAMETOOLONG: f"{_PATH}: this name is too long for the file system",
    errno.ELOOP: f"{_PATH}: its links lead in a circle",
    errno.ETXTBSY: f"{_PATH}, or end the program that uses the file",
}
"""Errors of the system that are the machine's or the path's, not the program's, and what to do next."""


def guarded(command: Callable[[], object]) -> int:
    """Run a command and give the exit code; an unforeseen exception shows its type and places, never its message.

    A message or a local variable could hold values of private records; types, files and lines cannot.
    """
    try:
        command()
    except SystemExit as end:  # typer ends so: 0, 2 after a usage error, 130 after an interruption
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code == INTERRUPTED:
            _say("interrupted")
        return code
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except PeError as error:
        _say(*_lines(error))
        return error.exit_code
    except OSError as error:
        if error.errno in _MACHINE:
            what, where = error.strerror or type(error).__name__, str(error.filename or "")
            _say(*_lines(DataError(what, where=where, fix=_MACHINE[error.errno])))
            return DataError.exit_code
        _say(*_bug(error))
        return BUG
    except Exception as error:
        _say(*_bug(error))
        return BUG
    return 0


def _lines(error: PeError) -> Iterator[str]:
    yield f"error: {error}"
    if error.fix:
        yield f"  next: {error.fix}"


def _bug(error: BaseException) -> Iterator[str]:
    yield f"error: {type(error).__name__}: this is a bug in pe, or in what it runs on"
    yield "  next: report it with the command and these lines; they hold no data:"
    seen: BaseException | None = error
    while seen is not None:
        module = f" of {seen.name}" if isinstance(seen, ImportError) and seen.name else ""
        yield f"  {type(seen).__name__}{module}"
        for frame in traceback.extract_tb(seen.__traceback__):
            yield f"    {frame.filename}:{frame.lineno} in {frame.name}"
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201  this is where errors are printed
