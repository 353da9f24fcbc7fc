"""Exporters of somebody else: confined, and what they leave is looked at before it is moved."""

import json

import numpy as np
import pytest

from pe_host.errors import PluginFailure
from pe_host.export import check_release
from pe_host.export.plugin import plugin_exporter
from pe_host.export.write import write_with
from pe_host.isolation.launch import offered
from pe_host.plugins import find, resolve
from pe_host.plugins.isolated import describe
from pe_host.plugins.names import EXPORTER
from pe_sdk import OutputSpec

PLUGIN = """
import os
from pathlib import Path
from pe_sdk import CannotMake, ExporterSpec

def write(path, release):
    {body}

def make():
    return ExporterSpec(
        "theirs", "an exporter of somebody else", write, {folder}, {kinds!r}, loses={loses!r}
    )
"""


@pytest.fixture
def export(monkeypatch, tmp_path):
    """Returns a function that exports nine images with an exporter of this body."""

    def run(body, folder=False, kinds=(), loses=""):
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        (site / "their_exporter.py").write_text(
            PLUGIN.format(body=body, folder=folder, kinds=kinds, loses=loses)
        )
        monkeypatch.setenv("PYTHONPATH", str(site))
        monkeypatch.setenv("PE_DEV_PLUGIN", "exporter/theirs=their_exporter:make")
        images = np.arange(9 * 4, dtype=np.uint8).reshape(9, 2, 2, 1)
        release = check_release(OutputSpec.image(2, 2), images, np.arange(9) % 3, "abc", "# Nine")
        out = tmp_path / "made" / "out"
        exporter = plugin_exporter(resolve(EXPORTER, "theirs", find()), "image")
        assert (exporter.folder, exporter.kinds) == (folder, kinds)
        return write_with(exporter, out, release)

    return run


def test_a_file_is_written(export):
    body = "path.write_text(f'{release.card} {release.data.sum()} {release.label_names}')"
    path = export(body)
    assert path.read_text() == f"# Nine {sum(range(36))} ('a', 'b', 'c')"
    assert [entry.name for entry in path.parent.iterdir()] == ["out"]


def test_a_folder_is_filled(export):
    body = "(path / 'deep').mkdir(); (path / 'deep/x').write_text(release.output.kind)"
    path = export(body, folder=True)
    assert (path / "deep/x").read_text() == "image"
    assert [entry.name for entry in path.iterdir()] == ["deep"]


@pytest.mark.parametrize(
    ("body", "folder", "message"),
    [
        ("raise CannotMake('no such format')", False, "no such format"),
        ("raise RuntimeError('oh')", False, "failed"),
        ("pass", False, "something else than files"),
        ("path.symlink_to('/etc/passwd')", False, "something else than files"),
        ("(path / 'x').symlink_to('/etc/passwd')", True, "something else than files"),
        ("os.mkfifo(path / 'x')", True, "something else than files"),
        ("path.mkdir()", False, "did not write a file"),
        ("os._exit(3)", False, "ended with code 3"),
    ],
)
def test_what_goes_wrong_leaves_nothing(export, tmp_path, body, folder, message):
    with pytest.raises(PluginFailure, match=message):
        export(body, folder)
    made = tmp_path / "made"
    assert not made.exists() or not list(made.iterdir())


def test_another_kind_of_records_is_refused(export):
    with pytest.raises(PluginFailure, match="does not write records of kind image"):
        export("path.write_text('x')", kinds=("series",))


@pytest.mark.skipif(not offered().holds, reason="this kernel confines nothing")
def test_an_exporter_reads_the_release_and_nothing_of_the_user(export, tmp_path):
    """Fails without the wall around the process: both files are then open."""
    secret = tmp_path / "secret"
    secret.write_text("private")
    body = f"""found = []
    for place in ({str(secret)!r}, {str(tmp_path)!r}):
        try:
            found.append(Path(place).read_text() if os.path.isfile(place) else os.listdir(place))
        except OSError as error:
            found.append(type(error).__name__)
    try:
        Path({str(tmp_path / "elsewhere")!r}).write_text("x")
        found.append("written")
    except OSError as error:
        found.append(type(error).__name__)
    import json
    path.write_text(json.dumps(found))"""
    found = json.loads(export(body).read_text())
    assert found == ["PermissionError"] * 3


def test_what_an_exporter_loses_is_one_visible_line(export, monkeypatch):
    export("path.write_text('x')", loses="\x1b[2Jthe\nrecords")
    ref = resolve(EXPORTER, "theirs", find())
    assert plugin_exporter(ref, "image").loses == "[2Jthe records"
    description = describe(ref, {})
    assert (description["loses"], description["folder"], description["kinds"]) == (
        *("[2Jthe records", False),
        [],
    )
    with pytest.raises(PluginFailure, match="loses is not text"):
        export("path.write_text('x')", loses=3)
