"""Mistakes in the product, to see that the tests of bad input catch them.

Each changes the text of functions. `made` compiles their modules with it and puts the code in place
of the true one, wherever that is in use, and takes it back afterwards.
"""

import contextlib
import gc
import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType, ModuleType

TRACEBACK = "this is a bug"


@dataclass(frozen=True)
class Change:
    """A change of a function, or of a constant of a module.

    Args:
        module: where.
        name: qualified name of the function; or of the constant, which `wrong` is the value of.
        right, wrong: the text that is replaced, which occurs once, and what stands for it.
    """

    module: str
    name: str
    right: str
    wrong: str


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    Args:
        kind: the kind of cases that catch it, in `bad_input.kinds`.
        says: a part of what the case that catches it reports.
        changes: what is changed.
    """

    kind: str
    says: str
    changes: tuple[Change, ...]


def _mistake(kind: str, says: str, *change: str) -> Mistake:
    parts = [change[i : i + 4] for i in range(0, len(change), 4)]
    return Mistake(kind, says, tuple(Change(*part) for part in parts))


MISTAKES = {
    "a label is quoted": _mistake(
        *("npz", "918273645", "pe_host.privacy.readers.classes", "_counted"),
        'f"the largest label stands',
        'f"the largest label, {most}, stands',
    ),
    "a label of a label file is quoted": _mistake(
        *("label file", "zq8jane", "pe_host.privacy.readers.classes", "find_classes"),
        '"the class names stand only',
        'f"the class names {sorted(set(values.tolist()))} stand only',
    ),
    "a name of a picture is quoted": _mistake(
        *("folder", "zq8jane", "pe_host.privacy.readers.picture_files", "_Records.picture_fault"),
        'f"the file in row {self._rows[row]} of',
        'f"the file {name} of',
    ),
    "the message of an embedding is quoted": _mistake(
        *("reader and embedding", "zq8jane", "pe_host.privacy.embed", "_call"),
        "failure = type(error).__name__",
        'failure = f"{type(error).__name__}: {error}"',
    ),
    "a TokenError of numpy passes": _mistake(
        *("npz", "TokenError", "pe_host.formats.archives", "BROKEN", ""),
        'tuple(kind for kind in BROKEN if kind.__name__ != "TokenError")',
    ),
    "a ValueError of tomllib passes": _mistake(
        *("file", TRACEBACK, "pe_host.job.config", "_from_file"),
        "except (ValueError, RecursionError):",
        "except RecursionError:",
    ),
    "NaN is a number of a configuration": _mistake(
        *("file", "", "pe_host.job.setting", "number.<locals>.read"),
        "if not (fits or",
        "if result == result and not (fits or",
    ),
    "a pipe is opened": _mistake(
        *("run", "hangs", "pe_host.run.folder", "RunFolder.read_json"),
        "read_regular(path)",
        "path.read_bytes()",
    ),
    "types of a manifest are not checked": _mistake(
        *("run", TRACEBACK, "pe_host.run.manifest", "Manifest._check_types"),
        "if not all(valid):",
        "if False:",
    ),
    "a draw has no line in the ledger": _mistake(
        *("npz", "is paid for", "pe_host.privacy.side", "PrivateSide._release"),
        "self.ledger.spend(kind, round)",
        "pass",
    ),
    "a histogram that nothing pays for": _mistake(
        *("run", "is paid for", "pe_host.privacy.store", "check_paid"),
        "if not ledger.has_line(kind, round) and",
        "if False and",
    ),
    "a ledger that was set back": _mistake(
        *("run", "epsilon", "pe_host.run.spent", "refuse_set_back"),
        "if size < seen.get(id, 0):",
        "if False:",
    ),
    "flags of a worker are not checked": _mistake(
        *("worker", TRACEBACK, "pe_host.plugins.answers", "_flags"),
        "if not isinstance(document.get(flag), bool):",
        "if False:",
    ),
    "the space of a worker is not checked": _mistake(
        *("worker", TRACEBACK, "pe_host.plugins.answers", "_space"),
        '_made(lambda: ParameterSpace.from_json(document), "space")',
        "ParameterSpace.from_json(document)",
    ),
    "a text of a worker is shown as it is": _mistake(
        *("worker", "", "pe_host.compute.failures", "printable"),
        'c if c.isprintable() or c == "\\n" else "�"',
        "c",
        *("pe_host.reporting", "visible"),
        *("c if c.isprintable() or c in kept else ascii(c)[1:-1]", "c"),
    ),
    "an answer that is nested too deeply": _mistake(
        *("child", TRACEBACK, "pe_host.plugins.answers", "parse"),
        "except RecursionError:",
        "except MemoryError:",
    ),
    "an exporter writes a pipe or a link": _mistake(
        *("exporter", "", "pe_host.export.plugin", "_check"),
        "if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):",
        "if False:",
    ),
}


@contextlib.contextmanager
def made(name: str | None) -> Iterator[None]:
    """Make the mistake with this name, if there is one, and take it back."""
    with contextlib.ExitStack() as stack:
        for change in MISTAKES[name].changes if name else ():
            stack.enter_context(_other_code(change) if change.right else _other_value(change))
        yield


@contextlib.contextmanager
def _other_code(change: Change) -> Iterator[None]:
    right, wrong = _codes(change)
    functions = _with_code(right)
    for function in functions:
        function.__code__ = wrong
    try:
        yield
    finally:
        for function in functions:
            function.__code__ = right


@contextlib.contextmanager
def _other_value(change: Change) -> Iterator[None]:
    """Another value of a constant, in every module that has it under this name."""
    right = getattr(importlib.import_module(change.module), change.name)
    wrong = eval(change.wrong, {change.name: right})
    modules = [m for m in [*sys.modules.values()] if type(m) is ModuleType]
    users = [m for m in modules if vars(m).get(change.name) is right]
    for module in users:
        setattr(module, change.name, wrong)
    try:
        yield
    finally:
        for module in users:
            setattr(module, change.name, right)


@cache
def _codes(change: Change) -> tuple[CodeType, CodeType]:
    """The code of the function as it is, and with the mistake."""
    module = importlib.import_module(change.module)
    source, file = inspect.getsource(module), str(module.__file__)
    function = _find(compile(source, file, "exec"), change.name)
    lines = source.splitlines(keepends=True)[function.co_firstlineno - 1 :]
    body = "".join(inspect.getblock(lines))
    assert body.count(change.right) == 1, (
        f"{change.right!r} occurs {body.count(change.right)} times"
    )
    changed = source.replace(body, body.replace(change.right, change.wrong))
    return function, _find(compile(changed, file, "exec"), change.name)


def _find(code: CodeType, name: str) -> CodeType:
    """The code of a function in that of its module."""
    waiting = [code]
    while waiting:
        found = waiting.pop()
        if found.co_qualname == name:
            return found
        waiting += [part for part in found.co_consts if isinstance(part, CodeType)]
    raise LookupError(name)


@cache
def _with_code(code: CodeType) -> list[FunctionType]:
    """Every function that has this code; there are several of one that is made by another."""
    gc.unfreeze()  # functions that were put aside would not be found
    found = [f for f in gc.get_objects() if type(f) is FunctionType and f.__code__ == code]
    gc.freeze()
    assert found, code.co_qualname
    return found
