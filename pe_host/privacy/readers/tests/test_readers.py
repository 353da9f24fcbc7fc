import ast
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.readers import folder, guess_scheme, idx, npz, parquet, series, sklearn


def test_every_error_of_the_readers_says_what_to_do_next() -> None:
    """Read from the source: a `SourceError` without `fix=` fails here."""
    of_series = Path(str(series.__file__)).parent
    files = [Path(str(module.__file__)) for module in (npz, idx, folder, parquet, sklearn)]
    helpers = [path for path in of_series.glob("*.py") if "SourceError(" in path.read_text()]
    assert len(helpers) > 5
    for path in (*files, *helpers):
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        made = [
            call
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id == "SourceError"
        ]
        assert made
        for call in made:
            assert {"where", "fix"} <= {word.arg for word in call.keywords}, f"{path}:{call.lineno}"


def test_the_reader_is_named_like_its_module() -> None:
    for module in (npz, idx, folder, parquet, series, sklearn):
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
    for path in (tmp_path / "x.docx", tmp_path / "none"):
        with pytest.raises(DataError):
            guess_scheme(path)
