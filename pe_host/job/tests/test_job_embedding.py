"""`resolve`: which embedding a run uses, and that none from a plugin sees private data unasked."""

import sys

import numpy as np
import pytest

from pe_host.commands.generate import generate
from pe_host.errors import PluginFailure
from pe_host.job import job
from pe_host.job.config import resolve_config
from pe_host.plugins.permissions import Needs
from pe_host.reporting import Silent
from pe_sdk import OutputSpec

ABOUT = {
    "default_data": "",
    "embedding": "",
    "labels": [],
    "makes": {"output": OutputSpec.image(28, 28).to_json(), "space": None},
    "needs": Needs().to_json(),
}

EMBEDDING = """
from pe_sdk import CannotMake, EmbeddingSpec, hookimpl

def make(output, options):
    raise CannotMake("it is for larger pictures")

@hookimpl
def pe_embeddings():
    return [EmbeddingSpec("gaze", "sees", make)]
"""


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Returns a function that installs `pe-plugin-eye` and returns settings to run it.

    The package has the generator `eye` and the embedding `gaze`; the data are digits by default.
    """

    def install(name="gaze", plugin="eye", embeds=True, simulator=False, **given):
        info = tmp_path / "site/pe_plugin_eye-1.0.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        meta = (
            "Metadata-Version: 2.1\nName: pe-plugin-eye\nVersion: 1.0\n"
            "Requires-Dist: pe-sdk>=1,<2\n"
        )
        (info / "METADATA").write_text(meta)
        entries = "[pe.plugins]\neye = their_eye\n" + (
            "[pe.embeddings]\ngaze = their_eye\n" if embeds else ""
        )
        (info / "entry_points.txt").write_text(entries)
        (tmp_path / "site/their_eye.py").write_text(EMBEDDING)
        monkeypatch.syspath_prepend(tmp_path / "site")
        makes = {
            "output": OutputSpec.image(8, 8).to_json(),
            "space": {"schema": 1} if simulator else None,
        }
        monkeypatch.setattr(
            job, "describe", lambda *_, **__: {**ABOUT, "embedding": name, "makes": makes}
        )
        settings = {
            "plugin": plugin,
            "epsilon": "1",
            "iterations": "1",
            "votes": "1",
            "data": "sklearn:digits",
        }
        return resolve_config({**settings, **given})

    yield install
    sys.modules.pop("their_eye", None)


@pytest.fixture
def private(tmp_path):
    """The path of a data set that nobody declares public."""
    path = tmp_path / "d.npz"
    np.savez(
        path,
        images=np.zeros((3, 8, 8), np.uint8),
        labels=np.arange(3),
        label_names=np.array(["a", "b", "c"]),
    )
    return str(path)


def test_on_public_data_the_embedding_of_the_generator_is_used(package):
    settled = job.resolve(package())
    assert (
        settled.config.embedding == "pe-plugin-eye/gaze"
        and settled.embedding.distribution == "pe-plugin-eye"
    )
    assert settled.notes == () and "pe-plugin-eye" in settled.plan.embeddings[0]
    again = job.resolve(
        resolve_config(
            {"plugin": "eye", "data": "sklearn:digits", "embedding": settled.config.embedding}
        )
    )
    assert again.embedding == settled.embedding, "as from config.toml"


@pytest.mark.parametrize("simulator", [True, False])
def test_a_generator_cannot_bring_its_own_embedding_onto_data_that_are_not_public(
    package, private, simulator
):
    config = package(simulator=simulator, data=private)
    settled = job.resolve(config)
    assert (settled.config.embedding, settled.embedding.distribution) == (
        "simulator-features",
        "pe-host",
    )
    (note,) = settled.notes
    assert "--embedding pe-plugin-eye/gaze" in note and "private records" in note
    assert "their_eye" not in sys.modules, "its code was run"
    notes = []
    reporter = Silent()
    reporter.note = notes.append
    generate(config, out=None, resume=False, dry_run=True, reporter=reporter)
    assert notes == [note]
    trusted = job.resolve(package(data=private, embedding="pe-plugin-eye/gaze"))
    assert trusted.embedding.distribution == "pe-plugin-eye" and trusted.notes == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"embeds": False},
        {"name": "simulator-features"},
        {"name": "pe-host/simulator-features"},
        {"name": "../gaze"},
        {"plugin": "echo"},
    ],
)
@pytest.mark.parametrize("public", [True, False])
def test_an_embedding_that_the_package_does_not_have_is_none(package, private, public, changes):
    settled = job.resolve(package(**changes, **({} if public else {"data": private})))
    assert settled.config.embedding == "simulator-features" and settled.notes == ()


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    ("plugin", "variable", "value"),
    [("eye", "PE_PLUGINS", "eye"), ("mine", "PE_DEV_PLUGIN", "mine=their_eye:make")],
)
def test_an_embedding_that_is_disabled_or_of_no_distribution_is_none(
    package, private, public, monkeypatch, plugin, variable, value
):
    monkeypatch.setenv(variable, value)
    settled = job.resolve(package(plugin=plugin, **({} if public else {"data": private})))
    assert settled.config.embedding == "simulator-features" and settled.notes == ()


@pytest.mark.parametrize("asked", [False, True])
def test_an_embedding_that_nobody_asked_for_and_cannot_be_made_says_what_else_there_is(
    package, asked
):
    settled = job.resolve(package(**({"embedding": "gaze"} if asked else {})))
    with pytest.raises(PluginFailure, match="larger pictures") as caught:
        settled.make_embedding()
    assert caught.value.fix == (
        "" if asked else "give --embedding simulator-features, pixels or values"
    )


def test_pictures_too_small_for_features_are_compared_by_their_pixels(tmp_path):
    path = tmp_path / "small.npz"
    np.savez(
        path,
        images=np.zeros((3, 7, 9), np.uint8),
        labels=np.arange(3),
        label_names=np.array(["a", "b", "c"]),
    )
    settled = job.resolve(resolve_config({"plugin": "echo", "data": str(path), "epsilon": 1.0}))
    assert settled.config.embedding == "pixels"
