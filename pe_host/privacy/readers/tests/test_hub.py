"""Data sets of the hub, from a small server that answers as the hub does."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub")

import huggingface_hub as library
from huggingface_hub import constants

from pe_host.privacy.readers import hf, hub
from pe_host.privacy.readers.tests.reading import refusal, taken
from pe_host.privacy.readers.tests.test_hf import parquet, table_of
from pe_sdk import SourceError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Files by revision and path, and the paths that were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.fetched: list[str] = []
        self.asked = 0
        self.status = 200


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    found = Hub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(False)

        def do_GET(self) -> None:
            self.answer(True)

        def answer(self, body: bool) -> None:
            found.asked += 1
            path = self.path.split("?")[0].replace("%2F", "/")
            if found.status != 200:
                code = "RepoNotFound" if found.status == 404 else "GatedRepo"
                self.send(found.status, b"{}", body, {"X-Error-Code": code})
                return
            for revision, files in found.files.items():
                if path.endswith(f"/revision/{revision}") or (
                    path == "/api/datasets/org/set" and revision == "main"
                ):
                    listed = [{"rfilename": name} for name in files]
                    about = {"id": "org/set", "sha": COMMIT, "siblings": listed, "tags": []}
                    self.send(200, json.dumps(about).encode(), body)
                    return
                for name, content in files.items():
                    if path in (
                        f"/datasets/org/set/resolve/{revision}/{name}",
                        f"/datasets/org/set/resolve/{COMMIT}/{name}",
                    ):
                        found.fetched += [name] if body else []
                        etag = hashlib.sha1(content).hexdigest()
                        head = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
                        self.send(200, content, body, head)
                        return
            self.send(404, b"{}", body, {"X-Error-Code": "RevisionNotFound"})

        def send(self, status: int, content: bytes, body: bool, head: Any = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in (head or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{running.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    yield found
    running.shutdown()
    running.server_close()
    thread.join()


def shards(folder: Path, names: list[str]) -> dict[str, bytes]:
    made = {}
    for number, name in enumerate(names):
        made[name] = parquet(folder / "made" / name, table_of(3 * number, 3)).read_bytes()
    return {"README.md": b"---", **made}


def not_fetched(location: str, split: str = "") -> SourceError:
    """The error of fetching a data set, which the command line shows."""
    with pytest.raises(SourceError) as caught:
        hub.fetch(location, split)
    assert caught.value.where and caught.value.fix
    return caught.value


def test_the_part_that_is_wanted_is_fetched_and_read_again_without_network(
    server: Hub, tmp_path: Path
) -> None:
    names = ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"]
    server.files = {"main": shards(tmp_path, names)}
    assert hub.main("org/set", "") == 0 and server.fetched == names[:1]
    for error in (refusal(hf, "org/set", split="val"), not_fetched("org/set", "val")):
        assert "no part 'val'; the parts are: test, train" in error.what
    server.files = {}
    hub.fetch("org/set", "")
    hub.fetch("org/set", "train")
    info, table = taken(hf, "org/set")
    assert len(table.labels) == 3 and info.label_names == ("left", "right")
    assert info.options and info.options.split == "train"
    assert server.fetched == names[:1]


def test_the_reader_fetches_nothing(server: Hub, tmp_path: Path) -> None:
    names = ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"]
    server.files = {"main": shards(tmp_path, names)}
    error = refusal(hf, "org/set", split="test")
    assert "not on this machine" in error.what
    assert "`pe inspect hf:org/set --split test`" in error.fix
    hub.fetch("org/set", "test")
    asked, server.asked = server.asked, 0
    assert asked and len(taken(hf, "org/set", split="test")[1].labels) == 3
    for split in ("", "all", "train"):
        error = refusal(hf, "org/set", split=split)
        assert "not on this machine" in error.what, "another part is never read in its place"
    assert not server.asked and server.fetched == names[1:]


@pytest.mark.parametrize("kept", [(0,), (1, 2), (3,), ()])
@pytest.mark.parametrize("split", ["", "train", "all"])
def test_what_an_interrupted_fetch_has_left_is_not_the_data_set(
    server: Hub, tmp_path: Path, kept: tuple[int, ...], split: str
) -> None:
    """The names of what the hub converts do not say how many files there are."""
    names = [f"default/train/000{i}.parquet" for i in range(3)] + ["default/test/0000.parquet"]
    server.files = {"main": {}, hub.CONVERTED: shards(tmp_path, names)}
    for i in kept:
        library.hf_hub_download("org/set", names[i], repo_type="dataset", revision=hub.CONVERTED)
    assert "not on this machine" in refusal(hf, "org/set", split=split).what
    hub.fetch("org/set", split)
    assert len(taken(hf, "org/set", split=split)[1].labels) == (12 if split == "all" else 9)
    lost = Path(library.try_to_load_from_cache("org/set", names[2], None, COMMIT, "dataset"))
    lost.unlink()
    assert "not on this machine" in refusal(hf, "org/set", split=split).what
    hub.fetch("org/set", split)
    assert len(taken(hf, "org/set", split=split)[1].labels) == (12 if split == "all" else 9)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"commit": 1, "files": 2}', b"[" * 100_000, b"\xff"]
)
def test_a_list_of_files_that_is_damaged_is_fetched_again(
    server: Hub, tmp_path: Path, content: bytes
) -> None:
    server.files = {"main": shards(tmp_path, ["data/train-00000-of-00001.parquet"])}
    hub.fetch("org/set", "")
    (path,) = (tmp_path / "own" / "pe" / "hub").iterdir()
    path.write_bytes(content)
    assert "not on this machine" in refusal(hf, "org/set").what
    hub.fetch("org/set", "")
    assert len(taken(hf, "org/set")[1].labels) == 3


def test_a_cache_that_cannot_be_written(server: Hub, tmp_path: Path) -> None:
    server.files = {"main": shards(tmp_path, ["data/train-00000-of-00001.parquet"])}
    (tmp_path / "own").write_bytes(b"")
    error = not_fetched("org/set")
    assert "cannot write" in error.what and "XDG_CACHE_HOME" in error.fix


def test_parts_of_which_none_is_for_training_are_not_all_fetched(
    server: Hub, tmp_path: Path
) -> None:
    names = ["data/one-00000-of-00001.parquet", "data/two-00000-of-00001.parquet"]
    server.files = {"main": shards(tmp_path, names)}
    assert "--split one" in not_fetched("org/set").fix and not server.fetched
    hub.fetch("org/set", "two")
    assert len(taken(hf, "org/set", split="two")[1].labels) == 3 and server.fetched == names[1:]


def test_all_parts_of_one(server: Hub, tmp_path: Path) -> None:
    server.files = {"main": shards(tmp_path, ["data/train-00000-of-00001.parquet"])}
    hub.fetch("org/set", "all")
    assert len(taken(hf, "org/set", split="all")[1].labels) == 3


def test_what_the_hub_has_converted_is_taken_where_there_is_nothing_else(
    server: Hub, tmp_path: Path
) -> None:
    names = ["default/train/0000.parquet", "default/test/0000.parquet"]
    server.files = {"main": {"data.zip": b""}, hub.CONVERTED: shards(tmp_path, names)}
    hub.fetch("org/set", "test")
    _, table = taken(hf, "org/set", split="test")
    assert len(table.labels) == 3 and server.fetched == names[1:]


def test_a_configuration_is_asked_for_and_named(server: Hub, tmp_path: Path) -> None:
    names = ["a/train-00000-of-00001.parquet", "b/train-00000-of-00001.parquet"]
    server.files = {"main": shards(tmp_path, names)}
    error = not_fetched("org/set")
    assert "a, b" in error.what and "--data hf:org/set/a" in error.fix and not server.fetched
    hub.fetch("org/set/b", "")
    error = refusal(hf, "org/set")
    assert "a, b" in error.what and "--data hf:org/set/a" in error.fix
    _, table = taken(hf, "org/set/b")
    assert len(table.labels) == 3 and server.fetched == names[1:]


@pytest.mark.parametrize(
    ("status", "says", "fix"),
    [(404, "there is no data set org/set", "hf auth login"), (403, "is gated", "accept its terms")],
)
def test_a_data_set_that_is_not_to_be_had(server: Hub, status: int, says: str, fix: str) -> None:
    server.status = status
    error = not_fetched("org/set")
    assert says in error.what and fix in error.fix


def test_a_data_set_without_parquet(server: Hub) -> None:
    server.files = {"main": {"data.zip": b""}}
    error = not_fetched("org/set")
    assert "no Parquet files" in error.what and "save_to_disk" in error.fix


def test_a_hub_that_does_not_answer(
    server: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    error = not_fetched("org/set")
    assert "does not answer" in error.what and "hf download org/set" in error.fix
    assert hub.main("org/set", "") == 1
    assert json.loads(capsys.readouterr().out)["what"] == error.what


@pytest.mark.parametrize("name", ["what is this", "../x", "", "a//b"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(SourceError, match="neither a path that exists nor the name"):
        hub.find(name, "")
