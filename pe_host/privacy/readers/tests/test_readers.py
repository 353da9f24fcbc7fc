import ast
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy import readers
from pe_host.privacy.readers import (
    cifar,
    folder,
    guess_scheme,
    hf,
    idx,
    npy,
    npz,
    parquet,
    series,
    sklearn,
    webdataset,
)
from pe_host.privacy.readers import zip as zip_reader

ALL = (cifar, folder, hf, idx, npy, npz, parquet, series, sklearn, webdataset, zip_reader)


def test_every_error_of_the_readers_says_what_to_do_next() -> None:
    """Read from the source: a `SourceError` without `fix=` fails here."""
    found = 0
    for path in Path(str(readers.__file__)).parent.rglob("*.py"):
        if path.parent.name == "tests":
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "SourceError":
                found += 1
                words = {word.arg for word in call.keywords}
                assert {"where", "fix"} <= words, f"{path}:{call.lineno}"
    assert found > 100


def test_the_reader_is_named_like_its_module() -> None:
    for module in ALL:
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
