"""CIFAR with something wrong: its pickles and binary files, their names, archives, the bytes."""

import io
import pickle
import tarfile
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.npz_files import array
from bad_input.values import NAME, NUMBER, Draw, damages, integers, jsons, one_in, texts

PIXELS = 3 * 32 * 32


class Calls:
    """An object whose pickle calls a function when it is opened."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("1",)


@cache
def rows(count: int) -> np.ndarray:
    return (np.arange(count * PIXELS) % 251).astype(np.uint8).reshape(count, PIXELS)


def good(fine: bool) -> dict[str, Any]:
    """Documents of the files, by name."""
    labels: dict[str, Any] = {"labels": [0, 1, 1, 0]}
    if fine:
        labels = {"fine_labels": [0, 1, 2, 2], "coarse_labels": [0, 1, 1, 1]}
        meta: Any = {"fine_label_names": ["a", "b", "c"], "coarse_label_names": ["x", "y"]}
    else:
        meta = {"label_names": ["a", "b"], "num_vis": 3072}
    batch = {**labels, "data": rows(4), "filenames": [f"{NAME}{i}.png" for i in range(4)]}
    names = ("train", "test", "meta") if fine else ("data_batch_1", "data_batch_2", "batches.meta")
    return {names[0]: batch, names[1]: dict(batch), names[2]: meta}


def binary(fine: bool) -> dict[str, Any]:
    kinds = 2 if fine else 1
    content = np.concatenate([np.zeros((4, kinds), np.uint8), rows(4)], axis=1).tobytes()
    if fine:
        return {"train.bin": content, "test.bin": content, "fine_label_names.txt": b"a\nb\n"}
    names = {"batches.meta.txt": b"a\nb\n\n"}
    return {"data_batch_1.bin": content, "test_batch.bin": content, **names}


def _name(draw: Draw, files: dict[str, Any]) -> str:
    return draw(st.sampled_from(sorted(files)))


def drop(draw: Draw, files: dict[str, Any]) -> None:
    del files[_name(draw, files)]
    files["readme.html"] = b"x"


def value(draw: Draw, files: dict[str, Any]) -> None:
    """A value of a document is another one, or gone."""
    found = files[_name(draw, files)]
    if isinstance(found, dict):
        key = draw(st.sampled_from([*found, "data"]) | texts)
        odd = st.sampled_from(([NUMBER] * 4, [NAME] * 4, [0, 1], [True] * 4, [10**30] * 4, Calls()))
        some = [rows(4).astype(dtype) for dtype in ("i8", "f4", "O")]
        some += [rows(4)[:2], rows(4)[:, :9], rows(4).reshape(-1)]
        found[key] = draw(odd | jsons | integers | st.sampled_from(some) | st.just(array(draw)))


def document(draw: Draw, files: dict[str, Any]) -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    files[_name(draw, files)] = draw(jsons | st.sampled_from((Calls(), deep, {3: 4}, rows(2))))


def junk(draw: Draw, files: dict[str, Any]) -> None:
    raw = (
        b"",
        b"\x80\x02.",
        b"cos\nsystem\n(S'x'\ntR.",
        b"\x80\x04" + b"(" * 999,
        b"(" * 9 + b"t" * 9,
    )
    files[_name(draw, files)] = draw(st.sampled_from(raw) | st.binary(max_size=30))


def lines(draw: Draw, files: dict[str, Any]) -> None:
    name = st.sampled_from(("batches.meta.txt", "fine_label_names.txt", "coarse_label_names.txt"))
    raw = st.sampled_from((b"", b"\xff", b"a\na\n", b"a\0b\n", b"\n" * 9_999, b"x" * 9_999))
    files[draw(name)] = draw(raw)


EDITS = {
    "drop": drop,
    "value": value,
    "value again": value,
    "document": document,
    "junk": junk,
    "lines": lines,
}


def _dump(found: Any, protocol: int) -> bytes:
    if isinstance(found, bytes):
        return found
    try:
        return pickle.dumps(found, protocol)
    except (RecursionError, pickle.PicklingError, ValueError):
        return b"x"


def _tar(files: dict[bytes, bytes], mode: str) -> bytes:
    stream = io.BytesIO()
    with (
        tarfile.open(fileobj=stream, mode=mode, compresslevel=1)
        if mode == "w:gz"
        else (tarfile.open(fileobj=stream, mode=mode)) as made
    ):
        for name, content in files.items():
            info = tarfile.TarInfo(name.decode())
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@st.composite
def cifar_files(draw: Draw) -> Case:
    fine = one_in(draw, 3)
    made = draw(st.sampled_from((good, good, binary)))(fine)
    notes = edits(draw, EDITS, made)
    protocol = draw(st.sampled_from((2, 2, 4, 5)))
    plain = {name: _dump(found, protocol) for name, found in made.items()}
    if one_in(draw, 3):
        notes.append("damaged")
        name = _name(draw, plain)
        plain[name] = draw(damages())(plain[name])
    where = draw(st.sampled_from(("d", "d", "d/cifar-10-batches-py", "d/cifar-100-python")))
    files: dict[bytes, Content] = {f"{where}/{name}".encode(): c for name, c in plain.items()}
    source = draw(st.sampled_from(("d", "cifar:d", where)))
    if one_in(draw, 5):
        packed: dict[bytes, bytes] = {f"x/{name}".encode(): c for name, c in plain.items()}
        end, mode = draw(st.sampled_from((("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w"))))
        source = f"cifar-10-python.{end}"
        content = _tar(packed, mode)
        files = {source.encode(): draw(damages())(content) if one_in(draw, 4) else content}
    if one_in(draw, 20):
        files[draw(st.sampled_from(sorted(files)))] = draw(st.sampled_from(STAND_INS))
    words = draw(reading({"--labels": ("coarse_labels", "fine_labels", "none", "x")}, OF_PICTURES))
    return Case(source, files, words, tuple(notes), draw(st.sampled_from(COMMANDS)))
