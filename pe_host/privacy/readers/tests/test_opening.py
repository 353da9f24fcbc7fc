import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pe_host.files import open_regular
from pe_host.privacy.readers.opening import entries_of, opening
from pe_sdk import SourceError


@pytest.mark.parametrize(
    ("make", "what", "fix"),
    [
        (lambda path: None, "there is no such file", "pass another"),
        (os.mkfifo, "this is a pipe, not a file", "pass another"),
        (lambda path: path.symlink_to(path), "cannot be opened (Too many levels", "check the path"),
    ],
)
def test_what_cannot_be_opened_is_an_error_that_withholds_the_name(
    tmp_path: Path, make: Callable[[Path], None], what: str, fix: str
) -> None:
    make(tmp_path / "anna")
    with pytest.raises(SourceError) as caught, opening("here", "pass another", "anna"):
        open_regular(tmp_path / "anna")
    error = caught.value
    assert error.what.startswith(what) and error.fix.startswith(fix)
    assert error.where == "here" and error.name == "anna"
    assert "anna" not in f"{error} {error.fix}"


def test_the_entries_of_a_folder_are_in_order_or_there_is_an_error(tmp_path: Path) -> None:
    for name in "cab":
        (tmp_path / name).touch()
    assert [path.name for path in entries_of(tmp_path)] == ["a", "b", "c"]
    with pytest.raises(SourceError, match="the folder cannot be read") as caught:
        entries_of(tmp_path / "a")
    assert caught.value.where == str(tmp_path / "a") and caught.value.fix
