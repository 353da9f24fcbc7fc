"""Run folders with something wrong: files gone, damaged, replaced, closed, or told otherwise.

A run is copied together with its budget, tampered with, and given to a command. `Base` knows what
the run has truly drawn.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bad_input.commands import SMALL, Commands, Outcome, fresh, judge, paid, restore
from bad_input.npz_files import DTYPES, SHAPES, good, packed
from bad_input.values import SECRETS, Draw, damages, deep, jsons, one_in, places

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Base:
    """A run as it was before anyone touched it.

    Args:
        folder: holds `run`, `budget` and the data.
        words: of the command that made it, without the run folder.
        draws: number of noisy histograms that it has paid for.
        epsilon: ε of these.
    """

    folder: Path
    words: tuple[str, ...]
    draws: int
    epsilon: float


@dataclass(frozen=True)
class Tampering:
    """What was done to a copy of a run, in words, and the command that meets it.

    Args:
        base: name of the run in `HOW`.
        notes: the changes.
        changes: do them, in a copy.
        words: the command; RUN stands for the run folder, CONTINUE for the words that made the run.
    """

    base: str
    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    words: tuple[str, ...]

    def apply(self, folder: Path) -> None:
        for change in self.changes:
            with suppress(OSError):  # an earlier change has put something in its way
                change(folder)

    def __repr__(self) -> str:
        return f"Tampering(base={self.base}, notes={self.notes}, words={self.words})"


RESUME = ("CONTINUE", "--out", "run", "--resume")

COMMANDS = (
    *[RESUME] * 3,
    ("CONTINUE", "--out", "run", "--resume", "--adopt"),
    ("CONTINUE", "--out", "run", "--resume", "--dry-run"),
    *[("replay", "run"), ("replay", "run", "--json")],
    *[("report", "run")] * 2,
    *(("export", "run", "--to", to, "--out", "out") for to in ("npz", "imagefolder", "parquet")),
    *(("export", "run", "--to", to, "--out", "out") for to in ("huggingface", "webdataset", "csv")),
    *[("samples", "run", "--n", "5", "--out", "out")] * 2,
    ("samples", "run", "--n", "9", "--to", "parquet", "--out", "out", "--json"),
    *[("continue", "run", "--epsilon", "2", "--out", "next")] * 3,
    ("continue", "run", "--epsilon", "2", "--out", "next", "--dry-run"),
    ("inspect", "run/release/samples.npz"),
    *[("account", "run", "--json")] * 5,
    ("account", "run", "before", "--json"),
    *[("budget", "show", "x.npz", "--json"), ("budget", "history", "x.npz", "--json")],
    ("budget", "cap", "x.npz", "--epsilon", "20"),
)


def of_file(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A change of the content of a file, if it is one."""

    def apply(path: Path) -> None:
        if path.is_file():
            path.write_bytes(change(path.read_bytes()))

    return apply


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def instead(make: Callable[[Path], object]) -> Change:
    def apply(path: Path) -> None:
        remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)

    return apply


def _is_inside(path: Path) -> bool:
    """True for a file in a folder of the run, or of the budget."""
    return path.parent.is_dir() and not (path.parent / "x.npz").exists()


STAND_INS: dict[str, Change] = {
    "deleted": remove,
    "emptied": of_file(lambda content: b""),
    "a folder": instead(lambda path: path.mkdir()),
    "a full folder": instead(lambda path: (path.mkdir(), (path / "x").touch())),
    **{f"a pipe{number}": instead(os.mkfifo) for number in ("", *" 234")},
    "a link to nothing": instead(lambda path: path.symlink_to("nothing")),
    "a link to itself": instead(lambda path: path.symlink_to(path.name)),
    "closed": lambda path: path.chmod(0) if path.exists() else None,
    "its folder deleted": lambda path: remove(path.parent) if _is_inside(path) else None,
    "its folder closed": lambda path: path.parent.chmod(0) if _is_inside(path) else None,
    "a text": instead(lambda path: path.write_text("zzz\n")),
    "{}": instead(lambda path: path.write_text("{}")),
    "null": instead(lambda path: path.write_text("null")),
}


def ways(value: Any, way: tuple = ()) -> list[tuple]:
    """The paths to all values of a document."""
    if not isinstance(value, dict | list):
        return [way]
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    return [way, *(found for key, part in steps for found in ways(part, (*way, key)))]


MISTYPED = (None, True, 3, -1, 0.5, "x", [], {}, [3], {"x": 3}, {"counts": 3}, "9" * 99)


@st.composite
def told_otherwise(draw: Draw) -> Callable[[bytes], bytes]:
    """A valid JSON document with another value, or none, at one of its places."""
    top, pick = draw(places), draw(places)
    how, near = draw(st.sampled_from(("set", "set", "drop"))), draw(st.booleans())
    value = draw(st.sampled_from(MISTYPED) | jsons | deep)

    def change(content: bytes) -> bytes:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            return content
        # Each key of the document as often as any other, however much is below it.
        keys = sorted(document) if isinstance(document, dict) else []
        key = keys[int(top * len(keys))] if keys else None
        possible = ways(document[key], (key,)) if keys else ways(document)
        possible = possible[:1] if near else possible
        *way, last = possible[int(pick * len(possible))] or (None,)
        place = document
        for step in way:
            place = place[step]
        if last is None:
            document = value
        elif how == "drop":
            del place[last]
        else:
            place[last] = value
        return json.dumps(document).encode("utf-8", "surrogatepass")

    return change


@st.composite
def ledgers(draw: Draw) -> Callable[[bytes], bytes]:
    """A ledger with lines missing, repeated, moved, changed, cut short or added."""
    hows = ("drop", "drop last", "repeat", "swap", "cut", "junk", "header only", "json", "torn")
    how, pick, other = draw(st.sampled_from(hows)), draw(places), draw(places)
    inner, junk = draw(told_otherwise()), draw(st.binary(max_size=8) | st.just(b'{"kind": "torn"}'))

    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        if not lines:
            return junk
        at, to = int(pick * len(lines)), int(other * len(lines))
        if how == "drop":
            del lines[at]
        elif how == "drop last":
            lines = lines[: max(1, at)]
        elif how == "repeat":
            lines.insert(to, lines[at])
        elif how == "swap":
            lines[at], lines[to] = lines[to], lines[at]
        elif how == "cut":
            lines[at] = lines[at][: int(other * len(lines[at]))]
        elif how == "junk":
            lines.insert(at, junk + b"\n")
        elif how == "header only":
            lines = lines[:1]
        elif how == "json":
            lines[at] = inner(lines[at]) + b"\n"
        else:
            lines = [*lines[:at], junk]
        return b"".join(lines)

    return change


@st.composite
def arrays(draw: Draw) -> Callable[[bytes], bytes]:
    """A whole npz or npy file of other arrays."""
    kind, shape = draw(st.sampled_from(DTYPES)), draw(st.sampled_from(SHAPES))
    fill = draw(st.sampled_from((0, 1, -1, 300, 1e30, float("nan"), "x")))
    names = draw(st.sampled_from(((), ("labels",), ("images", "labels"), ("images", "filled"))))
    pick = draw(places)

    def change(content: bytes) -> bytes:
        import io

        array = np.zeros(shape, kind)
        try:
            with np.errstate(all="ignore"):
                array[...] = fill
        except (ValueError, TypeError, OverflowError):
            pass
        if content[:2] != b"PK":
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array, allow_pickle=True)
            return stream.getvalue()
        try:
            with np.load(io.BytesIO(content)) as stored:
                kept = {name: stored[name] for name in stored.files}
        except Exception:
            kept = {}
        chosen = names or ([*kept][int(pick * len(kept))] if kept else "x",)
        return packed({**kept, **dict.fromkeys(chosen, array)}, False)

    return change


FILES = (
    *(*["run/manifest.json"] * 4, "run/ledger.jsonl", "run/ledger.jsonl"),
    "run/iterations/000/class_counts.json",
    *("run/iterations/000/class_counts.npy", "run/iterations/001/votes.json"),
    *("run/iterations/001/votes.npy", "run/iterations/002/votes.npy"),
)
"""The files of a run that say what was spent and released."""

HISTOGRAMS = (
    "run/iterations/000/class_counts.npy",
    *(f"run/iterations/00{t}/votes.npy" for t in (1, 2)),
)

OTHERS = (
    *("run/config.toml", "run/.lock", "run/iterations/000/population.npz", "run/release"),
    *("run/iterations/000/grid.npz", "run/iterations/001/population.npz", "run/iterations"),
    *(
        "run/iterations/001/grid.npz",
        "run/iterations/release.npz",
        "run/iterations/release_grid.npz",
    ),
    *(
        "run/release/samples.npz",
        "run/release/README.md",
        "run/release/report.html",
        "run/internal",
    ),
    *("run/internal/log.txt", "run/internal/report.html", "run/internal/evaluation.json"),
    *("run/iterations/001/features.safetensors", "run/internal/evaluating", "budget", "x.npz"),
    *("budget/budget.sqlite3", "budget/secret", "budget/.lock", "run"),
)


def _cut_lines(count: int) -> Callable[[bytes], bytes]:
    return lambda content: b"".join(content.splitlines(keepends=True)[:count])


@st.composite
def set_back(draw: Draw) -> Tampering:
    """A run as it was earlier: its ledger, and perhaps its histograms and the budget."""
    lines = draw(st.sampled_from((1, 1, 2)))  # the header, and the class counts
    notes, changes = [f"run/ledger.jsonl: {lines} lines"], []
    changes.append(_at("run/ledger.jsonl", of_file(_cut_lines(lines))))
    gone = [*HISTOGRAMS[lines - 1 :]] if draw(st.booleans()) else []
    gone += ["budget/budget.sqlite3"] if not one_in(draw, 3) else []
    for name in gone:
        for path in (name, name.replace(".npy", ".json")):
            changes.append(_at(path, remove))
        notes.append(f"{name}: deleted")
    most = (RESUME, RESUME, ("account", "run", "--json"), ("account", "run", "--json"))
    words = draw(st.sampled_from(most) | st.sampled_from(most) | st.sampled_from(COMMANDS))
    return Tampering(draw(st.sampled_from(sorted(HOW))), tuple(notes), tuple(changes), words)


KEYS = (
    *("options", "versions", "parts", "config", "space", "finished", "confined", "schedule"),
    *("class_counts", "iterations", "spent_epsilon", "run_id", "release_digest", "generator"),
)

READ = (
    *(RESUME, ("replay", "run"), ("report", "run"), ("samples", "run", "--n", "5", "--out", "out")),
    *(
        ("export", "run", "--to", "npz", "--out", "out"),
        ("replay", "run", "--json"),
        ("account", "run", "--json"),
    ),
    ("continue", "run", "--epsilon", "2", "--out", "next"),
)
"""Commands that read a manifest."""


@st.composite
def mistyped(draw: Draw) -> Tampering:
    """A manifest with one value of another type."""
    key, value = draw(st.sampled_from(KEYS)), draw(st.sampled_from(MISTYPED))

    def change(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), key: value}).encode()

    name = "run/manifest.json"
    base = draw(st.sampled_from(("finished", "finished", *sorted(HOW))))
    changes = (_at(name, of_file(change)),)
    return Tampering(base, (f"{name}: {key} {value!r}",), changes, draw(st.sampled_from(READ)))


@st.composite
def tamperings(draw: Draw) -> Tampering:
    if one_in(draw, 6):
        return draw(mistyped())
    if one_in(draw, 3):
        return draw(set_back())
    notes, changes = [], []
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        name = draw(st.sampled_from(FILES) | st.sampled_from((*FILES, *OTHERS)))
        note, change = _change(draw, name)
        notes.append(f"{name}: {note}")
        changes.append(_at(name, change))
    words = draw(st.sampled_from(COMMANDS))
    return Tampering(draw(st.sampled_from(sorted(HOW))), tuple(notes), tuple(changes), words)


def _at(name: str, change: Change) -> Change:
    return lambda folder: change(folder / name)


def _change(draw: Draw, name: str) -> tuple[str, Change]:
    special = {
        ".json": ("told otherwise", told_otherwise()),
        ".jsonl": ("lines", ledgers()),
        ".npz": ("arrays", arrays()),
        ".npy": ("arrays", arrays()),
    }.get(Path(name).suffix)
    how = draw(st.sampled_from((*["stand-in"] * 2, "damaged", "exchanged", *["special"] * 3)))
    if how == "special" and special:
        return special[0], of_file(draw(special[1]))
    if how == "exchanged":
        other = draw(st.sampled_from((*FILES, *OTHERS)))
        return f"a copy of {other}", _exchange(name, other)
    if how == "stand-in":
        note = draw(st.sampled_from(sorted(STAND_INS)))
        return note, STAND_INS[note]
    return "damaged", of_file(draw(damages()))


def _exchange(name: str, other: str) -> Change:
    def apply(path: Path) -> None:
        source = Path(str(path).removesuffix(name)) / other
        if source.is_file() and source != path:
            content = source.read_bytes()
            instead(lambda place: place.write_bytes(content))(path)

    return apply


HOW: dict[str, tuple[str, tuple[str, ...], float]] = {
    "finished": ("images", (), 0.0),
    "adapting": ("series", ("--set", "word=black", "--embedding", "values"), 0.0),
    "bare": ("images", ("--epsilon", "inf"), 0.0),
    "killed early": ("images", (), 0.35),
    "killed": ("images", (), 0.6),
    "killed late": ("images", (), 0.8),
}
"""Records, words, and the share of its flushes to the disk after which a run was killed, or 0."""


class Bases:
    """The runs by name, each made when it is asked for: at `place`, and kept in `store`."""

    def __init__(self, run: Commands, place: Path, store: Path) -> None:
        self._run, self._place, self._store = run, place, store
        self._made: dict[str, Base] = {}

    def __getitem__(self, name: str) -> Base:
        if name not in self._made:
            with self._run.correct():
                self._made[name] = self._make(name, *HOW[name])
        return self._made[name]

    def _make(self, name: str, kind: str, words: tuple[str, ...], share: float) -> Base:
        content = packed(good(kind, kind == "series", True), True)
        line = (
            "generate",
            *SMALL,
            "--iterations",
            "2",
            "--epsilon",
            "4",
            "--data",
            "x.npz",
            *words,
        )
        kept = self._store / name
        done = self._generated(content, line, None)
        if share:
            at = int(share * done.flushes)
            copy = {"at": at, "from": str(self._place), "to": str(kept)}
            self._generated(content, line, copy)
        else:
            shutil.copytree(self._place, kept)
        cost = self._run("account", "run", "--json", cwd=kept)
        assert cost.code == 0, cost
        return Base(kept, line, paid(kept / "run"), float(json.loads(cost.stdout)["epsilon"]))

    def _generated(self, content: bytes, line: tuple[str, ...], copy: dict | None) -> Outcome:
        (fresh(self._place) / "x.npz").write_bytes(content)
        done = self._run(*line, "--out", "run", cwd=self._place, copy=copy)
        assert done.code == 0, done
        return done


def check(base: Base, tampering: Tampering, done: Outcome, place: Path) -> None:
    """Assert what holds for a command on a run that someone has tampered with."""
    restore(place)
    judge(done, SECRETS, place / "run")
    if done.draws and done.words[0] == "generate":  # so the ledger says what was drawn, and is now
        assert paid(place / "run") >= base.draws + done.draws, (tampering, done)
    if done.code:
        return
    if done.words[0] in ("account", "continue"):  # a histogram shows what was drawn
        there = sum((place / name).is_file() for name in HISTOGRAMS)
        assert paid(place / "run") >= there, f"not each of {there} histograms is paid for\n{done}"
    if done.words[0] == "continue" and "--dry-run" not in done.words:
        plan = json.loads((place / "next/manifest.json").read_bytes())["plan"]
        touched = any(note.startswith(("budget", "x.npz")) for note in tampering.notes)
        before = sum(count for *_, count in plan.get("before", ()))
        enough = touched or before >= base.draws
        assert enough, f"less epsilon than before\n{tampering}\n{plan}"
    # Ledger and budget that are both set back say less, as `docs/budget.md` does.
    if any(note.startswith(("budget", "x.npz")) for note in tampering.notes):
        return
    if done.words[0] == "account":
        document = json.loads(done.stdout)
        assert float(document["epsilon"]) >= base.epsilon * (1 - 1e-6), (tampering, done)
    elif done.words[:2] == ("budget", "show"):
        spent = [float(total["spent"]) for total in json.loads(done.stdout)["totals"]]
        assert base.epsilon == 0 or max(spent) >= base.epsilon * (1 - 1e-6), (tampering, done)


def words_of(base: Base, tampering: Tampering) -> tuple[str, ...]:
    first, *rest = tampering.words
    return (*base.words, *rest) if first == "CONTINUE" else tampering.words
