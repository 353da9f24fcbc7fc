"""Texts that are easy to read: plain words, and lines of at most 100 characters.

Messages, help and docstrings avoid words that readers stumble on. The rules for words are few and
have no borderline cases. They read strings only, never names or comments.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SCOPE = ("pe_host", "sdk/src/pe_sdk", "plugins/*/src", "examples/*/src")
"""Folders and files that are checked, as glob patterns."""

BANNED = {
    r"\banew\b": "again",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\btold\b|\btells? of\b|\bdoes not tell\b": "report, say or pass",
    r"\bby heart\b": "memorise",
    r"\bspoil(s|t|ed|ing)?\b": "augment",
    r"\bto go on\b|\bgo(es)? on from\b": "continue or resume",
    r"\b(?<!let )(?<!left )(?<!leave )alone(?=[.;:,)]|$)": "only, before the noun",
    r"\bno (picture|image|number|file|text|name)s? that\b": "nothing that is not, or a plain verb",
    r"\b(that|this|these|which|it|what) (is|are) no (?!more\b|longer\b)\w": "is not a",
    r"\bas of (?![\d{v])": "as in, or the name of the thing itself",
}
"""Pattern -> what to write instead."""

PREPOSITION = re.compile(
    r"(About|Against|As|At|By|For|From|In|Into|Of|On|Per|Than|Through|To|Where|With|Without)\b"
)

LONGEST = 100
"""Characters of the longest line of a file."""

LONG = {
    "plugins/*/LICENSES/*": "licences stay word for word",
    "plugins/pyrender-faces/*/demo_faces.json": "data: one parameter a line",
    "plugins/text-render/*/faces.json": "generated: one typeface a line",
    "plugins/text-render/tools/skeletons.txt": "data: one digit a line",
    "tests/older_run/ledger.jsonl": "data: a run keeps each line of it",
}
"""Pattern of files that may have longer lines -> why."""

ALLOWED = {
    r"simulator-features: .*\bspoil in ": "`spoil` is the public name of an option",
}
"""Pattern of a text that breaks a rule -> why it may."""


@dataclass(frozen=True)
class Text:
    """A string of a module.

    Args:
        line: line of its beginning.
        text: its content on one line; a value in an f-string is "{}".
        docstring: whether it documents a module, class, function or attribute.
        message: whether it is the argument of a call, as messages are.
    """

    line: int
    text: str
    docstring: bool = False
    message: bool = False


def texts_of(source: str) -> Iterator[Text]:
    """Every string in Python code, each f-string as one."""
    tree = ast.parse(source)
    inner = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    arguments = {
        id(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for value in (*node.args, *(keyword.value for keyword in node.keywords))
    }
    for node in ast.walk(tree):
        if id(node) not in inner and (content := _content(node)) is not None:
            text = " ".join(content.split())
            yield Text(node.lineno, text, id(node) in documents, id(node) in arguments)


def _content(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def faults(text: Text) -> Iterator[str]:
    """What breaks a rule in a string."""
    if any(re.search(pattern, text.text) for pattern in ALLOWED):
        return
    for pattern, instead in BANNED.items():
        for found in re.finditer(pattern, text.text, re.IGNORECASE):
            yield f"{found.group()!r}: write {instead}"
    if text.docstring and (found := PREPOSITION.match(text.text)):
        yield f"the docstring begins with {found.group()!r}: begin with a noun or a verb"
    if text.message and re.search(r" .*\?$", text.text) and "did you mean" not in text.text:
        yield "the message is a question: say what is wrong, or what the option does"


def checked() -> Iterator[Path]:
    for pattern in SCOPE:
        found = sorted(ROOT.glob(pattern))
        assert found, f"nothing matches {pattern} in SCOPE"
        for path in found:
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (file for file in files if file.is_file() and "tests" not in file.parts)


def test_strings_are_in_plain_english():
    found = []
    for file in checked():
        if file.suffix == ".py":
            texts = texts_of(file.read_text(encoding="utf-8"))
        elif file.suffix == ".j2":
            lines = file.read_text(encoding="utf-8").splitlines()
            texts = (Text(i, line) for i, line in enumerate(lines, 1))
        else:
            continue
        where = file.relative_to(ROOT)
        found += [f"{where}:{text.line}: {fault}" for text in texts for fault in faults(text)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        'x = "write the pages anew"',
        'x = f"mend {path}"',
        '"""Everything the loop is told."""',
        'x = "the system does not tell"',
        'x = "it depends on public values alone."',
        'x = "for the operator alone"',
        'x = f"{name} takes no picture that is not square"',
        'x = "this is no run: it has no manifest"',
        'x = "the arguments are as of `vary`"',
        'def f():\n    """Of one kind."""',
        'raise UsageError("which run is to be resumed?")',
        'option(help=f"the folder {name}: what has it spent?")',
        'x = """words that are\n    told over two lines"""',
    ],
)
def test_each_rule_finds_what_it_bans(code):
    assert [fault for text in texts_of(code) for fault in faults(text)]


@pytest.mark.parametrize(
    "code",
    [
        'x = "there is no such run"',
        'x = "the number is no longer needed"',
        'x = "noise alone explains the choice"',
        'x = "the column is left alone."',
        'x = "votes distinguish samples, and tell them apart"',
        'raise DataError(f"unknown setting {name!r}; did you mean {close!r}?")',
        're.compile("a?")',
        "anew = spoil = 1  # mend",
    ],
)
def test_plain_sentences_pass(code):
    assert not [fault for text in texts_of(code) for fault in faults(text)]


def long_lines(text: str) -> list[int]:
    """Numbers of the lines that are too long, except a URL on a line of its own."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > LONGEST and not re.fullmatch(r"\W*https?://\S+", line)
    ]


def test_lines_are_short():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found, unused = [], set(LONG)
    for name in filter(None, listed):
        try:
            lines = long_lines((ROOT / name).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, FileNotFoundError):  # binary, or deleted but not yet committed
            continue
        if lines and (allowed := {pattern for pattern in LONG if fnmatch(name, pattern)}):
            unused -= allowed
        else:
            found += [f"{name}:{line}" for line in lines]
    assert not found, f"longer than {LONGEST} characters:\n" + "\n".join(found)
    assert not unused, f"no longer needed in LONG: {sorted(unused)}"


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("x" * 100, True),
        ("ε" * 100, True),
        ("x" * 101, False),
        ("# https://example.org/" + "x" * 100, True),
        ("see https://example.org/" + "x" * 100, False),
    ],
)
def test_a_line_is_measured_in_characters(line, passes):
    assert (not long_lines(line)) == passes
