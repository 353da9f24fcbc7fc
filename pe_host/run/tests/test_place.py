import json
from pathlib import Path

import pytest

from pe_host.errors import DataError
from pe_host.privacy.files import LEDGER, LOCK
from pe_host.run.folder import CONFIG
from pe_host.run.place import MANIFEST, refuse_used


def _refusal(folder: Path) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        refuse_used(folder)
    return caught.value.what, caught.value.fix


def test_a_new_run_needs_an_empty_folder(tmp_path: Path) -> None:
    refuse_used(tmp_path)
    refuse_used(tmp_path / "none")


@pytest.mark.parametrize(
    ("manifest", "what", "fix"),
    [
        (json.dumps({"finished": True}), "holds a finished run", "--resume to see its result"),
        (json.dumps({"finished": False}), "holds a run that is not finished", "to continue it"),
        (json.dumps({"finished": "no"}), "holds a run that is not finished", "to continue it"),
        ("[" * 100_000, "holds a run that is not finished", "to continue it"),
    ],
)
def test_a_run_in_the_folder_is_named_with_what_to_do(
    tmp_path: Path, manifest: str, what: str, fix: str
) -> None:
    (tmp_path / MANIFEST).write_text(manifest)
    (tmp_path / "release").mkdir()
    said, to_do = _refusal(tmp_path)
    assert what in said and fix in to_do and "another --out" in to_do


def test_a_run_that_was_killed_before_its_manifest_can_be_continued(tmp_path: Path) -> None:
    for name in (LOCK, LEDGER, CONFIG, ".manifest.json.0123abcd.part"):
        (tmp_path / name).touch()
    said, to_do = _refusal(tmp_path)
    assert "not finished" in said and "--resume" in to_do


def test_what_is_not_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    for place, says in ((tmp_path, "not a run"), (tmp_path / "mine.txt", "is a file")):
        said, to_do = _refusal(place)
        assert says in said and to_do == "choose another --out"
