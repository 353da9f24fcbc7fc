"""The settings of a run, as its manifest keeps them."""

from pathlib import Path
from types import SimpleNamespace

from pe_host.job.config import RunConfig, reproducible_settings, resolve_config
from pe_host.plugins import PluginRef
from pe_host.privacy import make_plan
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_host.session.start import _settings
from pe_sdk import OutputSpec

EACH = {
    "plugin": "x",
    "data": "d.csv",
    "epsilon": "2",
    "delta": "1e-7",
    "samples": "4",
    "candidates": "8",
    "iterations": "2",
    "lookahead": "1",
    "votes": "1",
    "degrees": "0.2,0.1",
    "final_degree": "0.1",
    "threshold": "1.5",
    "selection": "rank",
    "keep_parents": "yes",
    "retrain": "no",
    "embedding": "pixels",
    "embedding_options": ["size=8"],
    "classes": "cat,dog",
    "class_shares": "0.5,0.5",
    "public_size": "9",
    "bad_records": "drop",
    "public_ranges": "yes",
    "start": "earlier",
    "seed": "3",
    "set": ["gain=1"],
    "size": "48x64",
    "fit": "pad",
    "colour": "gray",
    "background": "#0080ff",
    "split": "train",
    "images": "x",
    "labels": "y",
    "client": "who",
    "axes": "3x32x32",
    "labels_from": "1",
    "range": "0,1",
    "public_classes": "yes",
    "id": "id",
    "time": "t",
    "values": "load,heat",
    "length": "9",
    "missing": "hold",
    "step": "0.5",
    "step_unit": "h",
    "feature_units": ["load=kW"],
    "feature_ranges": ["load=-1..1e3"],
}
"""A value of each setting other than its default, as it is typed."""


def test_a_manifest_reads_every_setting_back(tmp_path: Path) -> None:
    """Fails where a setting has a type that a manifest refuses, which would lose the run."""
    config, default = resolve_config(EACH), RunConfig()
    assert set(EACH) == set(reproducible_settings())
    assert not [name for name in EACH if getattr(config, name) == getattr(default, name)]
    plan = make_plan(
        epsilon=2.0,
        rounds=2,
        votes=1,
        class_names=("cat", "dog"),
        output=OutputSpec.image(4, 4),
        reader="r",
        embeddings=("pixels",),
    )
    manifest = Manifest(
        plan=plan,
        generator=PluginRef("generator", "x", "m", "pe-plugin-x", "1.0"),
        embedding=PluginRef("embedding", "pixels", "m", "pe-host", "1.0"),
        options={"gain": "1"},
        config=_settings(config, SimpleNamespace(plan=plan)),  # type: ignore[arg-type]  # its plan
        versions={"python": "3"},
        space=None,
        parts={},
        confined=True,
    )
    manifest.write(RunFolder(tmp_path))
    assert Manifest.read(RunFolder(tmp_path)) == manifest
