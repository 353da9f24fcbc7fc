import ast
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.readers import (
    folder,
    guess_scheme,
    idx,
    npz,
    parquet,
    series,
    sklearn,
    webdataset,
)
from pe_host.privacy.readers import zip as zip_reader


def test_every_error_of_the_readers_says_what_to_do_next() -> None:
    """Read from the source: a `SourceError` without `fix=` fails here."""
    readers = Path(__file__).parents[1]
    files = [path for path in readers.rglob("*.py") if "tests" not in path.parts]
    made = {path: _source_errors(path) for path in files}
    assert sum(bool(calls) for calls in made.values()) > 10
    for path, calls in made.items():
        for call in calls:
            assert {"where", "fix"} <= {word.arg for word in call.keywords}, f"{path}:{call.lineno}"


def _source_errors(path: Path) -> list[ast.Call]:
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "SourceError"]


def test_the_reader_is_named_like_its_module() -> None:
    for module in (npz, idx, folder, zip_reader, webdataset, parquet, series, sklearn):
        (spec,) = module.pe_readers()
        assert spec.name == module.__name__.rpartition(".")[2] and spec.summary


def test_a_path_determines_its_reader(tmp_path: Path) -> None:
    images = tmp_path / "a" / "train-images-idx3-ubyte.gz"
    images.parent.mkdir()
    texts = [tmp_path / f"x{suffix}" for suffix in (".csv", ".tsv.gz", ".ts", ".ARFF", ".txt")]
    old = tmp_path / "Gun_TRAIN"
    others = (tmp_path / "x.docx", tmp_path / "d.npz", tmp_path / "d.parquet")
    for path in (*others, images, *texts, old):
        path.write_bytes(b"")  # only names count
    assert {guess_scheme(path) for path in (*texts, old)} == {"series"}
    old.unlink()
    assert guess_scheme(tmp_path / "d.npz") == "npz"
    assert guess_scheme(tmp_path / "d.parquet") == "parquet"
    assert guess_scheme(tmp_path) == "folder"
    assert guess_scheme(tmp_path / "a") == guess_scheme(images) == "idx"
    for name in ("shard-0.tar", "x.tar.gz", "x.TGZ"):
        (tmp_path / "shards").mkdir(exist_ok=True)
        (tmp_path / "shards" / name).write_bytes(b"")
        assert guess_scheme(tmp_path / "shards" / name) == "webdataset"
    assert guess_scheme(tmp_path / "shards") == "webdataset"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "pictures.ZIP").write_bytes(b"")
    (tmp_path / "b" / ".DS_Store").write_bytes(b"")
    assert guess_scheme(tmp_path / "b") == guess_scheme(tmp_path / "b" / "pictures.ZIP") == "zip"
    (tmp_path / "b" / "class").mkdir()
    assert guess_scheme(tmp_path / "b") == "folder"
    for path in (tmp_path / "x.docx", tmp_path / "none"):
        with pytest.raises(DataError):
            guess_scheme(path)
