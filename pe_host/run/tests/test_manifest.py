"""Manifests that somebody has edited: each value is of its type, or the file is damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pe_host.errors import DataError, PrivacyRefusal
from pe_host.evolution.schedule import Schedule
from pe_host.plugins import PluginRef
from pe_host.privacy import make_plan
from pe_host.privacy.ledger import Ledger
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import EarlierId, Manifest
from pe_sdk import OutputSpec

RUN = "00112233445566778899aabbccddeeff"


@pytest.fixture
def manifest() -> Manifest:
    plan = make_plan(
        epsilon=2.0,
        rounds=2,
        votes=1,
        class_names=("a", "b"),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=("e",),
    )
    return Manifest(
        plan=plan,
        generator=PluginRef("generator", "x", "m", "pe-plugin-x", "1.0"),
        embedding=PluginRef("embedding", "pixels", "m", "pe-host", "1.0"),
        options={"gain": "1"},
        config={"set": {"gain": "1"}, "seed": 0, "degrees": [0.1], "epsilon": 2.0, "data": None},
        versions={"python": "3"},
        space=None,
        parts={},
        finished=True,
        schedule=Schedule((8, 8), (0.2, 0.1), 4),
        class_counts={"names": ["a", "b"], "counts": [3, 0], "origin": "noisy"},
        iterations=2,
        spent_epsilon=2.0,
        release_digest="0" * 64,
        confined=True,
        run_id=RUN,
        earlier_run=EarlierId(RUN[::-1], "0" * 64),
    )


def test_what_was_written_is_read(tmp_path: Path, manifest: Manifest) -> None:
    manifest.write(RunFolder(tmp_path))
    assert Manifest.read(RunFolder(tmp_path)) == manifest


def test_a_manifest_that_names_no_earlier_run_is_read(tmp_path: Path, manifest: Manifest) -> None:
    manifest.write(RunFolder(tmp_path))
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    del document["earlier_run"]
    path.write_text(json.dumps(document))
    assert Manifest.read(RunFolder(tmp_path)).earlier_run is None


def at(*way: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = value

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        at("plan", "epsilon", value=1.0),
        at("plan", "epsilon", value=10**400),
        at("plan", "class_names", value=[["a"], "b"]),
        at("plan", value=[]),
        at("plan", value={"schema": 1}),
        at("plan_digest", value="0"),
        at("generator", value="x"),
        at("generator", "version", value=3),
        at("options", value=[]),
        at("options", value={"gain": 1}),
        at("versions", "python", value=None),
        at("parts", value="x"),
        at("parts", value={"a": {}}),
        at("space", value=3),
        at("config", value=[]),
        at("config", "set", value=["gain"]),
        at("config", "seed", value="0"),
        at("config", "data", value={"a": [[[]]]}),
        lambda document: document["config"].pop("seed"),
        at("finished", value="yes"),
        at("confined", value=1),
        at("run_id", value=3),
        at("release_digest", value=["0"]),
        at("earlier_run", value="0"),
        at("earlier_run", value={}),
        at("earlier_run", "run", value=3),
        at("earlier_run", "ledger", value=None),
        at("earlier_run", "x", value="0"),
        at("iterations", value=3),
        at("iterations", value=1.5),
        at("spent_epsilon", value="much"),
        at("schedule", value=[]),
        at("schedule", "sizes", value=[8]),
        at("schedule", "sizes", value=[8, 8, 8]),
        at("schedule", "sizes", value=[8, 10**30]),
        at("schedule", "samples", value="4"),
        at("schedule", "selection", value="best"),
        at("schedule", "threshold", value=None),
        at("schedule", "lookahead", value=-1),
        at("schedule", "x", value=1),
        at("class_counts", value=[]),
        at("class_counts", "counts", value=[3]),
        at("class_counts", "counts", value=[3, -1]),
        at("class_counts", "counts", value=[3, "1"]),
        at("x", value=1),
    ],
)
def test_a_value_of_another_type_is_damage(
    tmp_path: Path, manifest: Manifest, edit: Callable[[dict[str, Any]], None]
) -> None:
    manifest.write(RunFolder(tmp_path))
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"is damaged|is not a privacy plan|has schema") as caught:
        Manifest.read(RunFolder(tmp_path))
    assert caught.value.fix and caught.value.where == str(path)


def test_the_ledger_of_another_run_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    Ledger.create(tmp_path / "ours", manifest.plan, RUN)
    Ledger.create(tmp_path / "theirs", manifest.plan, RUN[::-1])
    manifest.check_ledger(tmp_path / "ours")
    with pytest.raises(PrivacyRefusal, match="another run"):
        manifest.check_ledger(tmp_path / "theirs")
