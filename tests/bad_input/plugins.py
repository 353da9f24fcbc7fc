"""Plugins in the process of the command, and what they answer in place of the truth.

A plugin runs in a process of its own, which may send anything. Here its answers are made as always
and then, where a test says so, replaced. A test's list `mangled` has a dict for each replacement:

- "of": the operation of a worker ("load", "random", …), or the question to a child ("describe", …)
- "nth": which of its answers, from 0; None for each
- and one of the edits of `edited`
"""

import builtins
import contextlib
import io
import json
import os
import struct
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import pe_host.compute.worker_thread as worker_thread
import pe_host.plugins.conformance as conformance
import pe_host.plugins.question as question
import pe_host.privacy.readers.picture_decoding as picture_decoding
from bad_input.values import NAME
from pe_host.compute import protocol
from pe_host.compute.failures import describe_exception
from pe_host.compute.process import WorkerProcess
from pe_host.compute.worker import Server
from pe_host.export import child as export_child
from pe_host.formats.tests.kept_decoder import KeptDecoder
from pe_host.plugins import child
from pe_host.plugins.find import PluginEntry, find
from pe_sdk import (
    CannotMake,
    Categorical,
    Embedding,
    EmbeddingSpec,
    ExporterSpec,
    Float,
    Generator,
    GeneratorSpec,
    Int,
    OutputSpec,
    ParameterSpace,
    ReaderSpec,
    Release,
    Samples,
    Simulator,
    SourceInfo,
    Table,
    hookimpl,
    option,
    random,
)


class Mangled:
    """The replacements of the command that runs."""

    def __init__(self) -> None:
        self.begin([])

    def begin(self, edits: list[dict]) -> None:
        self._edits, self._seen = edits or [], Counter()

    def next(self, of: str) -> list[dict]:
        """The edits of the next answer of this kind."""
        nth = self._seen[of]
        self._seen[of] += 1
        return [edit for edit in self._edits if edit["of"] == of and edit["nth"] in (None, nth)]

    def value(self, of: str) -> Any:
        """What the plugin `odd` is to return, or None for the truth."""
        for edit in self.next(of):
            if isinstance(edit["value"], dict) and "raise" in edit["value"]:
                # A worker or an exporter has no private data that it could quote.
                text = "public" if in_worker() or of == "files" else NAME
                raise getattr(builtins, edit["value"]["raise"])(text)
            return built(edit["value"])
        return None


MANGLED = Mangled()


def in_worker() -> bool:
    return threading.current_thread().name == "pe-worker"


def changed(document: Any, edits: Iterable[dict]) -> Any:
    """The JSON document with values set or deleted, at paths that may not lead anywhere."""
    for edit in edits:
        if "path" not in edit:
            continue
        *way, last = edit["path"] or [None]
        place = document
        with contextlib.suppress(LookupError, TypeError):
            for step in way:
                place = place[step]
            if last is None:
                document = edit["value"]
            elif "value" in edit:
                place[last] = edit["value"]
            else:
                del place[last]
    return document


def damaged(content: bytes, edits: Iterable[dict]) -> bytes:
    """The bytes of an answer, replaced, cut short, or with bits flipped."""
    for edit in edits:
        if "bytes" in edit:
            content = edit["bytes"].encode("latin-1")
        if "cut" in edit:
            content = content[: int(edit["cut"] * len(content))]
        if "flips" in edit and content:
            flipped = bytearray(content)
            for place, bit in edit["flips"]:
                flipped[int(place * len(flipped))] ^= 1 << bit
            content = bytes(flipped)
    return content


def built(spec: Any) -> Any:
    """A value described in JSON: {"array": [dtype, shape, fill]}, or the JSON itself."""
    if isinstance(spec, dict) and "array" in spec:
        return array_of(*spec["array"])
    return spec


def array_of(dtype: str, shape: list[int], fill: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        array = np.zeros(shape, dtype)
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            array[...] = fill
    return array


class LocalWorker(WorkerProcess):
    """A worker in this process. The host asks it as always, by frames; only the pipes are gone."""

    def __init__(self, allowed: object) -> None:
        self._server, self._request, self._reply = Server(), bytearray(), io.BytesIO()
        self._tail, self._deadline, self._ended, self._status = bytearray(), 0.0, False, None

    def write(self, data: memoryview, /) -> int:
        self._request += data
        return len(data)

    def readinto(self, buffer: memoryview, /) -> int:
        if self._request:
            request, self._request = io.BytesIO(self._request), bytearray()
            self._reply = io.BytesIO(self._answer(*protocol.read(request)))
        count = self._reply.readinto(buffer)
        self._ended = count == 0
        return count

    def end(self, grace: float = 0.0) -> int:
        self._status = 0
        return 0

    def kill(self) -> None:
        pass

    def _answer(self, header: dict, arrays: dict) -> bytes:
        edits = MANGLED.next(header["op"])
        try:
            reply, results = self._server.answer(header, arrays)
        except SystemExit:  # ends the process
            return b""
        except Exception as error:
            reply, results = {"error": describe_exception(error)}, {}
        reply["warnings"] = []
        if not edits:
            stream = io.BytesIO()
            protocol.write(stream, reply, results)
            return stream.getvalue()
        return damaged(frame(changed(reply, edits), rearranged(results, edits), edits), edits)


def rearranged(arrays: dict[str, np.ndarray], edits: Iterable[dict]) -> dict[str, np.ndarray]:
    """The arrays of a reply, with some of them missing, renamed or of another content."""
    arrays = dict(arrays)
    for edit in edits:
        name = edit.get("array")
        if name is None:
            continue
        if name == "*" and arrays:
            name = sorted(arrays)[edit.get("which", 0) % len(arrays)]
        before = arrays.pop(name, np.zeros(3))
        with np.errstate(all="ignore"), contextlib.suppress(ValueError, TypeError):
            if "rename" in edit:
                arrays[edit["rename"]] = before
            if "dtype" in edit:
                arrays[name] = before.astype(edit["dtype"])
            if "shape" in edit:
                arrays[name] = np.resize(before, edit["shape"]).astype(before.dtype)
            if "fill" in edit and before.size:
                filled = before.copy()
                filled.flat[int(edit["where"] * before.size)] = edit["fill"]
                arrays[name] = filled
    return arrays


def frame(header: Any, arrays: dict[str, np.ndarray], edits: Iterable[dict]) -> bytes:
    """A frame as `protocol.write` makes it, of anything."""
    described = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    for edit in edits:
        described = edit.get("described", described)
    text = next((edit["text"] for edit in edits if "text" in edit), None)
    if text is None:
        text = json.dumps({**header, "arrays": described} if isinstance(header, dict) else header)
    content = text.encode("utf-8", "surrogatepass")
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return struct.pack("<4sI", protocol.MAGIC, len(content)) + content + body


class _Finished:
    """A child that has answered, and ended with a code."""

    pid = 0

    def __init__(self, code: int) -> None:
        self.code = code

    def poll(self) -> int:
        return self.code

    def wait(self, timeout: float | None = None) -> int:
        return self.code

    def end(self) -> int:
        return self.code


FINDINGS = {"findings": [{"name": "a check", "level": "ok", "detail": "fine", "fix": ""}]}


def local_child(module: str, *, stdin: Any, stdout: Any, stderr: Any, **others: Any) -> _Finished:
    """Stand for `launch` of `pe_host.plugins.child`: answer a question about a plugin here."""
    request = json.load(stdin)
    edits = MANGLED.next(request["do"])
    # True findings would take seconds.
    if request["do"] == "diagnose":
        true = {"result": FINDINGS}
    else:
        true = (export_child if module == export_child.__name__ else child).answer(request)
    answer = changed(true, edits)
    stdout.write(damaged(json.dumps(answer).encode(), edits))
    for edit in edits:
        stderr.write(edit.get("stderr", "").encode("latin-1"))
    return _Finished(next((edit["code"] for edit in edits if "code" in edit), 0))


def local_kit(module: str, *, stdin: Any, **others: Any) -> _Finished:
    """Stand for `launch` of `pe_sdk.testing`: a report as of a plugin that passes."""
    request = json.load(stdin)
    edits = MANGLED.next("report")
    result = {"name": "a check", "rule": "a rule", "status": "passed", "detail": ""}
    report = {"subject": "s", "kind": request["kind"], "level": "full", "results": [result]}
    place = Path(request["answer"])
    if not any(edit.get("missing") for edit in edits):
        place.write_bytes(damaged(json.dumps(changed(report, edits)).encode(), edits))
    return _Finished(next((edit["code"] for edit in edits if "code" in edit), 0))


def install() -> None:
    """Put these in the places of the processes of plugins, and offer the plugins below."""
    worker_thread.WorkerProcess = LocalWorker
    question.launch = local_child
    conformance.launch = local_kit
    picture_decoding.Decoder = KeptDecoder
    offers = find.__globals__
    own = [
        PluginEntry(name, kind, "bad-input", "1.0", "of the tests", "bad_input.plugins")
        for kind, name in (
            *(("generator", "anything"), ("embedding", "odd")),
            *(("reader", "odd"), ("exporter", "odd")),
        )
    ]
    sdk = version("pe-sdk")
    known = [o for place in offers["_distributions"]() for o in offers["_offers"](place, sdk)]
    offers["_distributions"], offers["_offers"] = lambda: [None], lambda *_: [*known, *own]


@dataclass(frozen=True)
class Options:
    """Options of `anything`."""

    gain: float = option(1.0, "a factor")
    word: str = option("", "any text")


class Anything(Simulator):
    """Records of any kind, filled with one level."""

    space = ParameterSpace(
        {"level": Float(0, 100), "steps": Int(0, 9), "part": Categorical(("a", "b"))}
    )

    def __init__(self, output: OutputSpec, options: Options) -> None:
        self.output, self.gain = output, options.gain

    def render(self, params: Any, labels: Any, seeds: Any) -> np.ndarray:
        level = (params["level"] * self.gain).reshape(-1, *[1] * len(self.output.shape))
        made = np.broadcast_to(level, (len(labels), *self.output.shape))
        with np.errstate(all="ignore"):
            return made.astype(self.output.dtype)


class BlackBox(Generator):
    """The same without parameters; it keeps its data, and adapts."""

    def __init__(self, output: OutputSpec) -> None:
        self.output = output

    def random(self, labels: Any, seeds: Any) -> Samples:
        level = random.uniforms(seeds, "level").reshape(-1, *[1] * len(self.output.shape))
        made = np.broadcast_to(level * 90, (len(labels), *self.output.shape))
        return Samples(
            made.astype(self.output.dtype), labels, {"own": seeds, "word": _words(seeds)}
        )

    def vary(self, samples: Any, degree: Any, seeds: Any) -> Samples:
        return self.random(samples.labels, seeds ^ samples.state["own"])

    def adapt(self, released: Any) -> "BlackBox":
        return self


def _words(seeds: Any) -> np.ndarray:
    return np.array(["odd" if seed % 2 else "even" for seed in seeds.tolist()], np.str_)


def _make(output: OutputSpec, labels: tuple[str, ...], options: Options) -> Any:
    return BlackBox(output) if options.word == "black" else Anything(output, options)


@hookimpl
def pe_generators() -> list[GeneratorSpec]:
    return [
        GeneratorSpec(
            "anything", "records of any kind", _make, Options, labels=("a", "b"), exact=True
        )
    ]


class Odd(Embedding):
    """Two of the values of a record, or what the test says."""

    def __init__(self) -> None:
        dim = MANGLED.value("dim")
        self.dim = 2 if dim is None else dim

    def embed(self, data: Any) -> Any:
        told = MANGLED.value("vectors" if in_worker() else "private vectors")
        if told is not None:
            return told
        flat = data.reshape(len(data), -1).astype(np.float32)
        return np.ascontiguousarray(np.tanh(flat[:, [0, -1]] / 255) / 2)


@hookimpl
def pe_embeddings() -> list[EmbeddingSpec]:
    return [EmbeddingSpec("odd", "two values", lambda output, options: Odd())]


def _describe(location: str) -> SourceInfo:
    about = {"output": OutputSpec.image(8, 8), "label_names": ("a", "b")}
    for name in ("output", "label_names", "public", "clients", "public_ranges"):
        told = MANGLED.value(name)
        if told is not None:
            about[name] = tuple(told) if isinstance(told, list) else told
    return SourceInfo(**about)


def _read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Any:
    labels = np.arange(6) % len(label_names)
    table = {"data": np.zeros((6, *output.shape), output.dtype), "labels": labels}
    for name in ("data", "labels", "clients", "parameters", "faults"):
        told = MANGLED.value(name)
        if told is not None:
            table[name] = told
    return MANGLED.value("table") or Table(**table)


@hookimpl
def pe_readers() -> list[ReaderSpec]:
    return [ReaderSpec("odd", "what the test says", _describe, _read)]


def _write(path: Path, release: Release) -> None:
    """Write a text, or what the test says."""
    told = MANGLED.value("files")
    if told is None:
        path.write_text(f"{len(release.labels)} records")
    for name, what in told or ():
        place = path / name if name else path
        if what == "refuses":
            raise CannotMake("no\x1b[2J")
        if what == "pipe":
            os.mkfifo(place)
        elif what == "folder":
            place.mkdir(exist_ok=True)
        elif what.startswith("-> "):
            place.symlink_to(what.removeprefix("-> "))
        else:
            place.write_text(what)


@hookimpl
def pe_exporters() -> list[ExporterSpec]:
    return [ExporterSpec("odd", "what the test says", _write)]
