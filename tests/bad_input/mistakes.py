"""Mistakes in the product, to see that the tests of bad input catch them.

Each is one change of the text of one function. `made` compiles the module with it and puts the code
of that function in place of the true one, wherever it is in use, and takes it back afterwards.
"""

import contextlib
import gc
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType


@dataclass(frozen=True)
class Mistake:
    """A change of a function.

    Args:
        module, function: where; the qualified name of the function in its module.
        right, wrong: the text that is replaced, which occurs once, and what stands for it.
        kind: the kind of cases that catch it, in `bad_input.kinds`.
        says: a part of what the case that catches it reports.
    """

    module: str
    function: str
    right: str
    wrong: str
    kind: str
    says: str


TRACEBACK = "this is a bug"

MISTAKES = {
    "a label is quoted": Mistake(
        "pe_host.privacy.readers.classes",
        "_counted",
        'f"the largest label stands',
        'f"the largest label, {most}, stands',
        "npz",
        "918273645",
    ),
    "a name of a picture is quoted": Mistake(
        "pe_host.privacy.readers.picture_files",
        "_Records.picture_fault",
        'f"the file in row {self._rows[row]} of',
        'f"the file {name} of',
        "folder",
        "zq8jane",
    ),
    "a label of a label file is quoted": Mistake(
        "pe_host.privacy.readers.classes",
        "find_classes",
        '"the class names stand only',
        'f"the class names {sorted(set(values.tolist()))} stand only',
        "label file",
        "zq8jane",
    ),
    "the message of an embedding is quoted": Mistake(
        "pe_host.privacy.embed",
        "_call",
        "failure = type(error).__name__",
        'failure = f"{type(error).__name__}: {error}"',
        "reader and embedding",
        "zq8jane",
    ),
    "a TokenError of numpy passes": Mistake(
        "pe_host.formats.archives",
        "npy_header",
        "except BROKEN:",
        'except tuple(kind for kind in BROKEN if kind.__name__ != "TokenError"):',
        "npz",
        TRACEBACK,
    ),
    "a ValueError of tomllib passes": Mistake(
        "pe_host.job.config",
        "_from_file",
        "except (ValueError, RecursionError):",
        "except RecursionError:",
        "file",
        TRACEBACK,
    ),
    "NaN is a number of a configuration": Mistake(
        "pe_host.job.setting",
        "number.<locals>.read",
        "if not (fits or",
        "if result == result and not (fits or",
        "file",
        "NaN",
    ),
    "a pipe is opened": Mistake(
        "pe_host.run.folder",
        "RunFolder.read_json",
        "read_regular(path)",
        "path.read_bytes()",
        "run",
        "hangs",
    ),
    "types of a manifest are not checked": Mistake(
        "pe_host.run.manifest",
        "Manifest._check_types",
        "if not all(valid):",
        "if False:",
        "run",
        TRACEBACK,
    ),
    "a draw has no line in the ledger": Mistake(
        "pe_host.privacy.side",
        "PrivateSide._release",
        "self.ledger.spend(kind, round)",
        "pass",
        "npz",
        "check_paid",
    ),
    "a histogram that nothing pays for": Mistake(
        "pe_host.privacy.side",
        "PrivateSide.open",
        "check_paid(side._store, ledger, plan.rounds)",
        "pass",
        "run",
        "",
    ),
    "a ledger that was set back": Mistake(
        "pe_host.commands.account",
        "_refuse_set_back",
        "if size < seen.get(id, 0):",
        "if False:",
        "run",
        "epsilon",
    ),
    "flags of a worker are not checked": Mistake(
        "pe_host.plugins.answers",
        "_flags",
        "if not isinstance(document.get(flag), bool):",
        "if False:",
        "worker",
        TRACEBACK,
    ),
    "spaces of a worker are not checked": Mistake(
        "pe_host.plugins.answers",
        "check_loaded",
        "if spaces and (len(spaces) != labels or",
        "if spaces and (False or",
        "worker",
        TRACEBACK,
    ),
    "a text of a worker is shown as it is": Mistake(
        "pe_host.compute.failures",
        "printable",
        'c if c.isprintable() or c == "\\n" else "�"',
        "c",
        "worker",
        "",
    ),
    "an answer that is nested too deeply": Mistake(
        "pe_host.plugins.answers",
        "parse",
        "except RecursionError:",
        "except MemoryError:",
        "child",
        TRACEBACK,
    ),
}


@cache
def _codes(mistake: Mistake) -> tuple[CodeType, CodeType]:
    """The code of the function as it is, and with the mistake."""
    module = importlib.import_module(mistake.module)
    source = inspect.getsource(module)
    function = _find(compile(source, module.__file__, "exec"), mistake.function)
    first, count = function.co_firstlineno - 1, source.count("\n")
    lines = source.splitlines(keepends=True)
    body = "".join(lines[first : first + len(inspect.getblock(lines[first:]))])
    assert body.count(mistake.right) == 1, f"{mistake.right!r} occurs {body.count(mistake.right)} x"
    changed = source.replace(body, body.replace(mistake.right, mistake.wrong))
    assert changed.count("\n") == count
    return function, _find(compile(changed, module.__file__, "exec"), mistake.function)


def _find(code: CodeType, name: str) -> CodeType:
    """The code of a function in that of its module."""
    waiting = [code]
    while waiting:
        found = waiting.pop()
        if found.co_qualname == name:
            return found
        waiting += [part for part in found.co_consts if isinstance(part, CodeType)]
    raise LookupError(name)


@contextlib.contextmanager
def made(name: str | None) -> Iterator[None]:
    """Make the mistake with this name, if there is one, and take it back."""
    if name is None:
        yield
        return
    right, wrong = _codes(MISTAKES[name])
    functions = _with_code(right)
    for function in functions:
        function.__code__ = wrong
    try:
        yield
    finally:
        for function in functions:
            function.__code__ = right


@cache
def _with_code(code: CodeType) -> list[FunctionType]:
    """Every function that has this code; there are several of one that is made by another."""
    gc.unfreeze()  # functions that were put aside would not be found
    found = [f for f in gc.get_objects() if type(f) is FunctionType and f.__code__ == code]
    gc.freeze()
    assert found, code.co_qualname
    return found
