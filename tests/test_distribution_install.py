"""`pe-host` and its extras as a stranger installs them, and what can be done with them then.

Everything is installed from one folder of wheels, without an index: the wheels of this repository
and those of its dependencies at the tested versions. PYTHONS says for which Pythons; see
`installing.py`.
"""

import csv
import functools
import json
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest
from installing import (
    PLUGINS,
    PYTHONS,
    ROOT,
    UV,
    has_cpu_torch,
    links,
    project,
    run,
    torch_stand_in,
    torch_version,
)
from PIL import Image

pytestmark = pytest.mark.distribution

OTHER_EXTRAS = "hf,dicom,heic,new-plugin"
GROUPS = {
    "pe.plugins": "generator",
    "pe.embeddings": "embedding",
    "pe.readers": "reader",
    "pe.exporters": "exporter",
    "pe.doctor": "doctor",
}
"""Groups of entry points, and the kind that `pe list-plugins` shows for each."""


@functools.cache
def index(python, wheels, place):
    """A folder with all wheels that one Python needs, and whether torch is among them."""
    place.mkdir()
    if not (torch := has_cpu_torch(python)):
        torch_stand_in(place)
    run(UV, "venv", "-q", "--seed", "--python", python, place / "venv")
    pin = place / "pin.txt"
    pin.write_text(f"torch=={torch_version()}+cpu\n")
    found = links(wheels, place)
    wanted = [f"pe-host[all,{OTHER_EXTRAS}]", "pe-plugin-echo", "pip", "setuptools"]
    pip = [place / "venv/bin/python", "-m", "pip", "wheel", "-q", "-w", place]
    run(*pip, *found, "-c", pin, "-c", ROOT / "constraints.txt", *wanted)
    return place, torch


class Installed:
    """An installation: its commands, in a scratch folder with a budget and a cache of its own."""

    def __init__(self, folder, commands, environment, torch):
        self.folder, self.commands, self.python = folder, commands, environment / "bin/python"
        self.torch = torch
        (self.site,) = environment.glob("lib/python*/site-packages")
        self.variables = {
            "PE_BUDGET": folder / "budget",
            "XDG_CACHE_HOME": folder / "cache",
            "PYTHONWARNINGS": "always",
            "PE_CHECK_SECONDS": 300,
        }

    def __call__(self, *words, code=0, **environment):
        variables = {**self.variables, **environment}
        out, err = run(self.commands / "pe", *words, cwd=self.folder, code=code, **variables)
        assert not re.search(r"site-packages/pe_\S+:\d+: \w*Warning", err), err
        assert "Traceback" not in err
        return out, err

    def executes(self, code):
        """Run Python code; stdout."""
        words = [self.python, "-W", "error", "-c", code]
        return run(*words, cwd=self.folder, **self.variables)[0]

    def distributions(self):
        """Names of the installed distributions of this repository."""
        found = {path.name.partition("-")[0] for path in self.site.glob("pe_*.dist-info")}
        return {name.replace("_", "-") for name in found}


@pytest.fixture(params=PYTHONS, ids=lambda python: python.removesuffix("/bin/python")[-12:])
def wheels_for(request, wheels, tmp_path_factory):
    """The interpreter, and `index` for it."""
    name = re.sub(r"\W", "-", request.param)
    place = tmp_path_factory.getbasetemp() / f"index{name}"
    return request.param, *index(request.param, wheels, place)


def by_pip(python, place, folder, requirement):
    run(python, "-m", "venv", folder / "venv")
    commands = folder / "venv/bin"
    found = ["--no-index", "--find-links", place]
    run(commands / "python", "-m", "pip", "install", "-q", *found, requirement)
    run(commands / "python", "-m", "pip", "check")
    return commands, folder / "venv"


def by_uv(python, place, folder, requirement):
    tools, commands = folder / "tools", folder / "bin"
    words = ["--no-index", "--find-links", place, "--python", python]
    run(UV, "tool", "install", *words, requirement, UV_TOOL_DIR=tools, UV_TOOL_BIN_DIR=commands)
    return commands, tools / "pe-host"


def by_pipx(python, place, folder, requirement):
    home, commands = folder / "pipx", folder / "bin"
    offline = {"PIP_NO_INDEX": 1, "PIP_FIND_LINKS": place}
    run(UV, "venv", "-q", folder / "pipx-itself")
    run(UV, "pip", "install", "-q", "-p", folder / "pipx-itself/bin/python", "pipx")
    pipx = [folder / "pipx-itself/bin/pipx", "install", "--python", python]
    run(*pipx, requirement, PIPX_HOME=home, PIPX_BIN_DIR=commands, **offline)
    return commands, home / "venvs/pe-host"


@pytest.fixture
def installed(wheels_for, tmp_path):
    """installed(requirement, by=by_pip) -> an `Installed`."""
    python, place, torch = wheels_for

    def install(requirement, by=by_pip):
        commands, environment = by(python, place, tmp_path, requirement)
        (tmp_path / "work").mkdir()
        return Installed(tmp_path / "work", commands, environment, torch)

    return install


def write_images(path, side, channels):
    """40 images in two classes, the second brighter."""
    labels = np.arange(40) % 2
    shape = (40, side, side, channels)
    values = np.random.default_rng(3).normal(60 + 120 * labels[:, None, None, None], 8, shape)
    images = np.clip(values, 0, 255).astype(np.uint8)
    names = np.array(["dark", "light"])
    np.savez(path, images=images[..., 0] if channels == 1 else images, labels=labels)
    with np.load(path) as stored:
        np.savez(path, **stored, label_names=names)
    return path


def write_series(path):
    """40 series of two features in two classes."""
    labels = np.arange(40) % 2
    data = np.random.default_rng(3).uniform(0, 1, (40, 24, 2)).astype(np.float32)
    features = {
        "feature_names": np.array(["load", "heat"]),
        "feature_ranges": np.array([[0, 1], [0, 1]], np.float64),
    }
    np.savez(path, series=data, labels=labels, label_names=np.array(["a", "b"]), **features)
    return path


def small_run(pe, plugin, data, *words, out="run", **environment):
    """A confined run of two iterations, and its released samples."""
    settings = ["--candidates=40", "--samples=12", "--iterations=2", "--workers=1", "--epsilon=2"]
    words = ["generate", f"--plugin={plugin}", f"--data={data}", *settings, *words, f"--out={out}"]
    pe(*words, **environment)
    with np.load(pe.folder / out / "release/samples.npz") as stored:
        return {name: stored[name] for name in stored.files}


def check_the_machine(pe):
    """`pe doctor` finds nothing bad, except what only torch's absence explains."""
    out, _ = pe("doctor", "--json", code=0 if pe.torch else 5)
    bad = {one["name"] for one in json.loads(out)["findings"] if one["level"] == "bad"}
    assert bad == (set() if pe.torch else {"torch"})


def check_the_plugins(pe, folders):
    """Each entry point of the packages is listed and loads; what is absent has its command."""
    entries = {
        (GROUPS[group], name, project(folder)["name"])
        for folder in folders
        for group, names in project(folder).get("entry-points", {}).items()
        if group in GROUPS
        for name in names
    }
    out, _ = pe("list-plugins", "--check", "--json")
    found = json.loads(out)
    there = found["plugins"]
    assert {(one["kind"], one["name"], one["distribution"]) for one in there} == entries
    assert {one["state"] for one in there} == {"ok"}, there
    absent = {one["distribution"] for one in found["not_installed"]}
    ours = {project(folder)["name"] for folder in PLUGINS}
    assert absent == ours - {project(folder)["name"] for folder in folders}


def check_exports_of_images(pe, samples, parquet=True):
    """Each format is written, and holds the released pixels."""
    data = samples["images"]
    pe("export", "run", "--to", "npz", "--out", "out.npz")
    with np.load(pe.folder / "out.npz") as stored:
        np.testing.assert_array_equal(stored["images"], data)
    pe("export", "run", "--to", "imagefolder", "--out", "pictures")
    files = sorted((pe.folder / "pictures").rglob("*.png"), key=lambda path: int(path.stem))
    np.testing.assert_array_equal(np.stack([np.asarray(Image.open(one)) for one in files]), data)
    pe("export", "run", "--to", "webdataset", "--out", "shards")
    (shard,) = (pe.folder / "shards").glob("*.tar")
    with tarfile.open(shard) as archive:
        assert sum(name.endswith(".png") for name in archive.getnames()) == len(data)
    _, err = pe("export", "run", "--to", "csv", "--out", "out.csv", code=5)
    assert "csv files cannot contain records of kind image" in err
    words = ["export", "run", "--to", "parquet", "--out", "o.parquet"]
    _, err = pe(*words, code=0 if parquet else 5)
    if not parquet:
        assert "pip install 'pe-host[parquet]'" in err
        return
    script = "import pyarrow.parquet as p; print(p.read_table('o.parquet').num_rows)"
    assert int(pe.executes(script)) == len(data)


def check_python(pe, samples):
    """The names for use from Python are there, and open the run that the command made."""
    names = pe.executes(
        "import pe_host as pe, json; run = pe.open_run('run'); release = run.samples();"
        "assert run.replay() and run.epsilon == 2;"
        "[getattr(pe, name) for name in pe.PUBLIC];"
        "print(json.dumps([list(release.data.shape), release.data.sum().item()]))"
    )
    images = samples["images"]
    shape, total = json.loads(names.splitlines()[-1])
    assert shape[:3] == list(images.shape[:3]) and total == images.sum()


def check_series(pe):
    """A run on series, and its release as a table."""
    series = write_series(pe.folder / "series.npz")
    small_run(pe, "series-basic", series, "--embedding=values", "--public-ranges", out="second")
    pe("export", "second", "--to", "csv", "--out", "series.csv")
    rows = list(csv.DictReader((pe.folder / "series.csv").read_text().splitlines()))
    assert len(rows) == 12 * 24 and {"load", "heat"} <= rows[0].keys()


@pytest.mark.parametrize("by", [by_pip, by_uv, by_pipx])
def test_all(installed, by):
    pe = installed("pe-host[all]", by)
    folders = [".", *(folder for folder in PLUGINS if folder != "plugins/echo")]
    assert pe.distributions() == {"pe-sdk", *(project(folder)["name"] for folder in folders)}
    words = [pe.python, "-W", "error", "-m", "compileall", "-q", "-f", *pe.site.glob("pe_*/")]
    run(*words)  # syntax that a newer Python warns of
    check_the_machine(pe)
    check_the_plugins(pe, folders)
    data = write_images(pe.folder / "images.npz", 16, 1)
    out, _ = pe("inspect", data)
    assert "2: dark, light" in out
    # The default embedding is trained, which needs torch.
    samples = small_run(pe, "text-render", data, *([] if pe.torch else ["--embedding=pixels"]))
    assert len(samples["images"]) == 12
    check_exports_of_images(pe, samples)
    check_python(pe, samples)
    if pe.torch:  # embeddings of series need it
        check_series(pe)
    _, err = pe("new-plugin", "mine", code=5)
    assert "pip install 'pe-host[new-plugin]'" in err


def test_text(installed):
    pe = installed("pe-host[text]")
    assert pe.distributions() == {"pe-host", "pe-sdk", "pe-plugin-text-render"}
    check_the_machine(pe)
    check_the_plugins(pe, [".", "plugins/text-render"])
    data = write_images(pe.folder / "images.npz", 16, 1)
    samples = small_run(pe, "text-render", data, "--embedding=pixels")
    check_exports_of_images(pe, samples, parquet=False)
    check_python(pe, samples)
    _, err = pe("generate", "--plugin=avatars", f"--data={data}", "--epsilon=2", code=3)
    assert "pip install pe-plugin-avatars" in err


def test_faces(installed):
    pe = installed("pe-host[faces]")
    assert pe.distributions() == {"pe-host", "pe-sdk", "pe-plugin-pyrender-faces"}
    check_the_machine(pe)
    check_the_plugins(pe, [".", "plugins/pyrender-faces"])
    data = write_images(pe.folder / "images.npz", 32, 3)
    samples = small_run(pe, "pyrender-faces", data, "--embedding=pixels")
    check_exports_of_images(pe, samples, parquet=False)
    check_python(pe, samples)


def test_the_host_by_itself(installed):
    """It has no generator; one that is not a distribution yet runs all the same."""
    pe = installed("pe-host")
    assert pe.distributions() == {"pe-host", "pe-sdk"}
    check_the_machine(pe)
    check_the_plugins(pe, ["."])
    data = write_images(pe.folder / "images.npz", 8, 1)
    assert "2: dark, light" in pe("inspect", data)[0]
    developed = {
        "PE_DEV_PLUGIN": "echo=pe_echo:pe_generators",
        "PYTHONPATH": ROOT / "plugins/echo/src",
    }
    samples = small_run(pe, "echo", data, "--embedding=pixels", **developed)
    check_exports_of_images(pe, samples, parquet=False)


def test_the_other_extras(installed, tmp_path):
    """DICOM, HEIC, the files of a hub, and the template of a plugin."""
    pydicom_data = pytest.importorskip("pydicom.data", reason="a library of the tests")
    heif = pytest.importorskip("pillow_heif", reason="a library of the tests")
    pe = installed(f"pe-host[text,{OTHER_EXTRAS}]")
    photos, scans = pe.folder / "photos", pe.folder / "scans"
    for place in (photos, scans):
        place.mkdir()
    grey = np.random.default_rng(3).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    for i, image in enumerate(grey):
        heif.from_pillow(Image.fromarray(image)).save(photos / f"{i}.heic")
    (scans / "a.dcm").write_bytes(Path(pydicom_data.get_testdata_file("CT_small.dcm")).read_bytes())
    for place in (photos, scans):
        assert "image" in pe("inspect", place, "--size", "32x32")[0]
    samples = small_run(pe, "text-render", photos, "--size=32x32", "--embedding=pixels")
    pe("export", "run", "--to", "huggingface", "--out", "hub")
    again = small_run(pe, "text-render", "hf:hub", "--embedding=pixels", out="again")
    assert again["images"].shape == samples["images"].shape
    pe("new-plugin", "mine")
    assert (pe.folder / "pe-plugin-mine/src/pe_mine/__init__.py").exists()
