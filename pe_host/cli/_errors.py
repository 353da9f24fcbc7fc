"""Exceptions turned into one message on stderr and an exit code, see `pe_host.errors`."""

import errno
import sys
import traceback
from collections.abc import Callable, Iterator

from pe_host.errors import DataError, PeError
from pe_host.reporting import visible

BUG, INTERRUPTED = 1, 130

_PATH = "choose another path"
_PERMISSIONS = f"{_PATH}, or fix its permissions"
_SPACE = "free space there, or choose another disk"
_FILES = "raise the limit of open files (`ulimit -n`), or use fewer workers"

_FIXES = {
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EROFS: _PERMISSIONS,
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
"""What to do next about errors that are the machine's or the path's, not the program's."""


_MEMORY = DataError(
    "this machine has not enough memory",
    fix="use fewer or smaller records, ask for fewer --samples or --candidates, or use a machine "
    "with more memory",
)


def guarded(command: Callable[[], object]) -> int:
    """Run a command and return the exit code.

    An unforeseen exception shows its type and places, never its message: a message or a local
    variable could hold values of private records; types, files and lines cannot.
    """
    try:
        command()
    except SystemExit as end:  # typer's way out: 0, 2 for a usage error, 130 for an interruption
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code == INTERRUPTED:
            _print("interrupted")
        return code
    except KeyboardInterrupt:
        _print("interrupted")
        return INTERRUPTED
    except PeError as error:
        _print(*_lines(error))
        return error.exit_code
    except OSError as error:
        if error.errno in _FIXES:
            what, where = error.strerror or type(error).__name__, str(error.filename or "")
            _print(*_lines(DataError(what, where=where, fix=_FIXES[error.errno])))
            return DataError.exit_code
        _print(*_bug(error))
        return BUG
    except MemoryError:
        _print(*_lines(_MEMORY))
        return _MEMORY.exit_code
    except Exception as error:
        _print(*_bug(error))
        return BUG
    return 0


def _lines(error: PeError) -> Iterator[str]:
    """The message, each part on one line."""
    yield f"error: {visible(str(error))}"
    if error.name:
        shown = repr(error.name) if error.shows_name else "withheld; --show-names shows its name"
        yield f"  file: {shown}"
    if error.fix:
        yield f"  next: {visible(error.fix)}"


def _bug(error: BaseException) -> Iterator[str]:
    yield f"error: {type(error).__name__}: this is a bug in pe, or in a library that it uses"
    yield "  next: report it with the command and these lines, which contain no data:"
    seen: BaseException | None = error
    while seen is not None:
        module = f" of {seen.name}" if isinstance(seen, ImportError) and seen.name else ""
        yield f"  {type(seen).__name__}{module}"
        for frame in traceback.extract_tb(seen.__traceback__):
            yield f"    {frame.filename}:{frame.lineno} in {frame.name}"
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _print(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201  this is where errors are printed
