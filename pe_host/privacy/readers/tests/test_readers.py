import ast
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.readers import (
    folder,
    guess_scheme,
    idx,
    label_file,
    npz,
    parquet,
    picture_decoding,
    picture_files,
    record_labels,
    sklearn,
    webdataset,
)
from pe_host.privacy.readers import zip as zip_reader


def test_every_error_of_the_readers_says_what_to_do_next() -> None:
    """Read from the source: a `SourceError` without `fix=` fails here."""
    modules = (npz, idx, parquet, sklearn, webdataset, zip_reader)
    shared = (picture_files, picture_decoding, label_file, record_labels)
    for module in modules + shared:
        tree = ast.parse(Path(str(module.__file__)).read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        made = [
            call
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id == "SourceError"
        ]
        assert made
        for call in made:
            assert {"where", "fix"} <= {word.arg for word in call.keywords}, (
                f"{module.__name__}:{call.lineno}"
            )


def test_the_reader_is_named_like_its_module() -> None:
    for module in (npz, idx, folder, zip_reader, webdataset, parquet, sklearn):
        (spec,) = module.pe_readers()
        assert spec.name == module.__name__.rpartition(".")[2] and spec.summary


def test_a_path_determines_its_reader(tmp_path: Path) -> None:
    images = tmp_path / "a" / "train-images-idx3-ubyte.gz"
    images.parent.mkdir()
    for path in (tmp_path / "d.npz", tmp_path / "d.parquet", images, tmp_path / "x.csv"):
        path.write_bytes(b"")  # only names count
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
    for path in (tmp_path / "x.csv", tmp_path / "none"):
        with pytest.raises(DataError):
            guess_scheme(path)
