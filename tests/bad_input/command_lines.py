"""Command lines, configuration files and variables with values that nobody expects.

The options are those that the commands declare, so a new one is tried too.
"""

import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import tomli_w
import typer.main
from hypothesis import strategies as st

from bad_input.values import Draw, damages, floats, integers, jsons, one_in, words
from pe_host import cli
from pe_host.job.config import settings
from pe_host.job.setting import environment_name

DATA = "x.npz"
"""Private data in the scratch folder."""

BASES: dict[str, Sequence[str]] = {
    "generate": ("generate", "--plugin", "anything", "--data", DATA, "--epsilon", "4", "--dry-run"),
    "run": (
        *("generate", "--plugin", "anything", "--data", DATA, "--epsilon", "4"),
        *("--embedding", "odd", "--iterations", "1", "--candidates", "8", "--samples", "4"),
        *("--votes", "1", "--workers", "1"),
    ),
    "account": ("account", "--epsilon", "1"),
    "cost": ("account", "--vote-scale", "2"),
    "spent": ("account", "run"),
    "cap": ("budget", "cap", DATA, "--epsilon", "3"),
    "show": ("budget", "show", DATA),
    "history": ("budget", "history", DATA),
    "close": ("budget", "close", "0"),
    "describe": ("describe", "anything"),
    "export": ("export", "run", "--to", "npz", "--out", "out.npz"),
    "report": ("report", "run"),
    "replay": ("replay", "run"),
    "list": ("list-plugins",),
    "check": ("check-plugin", "anything"),
    "new": ("new-plugin", "my scene", "--out", "new"),
}
"""Commands that end well, or would but for a wrong word, each in milliseconds. `run` is a run."""

NUMBERS = (
    *("0", "1", "2", "3", "7", "-1", "1.5", "0.5", "1e-6", "1e-300", "1e-10", "0.03", "1e4", "300"),
    *(
        "nan",
        "inf",
        "-inf",
        "1e999",
        "9" * 30,
        "9" * 5000,
        "1_0",
        " 1 ",
        "٣",
        "0x1",
        "1,2",
        "0.1,nan",
    ),
)

NAMES = (
    *("a", "a,b", "a,a", ",", "a,b,c", "uniform", "noisy", "sample", "rank", "drop", "refuse"),
    *("record", "client", "npz", "imagefolder", "parquet", "values", "pixels", "odd", "anything"),
    *("simulator-features", "pe-host/pixels", "bad-input/odd", "echo", "no-such", "28x28", "8x8x3"),
    *("series:5x2", "0x0", "99999x99999x3", "generator", "embedding", "reader", "static", "full"),
)

TEXTS = (
    *(
        "a=1",
        "=1",
        "a=",
        "gain=2",
        "gain=nan",
        "word=black",
        "gain=1e999",
        "word=",
        "gain=1;word=x",
    ),
    *(
        "public:1,2",
        "public:",
        "public:nan,1",
        "public:0,0",
        "public:1e400,1",
        "public:1e308,1e308",
    ),
    *(
        "/",
        "a/b/c",
        "run",
        "out",
        DATA,
        "npz:" + DATA,
        "odd:x",
        "folder:.",
        "idx:.",
        "npz:",
        "True",
    ),
    *("sklearn:digits", "sklearn:x", "0.1,0.2"),
)

LARGE = ("9" * 14, "9" * 18, str(2**63 - 1), str(2**63))
"""Numbers that no machine has the memory for."""

HUGE = ("100000", "9999999", "999999999")
"""Numbers that a run would take hours for; a plan does not."""


@dataclass(frozen=True)
class Line:
    """A command line with its surroundings.

    Args:
        words: of the command.
        env: variables.
        config: the content of c.toml, which the words name, or None.
    """

    words: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    config: bytes | None = None

    @property
    def has_nan(self) -> bool:
        """Whether a number of the file is NaN. No setting takes it."""
        try:
            document = tomllib.loads((self.config or b"").decode())
        except (ValueError, RecursionError):
            return False
        numbers = [value for value in document.values() if isinstance(value, float)]
        return any(math.isnan(number) for number in numbers)


@cache
def declared() -> dict[str, list[Any]]:
    """The options and arguments of each command, by its first words."""
    found: dict[str, list[Any]] = {}

    def walk(command: Any, way: tuple[str, ...]) -> None:
        if hasattr(command, "commands"):
            for name, below in command.commands.items():
                walk(below, (*way, name))
        else:
            found[" ".join(way)] = command.params

    walk(typer.main.get_command(cli._app()), ())
    return found


def options_of(base: str) -> list[Any]:
    start = BASES[base][:2] if BASES[base][0] == "budget" else BASES[base][:1]
    return declared()[" ".join(start)]


def values_for(base: str, metavar: str | None = None) -> st.SearchStrategy[str]:
    """Values for an option with this metavar, most of them of the type that it takes."""
    large = {"generate": (*LARGE, *HUGE), "run": LARGE}.get(base, ())
    numbers, others = (*NUMBERS, *large), (*NAMES, *TEXTS)
    if metavar is None:
        return st.one_of(*map(st.sampled_from, (numbers, NAMES, TEXTS)), words)
    near = numbers if metavar in _OF_NUMBERS else others
    return st.one_of(*[st.sampled_from(near)] * 3, values_for(base))


_OF_NUMBERS = ("E", "D", "N", "T", "L", "K", "H", "S", "D,D,…", "SECONDS")


def extra(draw: Draw, base: str) -> Iterator[str]:
    """An option of the command with some value, or an argument more."""
    option = draw(st.sampled_from(options_of(base)))
    if option.param_type_name == "argument":
        yield from draw(st.sampled_from(((), (), (), (draw(values_for(base)),))))
    elif getattr(option, "is_flag", False):
        yield draw(st.sampled_from((*option.opts, *option.secondary_opts)))
    else:
        value = draw(values_for(base, option.metavar or ""))
        yield from draw(st.sampled_from(((option.opts[0], value), (f"{option.opts[0]}={value}",))))


@st.composite
def lines(draw: Draw) -> Line:
    base = draw(st.sampled_from((*sorted(BASES), *["generate", "run"] * 4)))
    line = [*BASES[base]]
    for _ in range(draw(st.integers(1, 3))):
        line += extra(draw, base)
    if one_in(draw, 5):
        at = draw(st.integers(1, len(line) - 1))
        line[at] = draw(values_for(base))
    if one_in(draw, 10):
        line.remove(draw(st.sampled_from(line[1:])))
    env = draw(variables()) if base in ("generate", "run") and draw(st.booleans()) else {}
    return Line(tuple(line), env)


OTHER_VARIABLES = (
    *("PE_PLUGINS", "PE_DEV_PLUGIN", "PE_WORKER_SECONDS", "PE_PASS_ENV", "PE_CHECK_SECONDS"),
    *("PE_BUDGET", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME", "COLUMNS", "LANG"),
)


@st.composite
def variables(draw: Draw) -> dict[str, str]:
    names = (*(environment_name(item) for item in settings()), *OTHER_VARIABLES)
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    return {name: draw(values_for("run")) for name in chosen}


FILE: dict[str, Any] = {
    "plugin": "anything",
    "data": DATA,
    "epsilon": 4.0,
    "iterations": 2,
    "candidates": 8,
    "samples": 4,
    "votes": 1,
    "degrees": [0.3, 0.2],
    "selection": "rank",
    "keep_parents": True,
    "classes": ["a", "b"],
    "set": {"gain": 2},
    "embedding": "values",
}

RAW = (
    b"",
    b"\xef\xbb\xbfseed = 1",
    b"\xff\xfe",
    b"a = ",
    b"a = 1\na = 2",
    b"seed = " + b"[" * 5_000,
    b"seed = " + b"{a=" * 2_000,
    b"seed = " + b"9" * 5_000,
    b"seed = 0x" + b"f" * 5_000,
    b"epsilon = 1" + b"0" * 5_000 + b".0",
    b"seed = 1979-05-27T07:32:00Z",
    b"epsilon = 07:32:00",
    b'data = "a\\u0000b"',
    b'out = "a\\u0000b"',
    b'plugin = "\\u0000"',
    b'embedding = "\\u001b[2J"',
    b'classes = ["a\\u0000", "b"]',
    b'[set]\ngain = "1\\u0000"',
    b'[set."a.b"]\nc = 1',
    b"[[set]]\na = 1",
    b'"\\u001b[2J" = 1',
    b"'" + b"x" * 100_000 + b"' = 1",
    b"seed = 1\r\nvotes = 1",
    b"seed = 1\r",
    b"# \x00",
)


LONG = (
    *(b"seed = " + b"9" * 5_000, b"votes = [" + b"1" * 4_400 + b"]", b"x = -" + b"7" * 4_301),
    *(b"seed = " + b"[" * 5_000, b"set = " + b"{a=" * 2_000),
)
"""Numbers that are too long, and values that are nested too deeply."""


@st.composite
def files(draw: Draw) -> Line:
    """A file of --config: settings of other types, or none at all."""
    document = dict(FILE)
    if one_in(draw, 3):  # one number of another size, and nothing else
        document[draw(st.sampled_from(_OF_FLOATS))] = draw(_numbers)
        content = tomli_w.dumps(document).encode()
        return Line(("generate", "--config", "c.toml", "--dry-run"), {}, content)
    for _ in range(draw(st.sampled_from((0, 1, 1, 2, 3)))):
        name = draw(st.sampled_from([*(item.name for item in settings()), "sed", "config", ""]))
        document[name] = draw(_toml | values_for("generate").filter(_is_toml))
    content = tomli_w.dumps(document).encode("utf-8", "replace")
    if one_in(draw, 6):
        content = draw(damages())(content)
    if one_in(draw, 3):
        content = draw(st.sampled_from(RAW) | st.sampled_from(LONG))
    line = ("generate", "--config", "c.toml", "--dry-run")
    if one_in(draw, 4):
        line = (*line, *extra(draw, "generate"))
    return Line(line, {}, content)


def _is_toml(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_toml(key) and _is_toml(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_is_toml, value))
    return value is not None and not (
        isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)
    )


def _is_float(item: Any) -> bool:
    try:
        return item.metadata["read"](0.25) == 0.25
    except ValueError:
        return False


_OF_FLOATS = [item.name for item in settings() if _is_float(item)]

_numbers = st.sampled_from(
    (*[float("nan")] * 6, float("inf"), -1.0, 0.0, 1e308, 10**30, "nan", "1e999")
)

_toml = (integers | floats | jsons).filter(_is_toml)
