"""Every code block of the documentation is run, or is an exception that says why.

`docs_blocks.py` says how.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


docs_blocks = _load("docs_blocks")

PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/**/*.md",
        "sdk/README.md",
        "plugins/*/README.md",
    )
    for path in ROOT.glob(pattern)
)
BLOCKS = {page: docs_blocks.blocks_of(ROOT / page) for page in PAGES}

NOT_RUN = {
    "README.md": 3,
    "CONTRIBUTING.md": 1,
    "docs/after-the-run.md": 1,
    "docs/catalogue.md": 1,
    "docs/combined.md": 2,
    "docs/how-pe-uses-it.md": 1,
    "docs/privacy.md": 1,
    "docs/publishing.md": 3,
    "plugins/combined/README.md": 1,
    "plugins/diffusion/README.md": 3,
    "plugins/pyrender-faces/README.md": 1,
    "plugins/text-render/README.md": 1,
}
"""Number of exceptions by page: another one is a decision, made here and on the page."""


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """The bin folder of a virtual environment like a reader's, with everything installed here.

    pip works in it as on the page, but without a network: each requirement must be a folder or
    already installed.
    """
    place = tmp_path_factory.mktemp("reader")
    venv.create(place, with_pip=False, symlinks=True)
    own = next(place.glob("lib/python*/site-packages"))
    here = [entry for entry in sys.path if entry.endswith("site-packages")]
    # addsitedir, so that what is installed editable here is seen too
    (own / "outer.pth").write_text(
        "".join(f"import site; site.addsitedir({entry!r})\n" for entry in here)
    )
    for name, module in {"pe": "pe_host", "pip": "pip", "pytest": "pytest"}.items():
        script = place / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{place}/bin/python" -P -m {module} "$@"\n')
        script.chmod(0o755)
    return place / "bin"


@pytest.fixture(scope="session")
def your_data(tmp_path_factory):
    """The files that pages call the reader's own, small."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)

    def pictures(*shape):
        return np.clip(rng.normal(120, 60, (60, *shape)), 0, 255).astype(np.uint8)

    def npz(name, images, labels):
        which = np.arange(len(images)) % len(labels)
        np.savez(folder / name, images=images, labels=which, label_names=np.array(labels))

    npz("digits.npz", pictures(28, 28), [*"0123456789"])
    npz("words.npz", pictures(16, 32), ["feline", "dog"])
    npz("faces.npz", pictures(32, 32, 3), ["plain", "glasses"])
    npz("garments.npz", pictures(28, 28), ["T-shirt/top", "Bag"])
    npz("icons.npz", pictures(28, 28, 3), ["star", "bag"])
    loads = [f"{row},{step},{rng.uniform(0, 8):.2f}" for row in range(60) for step in range(96)]
    (folder / "loads.csv").write_text("\n".join(["id,time,load", *loads]))
    for place, labels in {"faces": ("smiling", "other"), "digiface": ("plain", "glasses")}.items():
        for row, picture in enumerate(pictures(32, 32, 3)):
            path = folder / place / labels[row % 2] / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)
    return folder


def run(words, folder, environment):
    words = [shutil.which(words[0], path=environment["PATH"]), *words[1:]]
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}"
    return done.stdout


def tiers():
    """Pages with something to run. Those with commands are slow."""
    for page in PAGES:
        languages = {block.language for block in BLOCKS[page] if not block.not_run}
        slow = languages & {*docs_blocks.SHELLS}
        if languages:
            yield pytest.param(page, marks=pytest.mark.slow if slow else ())


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("page", list(tiers()))
def test_every_block_of_the_page_works(page, tools, your_data, tmp_path, environment):
    for path in your_data.iterdir():  # a copy, which a page may write over
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, tmp_path / path.name)
    environment = {
        **environment,
        "PATH": f"{tools}:{environment['PATH']}",
        "VIRTUAL_ENV": str(tools.parent),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # that is how pip spells yes
        "PIP_QUIET": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "HF_HUB_OFFLINE": "1",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    session = docs_blocks.Session(tmp_path, environment, run)
    for block in BLOCKS[page]:
        if not block.not_run:
            print(f"{page}:{block.line}")
            session.execute(block)


def test_exceptions_are_those_that_were_decided_on(record_property):
    exceptions = {page: sum(bool(b.not_run) for b in blocks) for page, blocks in BLOCKS.items()}
    total, not_run = sum(map(len, BLOCKS.values())), sum(exceptions.values())
    print(f"{total - not_run} blocks are run, {not_run} are exceptions")
    record_property("blocks_run", total - not_run)
    record_property("blocks_not_run", not_run)
    assert {page: count for page, count in exceptions.items() if count} == NOT_RUN


def test_the_simulator_of_the_tutorial_has_thirty_lines():
    (source,) = (b.text for b in BLOCKS["docs/tutorial.md"] if b.file.endswith(".py"))
    assert len([line for line in source.splitlines() if line and not line.startswith("#")]) <= 30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```\npe\n```\n", "language"),
        ("    pe list-plugins\n", "language"),
        ("```rust\nfn\n```\n", "language"),
        ("```text\nwhatever\n```\n", "nothing to compare"),
        ("<!-- not run: -->\n\n```sh\nfalse\n```\n", "no reason"),
        ("```console\n$ echo one\none\n```\n", "a block of its own"),
        ("<!-- not run: needs a GPU -->\n\ntext\n\n```sh\nfalse\n```\n", "belongs to no block"),
    ],
)
def test_a_block_that_is_neither_run_nor_an_exception_is_found(tmp_path, text, message):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=message):
        docs_blocks.blocks_of(page)


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nfalse\ntrue\n```\n",
        "```sh\nfalse | true\n```\n",
        "```console\n$ echo one\n$ false\n```\n",
        "```sh\necho one\n```\n\n```text\ntwo\n```\n",
        "```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n",
        "```python\n\ndef test_a():\n    assert False\n```\n",
        "```toml\n= 1\n```\n",
    ],
)
def test_a_block_that_does_not_work_fails(text, tools, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    session = docs_blocks.Session(tmp_path, {"PATH": f"{tools}:{os.environ['PATH']}"}, run)
    with pytest.raises((AssertionError, ValueError)):
        for block in docs_blocks.blocks_of(page):
            session.execute(block)
