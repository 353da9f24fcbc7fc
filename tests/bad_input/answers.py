"""Answers that no correct plugin gives: descriptions, messages of workers, samples, vectors.

See `plugins.py` for how they take the place of the true ones.
"""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bad_input.commands import SMALL
from bad_input.npz_files import DTYPES
from bad_input.values import NUMBER, Draw, deep, floats, integers, jsons, one_in, places, texts

RUN = ("generate", *SMALL, "--epsilon", "4", "--data", "x.npz", "--out", "run")


@dataclass(frozen=True)
class Answers:
    """A command, and what plugins answer it."""

    words: tuple[str, ...]
    mangled: tuple[dict, ...]


TEXTS = (
    *("", "null", "[]", "{}", '{"result": NaN}', '"x"', "\x00"),
    *('{"result": {}}', '{"error": {}}', '{"error": 3}', '{"error": null}', '{"result": []}'),
    *('{"result": 1' + "0" * 5000 + "}", '{"result": 1e999}', "\xff\xfe", "{" + "\n" * 5000),
    '{"error": {"kind": "usage", "what": "a\\nb\\u001b[2J", "where": "x", "fix": "y"}}',
    '{"error": {"kind": ["usage"], "what": {}, "where": "x", "fix": "y"}}',
)


DEEP = ("[" * 100_000, '{"a":' * 100_000, '{"result": ' + "[" * 90_000)


@st.composite
def edits_of_bytes(draw: Draw) -> dict:
    how = draw(st.sampled_from(("bytes", "bytes", "cut", "flips")))
    if how == "bytes":
        junk = st.binary(max_size=40).map(lambda content: content.decode("latin-1"))
        return {"bytes": draw(st.sampled_from(DEEP) | st.sampled_from(TEXTS) | junk)}
    if how == "cut":
        return {"cut": draw(places)}
    flips = draw(st.lists(st.tuples(places, st.integers(0, 7)), min_size=1, max_size=3))
    return {"flips": [list(flip) for flip in flips]}


DESCRIBED: tuple[tuple[Any, ...], ...] = (
    *((name,) for name in ("kind", "name", "distribution", "version", "summary", "options")),
    *(
        (name,)
        for name in ("labels", "default_data", "embedding", "exact", "gpu", "block", "makes")
    ),
    *(("options", 0), ("options", 0, "name"), ("options", 0, "help"), ("labels", 0), ("needs",)),
    *(("makes", name) for name in ("output", "shape", "space", "cannot")),
    *(("makes", "output", name) for name in ("kind", "shape", "dtype", "features", "step", "x")),
    *(("makes", "space", name) for name in ("schema", "parameters")),
    *(("makes", "space", "parameters", name) for name in ("level", "steps", "part", "x")),
    *(("makes", "space", "parameters", "level", name) for name in ("kind", "low", "high", "log")),
    *(("makes", "space", "parameters", "part", name) for name in ("choices", "among")),
    *(("needs", name) for name in ("gpu", "network", "paths")),
)

FINDINGS: tuple[tuple[Any, ...], ...] = (
    *(("findings",), ("findings", 0), ("findings", 0, "level"), ("findings", 0, "detail")),
    *(("findings", 0, "name"), ("findings", 0, "fix"), ("summary",)),
)

REPORTED: tuple[tuple[Any, ...], ...] = (
    *(
        (),
        ("subject",),
        ("kind",),
        ("level",),
        ("results",),
        ("results", 0),
        ("usage",),
        ("error",),
    ),
    *(("results", 0, name) for name in ("name", "rule", "status", "detail")),
)

ASKING = {
    "describe": (("describe", "anything"), ("describe", "anything", "--json"), (*RUN, "--dry-run")),
    "needs": (("check-plugin", "anything"), ("replay", "run")),
    "check": (("list-plugins", "--check"), ("doctor",), ("list-plugins", "--check", "--json")),
    "diagnose": (("doctor",), ("doctor", "--json")),
    "report": (("check-plugin", "anything"), ("check-plugin", "anything", "--json")),
}
"""The commands that ask a child about a plugin, by question."""

VALUES = jsons | deep | texts | integers | floats | st.just("x" * 5_000) | st.just([0] * 20_000)


@st.composite
def child_answers(draw: Draw) -> Answers:
    """What a child says about a plugin, another way."""
    of = draw(st.sampled_from(("describe", *sorted(ASKING))))
    possible = {"describe": DESCRIBED, "report": REPORTED}.get(of, (*DESCRIBED[:5], *FINDINGS))
    edit: dict[str, Any] = {"of": of, "nth": draw(st.sampled_from((None, 0, 1)))}
    how = draw(st.sampled_from(("value", "value", "value", "gone", "bytes", "bytes", "ended")))
    if how in ("value", "gone"):
        top = () if of == "report" else draw(st.sampled_from((("result",),) * 9 + ((),)))
        edit["path"] = [*top, *draw(st.sampled_from(possible))]
        if how == "value":
            edit["value"] = draw(VALUES)
    elif how == "bytes":
        edit |= draw(edits_of_bytes())
    else:
        edit |= {
            "bytes": draw(st.sampled_from(("", "x"))),
            "code": draw(st.sampled_from((0, 1, 70, -11))),
        }
        edit["stderr"] = draw(st.sampled_from(("", "a\nb\x1b[2J", "\xff" * 9, "x" * 90_000)))
        if draw(st.booleans()):
            edit["missing"] = True
    return Answers(draw(st.sampled_from(ASKING[of])), (edit,))


OPERATIONS = ("load", "random", "vary", "data", "embed", "set_embedding", "adapt")

FLAGS = ("state_only", "exact", "gpu", "adapts", "block", "space")

LOADED: tuple[tuple[Any, ...], ...] = (
    *((name,) for name in ("space", "label_spaces", "state_only", "exact", "gpu", "adapts", "x")),
    *((name,) for name in ("parts", "block", "options", "dim", "warnings", "error", "arrays")),
    *(("space", name) for name in ("schema", "parameters")),
    *(("space", "parameters", name) for name in ("level", "steps", "part", "x")),
    *(("space", "parameters", "level", name) for name in ("low", "high", "log", "kind", "wrap")),
    *(("space", "parameters", "steps", name) for name in ("low", "high")),
    *(("space", "parameters", "part", name) for name in ("choices", "among")),
    *(("options", "gain"), ("options", "x"), ("parts", "a/b"), ("label_spaces", 0)),
)

ESCAPES = st.sampled_from(("\x1b[2J", "a\x9bb", "\u202eabc", "a\nerror: b", "a\rb"))
"""Texts that would rewrite a terminal."""

ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(("host", "option", "refusal", "rule", "exception", "x")) | jsons,
        "type": st.sampled_from(("DataError", "UsageError", "PrivacyRefusal", "x", "\x1b")) | jsons,
        **dict.fromkeys(("message", "what", "where", "fix"), ESCAPES | texts | jsons),
        "frames": st.lists(texts, max_size=3) | jsons,
    },
)

COLUMNS = (
    "*",
    "*",
    "labels",
    "data",
    "grid",
    "state/level",
    "state/steps",
    "state/part",
    "state/own",
)


@st.composite
def edits_of_arrays(draw: Draw) -> dict:
    edit: dict[str, Any] = {
        "array": draw(st.sampled_from(COLUMNS)),
        "which": draw(st.integers(0, 5)),
    }
    how = draw(st.sampled_from(("gone", "rename", "dtype", "shape", "fill", "fill")))
    if how == "rename":
        edit["rename"] = draw(
            st.sampled_from(("labels", "data", "x", "state/", "state/x", "", "grid")) | texts
        )
    elif how == "dtype":
        edit["dtype"] = draw(
            st.sampled_from([d for d in DTYPES if d not in ("i4,f4", "(2,)i4", "2i8")])
        )
    elif how == "shape":
        edit["shape"] = draw(st.lists(st.sampled_from((0, 1, 2, 3, 7, 8)), max_size=9))
    elif how == "fill":
        edit["where"] = draw(places)
        edit["fill"] = draw(floats | integers | st.sampled_from((NUMBER, "x", "\ud800", 32767)))
    return edit


ARRAYS_DESCRIBED: st.SearchStrategy[Any] = jsons | st.lists(
    st.tuples(
        st.sampled_from(("labels", "data", "x", "")),
        st.sampled_from(("<i8", "|u1", "|O", "<U9999", "<f8", "|V8", 3)),
        st.lists(st.sampled_from((0, 1, 8, -1, 2**31, 2**62, True, 1.5)), max_size=10),
    ).map(list),
    max_size=3,
)


@st.composite
def worker_answers(draw: Draw) -> Answers:
    """What a worker sends in a run, another way."""
    of = draw(st.sampled_from((*OPERATIONS, *["load"] * 5, "random")))
    edit: dict[str, Any] = {"of": of, "nth": draw(st.sampled_from((None, None, 0, 1, 2)))}
    hows = ("arrays", "arrays", "value", "gone", "bytes", "error", "described", "text")
    more_hows = ("value", "value", "gone", "gone", "error") if of == "load" else ()
    how = draw(st.sampled_from((*more_hows, *hows)))
    if how == "arrays":
        edit |= draw(edits_of_arrays())
    elif how in ("value", "gone"):
        flags = st.sampled_from(FLAGS).map(lambda name: (name,))
        ways = st.sampled_from(LOADED) | flags | flags
        edit["path"] = list(draw(ways))
        if how == "value":
            edit["value"] = draw(VALUES)
    elif how == "bytes":
        edit |= draw(edits_of_bytes())
    elif how == "error":
        edit |= {"path": ["error"], "value": draw(ERRORS)}
    elif how == "described":
        edit["described"] = draw(ARRAYS_DESCRIBED)
    else:
        edit["text"] = draw(st.sampled_from(TEXTS) | jsons.map(json.dumps))
    more = draw(
        st.sampled_from(((), (), ("--set", "word=black"), ("--lookahead", "2"), ("--workers", "2")))
    )
    return Answers((*RUN, *more), (edit,))


RAISED = ("ValueError", "KeyError", "MemoryError", "RecursionError", "AssertionError", "SystemExit")

RETURNED: st.SearchStrategy[Any] = (
    st.fixed_dictionaries(
        {
            "array": st.tuples(
                st.sampled_from(DTYPES[:24]),
                st.sampled_from(
                    (
                        (6, 8, 8, 1),
                        (6,),
                        (256, 2),
                        (5,),
                        (6, 8, 8),
                        (0, 8, 8, 1),
                        (),
                        (6, 2),
                        (256,),
                    )
                ),
                st.sampled_from((0, 1, -1, NUMBER, 1e30, float("nan"), float("inf"))),
            ).map(list)
        }
    )
    | jsons
    | st.fixed_dictionaries({"raise": st.sampled_from(RAISED)})
)
"""What the reader and the embedding `odd` return, or raise with a private text."""

ODD = {
    "reader": (
        *("output", "label_names", "public", "clients", "public_ranges"),
        *("data", "labels", "clients", "parameters", "faults", "table"),
    ),
    "embedding": ("dim", "vectors", *["private vectors"] * 4),
}


def _returned(of: str) -> st.SearchStrategy[Any]:
    """An embedding has a `dim` before it sees a record."""
    return RETURNED if of != "dim" else integers | jsons


@st.composite
def odd_answers(draw: Draw) -> Answers:
    """What a reader or an embedding returns: they are trusted, and may still be wrong."""
    kind = draw(st.sampled_from((*sorted(ODD), "embedding")))
    mangled = [
        {"of": of, "nth": draw(st.sampled_from((None, 0, 1))), "value": draw(_returned(of))}
        for of in draw(st.lists(st.sampled_from(ODD[kind]), min_size=1, max_size=2))
    ]
    words = [*RUN]
    if kind == "reader":
        words[words.index("x.npz")] = "odd:x"
        words += draw(st.sampled_from(((), ("--bad-records", "drop"))))
    return Answers(tuple(words), tuple(mangled))


EXPORTS = (
    ("export", "run", "--to", "odd", "--out", "out"),
    ("export", "run", "--to", "odd", "--out", "out", "--json"),
    ("samples", "run", "--n", "6", "--to", "odd", "--out", "out"),
    ("describe", "odd"),
)

WRITTEN = st.lists(
    st.tuples(
        st.sampled_from(("", "", "x", "y", "x/y", "../x", "\x1b[2J")),
        st.sampled_from(("a text", "pipe", "folder", "-> /etc/passwd", "-> x", "refuses")),
    ).map(list),
    max_size=3,
)


@st.composite
def exporter_answers(draw: Draw) -> Answers:
    """What an exporter writes, and what its process says about it."""
    edits: list[dict[str, Any]] = []
    if draw(st.booleans()):
        value = draw(st.booleans() | jsons)
        edits.append({"of": "about", "nth": None, "path": ["result", "folder"], "value": value})
    if draw(st.booleans()):
        told = draw(st.fixed_dictionaries({"raise": st.sampled_from(RAISED)}) | WRITTEN)
        edits.append({"of": "files", "nth": None, "value": told})
    if not edits or one_in(draw, 3):
        edit: dict[str, Any] = {"of": draw(st.sampled_from(("about", "write"))), "nth": None}
        how = draw(st.sampled_from(("value", "bytes", "ended")))
        if how == "value":
            way = st.sampled_from(([], ["result"], ["result", "written"], ["error"]))
            edit |= {"path": draw(way), "value": draw(VALUES | ERRORS)}
        elif how == "bytes":
            edit |= draw(edits_of_bytes())
        else:
            edit |= {"bytes": draw(st.sampled_from(("", "x"))), "stderr": "a\x1b[2J"}
            edit["code"] = draw(st.sampled_from((0, 1, 70, -11)))
        edits.append(edit)
    return Answers(draw(st.sampled_from(EXPORTS)), tuple(edits))
