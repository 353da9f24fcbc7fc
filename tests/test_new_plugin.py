"""The template of plugins: every combination is written, installed, checked, tested and updated.

Each step is what an author would do.
"""

import itertools
import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
import yaml
from copier import run_copy, run_update

from pe_host import __version__
from pe_host.commands import new_plugin
from pe_host.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
COMBINATIONS = [
    (generator, embedding, reader, embedding == reader)
    for generator, embedding, reader in itertools.product(
        ("simulator", "black-box", "none"), (True, False), (True, False)
    )
]
"""Combinations of what a plugin may have.

Licences and the workflow change no code, so each of their values occurs in some combination.
"""


def run(*words, cwd, **environment):
    done = subprocess.run(
        [str(w) for w in words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def plugins(once):
    """A folder for each combination, filled in by copier's own answers.

    Questions without an answer have their defaults.
    """

    def fill(folder):
        for i, (generator, embedding, reader, exporter) in enumerate(COMBINATIONS):
            kinds = {
                "plugin_name": f"my-scene-{i}",
                "generator": generator,
                "embedding": embedding,
                "reader": reader,
                "exporter": exporter,
            }
            licence = new_plugin.LICENCES[i % 3]
            data = {**kinds, "licence": licence, "ci": i % 2 == 0, "author": 'Ada "L" 𠮷 <b@c>'}
            run_copy(
                str(ROOT / "template"), folder / f"plugin{i}", data=data, defaults=True, quiet=True
            )

    return once("new-plugins", fill)


@pytest.fixture(scope="session")
def python(plugins, once):
    """An interpreter with all of them installed, beside what is installed here."""

    def fill(place):
        venv.create(place, with_pip=False, symlinks=True)
        own = next(place.glob("lib/python*/site-packages"))
        here = [entry for entry in sys.path if entry.endswith("site-packages")]
        # addsitedir, so that what is installed editable here is seen too
        (own / "outer.pth").write_text(
            "".join(f"import site; site.addsitedir({entry!r})\n" for entry in here)
        )
        words = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
        run(place / "bin/python", *words, *sorted(plugins.iterdir()), cwd=plugins)

    return once("new-plugins-venv", fill) / "bin/python"


@pytest.mark.slow
def test_every_combination_passes_its_own_tests(plugins, python):
    # Memory need not be watched over a hundred calls of each.
    (plugins / "conftest.py").write_text(
        "from pe_sdk.testing import fresh\n\nfresh.MOST_CALLS = fresh.FEWEST_CALLS\n"
    )
    out = run(
        *(
            python,
            "-m",
            "pytest",
            "-q",
            "-W",
            "error",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            "--rootdir",
        ),
        *(plugins, *sorted(plugins.glob("*/tests"))),
        cwd=plugins,
    )
    assert "passed" in out


@pytest.mark.slow
def test_every_combination_is_typed_linted_and_formatted(plugins, python):
    run(python, "-m", "mypy", "--strict", *sorted(plugins.glob("*/src")), cwd=plugins)
    run(python, "-m", "ruff", "check", ".", cwd=plugins)
    run(python, "-m", "ruff", "format", "--check", ".", cwd=plugins)


@pytest.mark.slow
def test_the_host_finds_and_loads_all_of_them(plugins, python):
    names = {
        name
        for path in plugins.glob("*/pyproject.toml")
        for group in tomllib.loads(path.read_text())["project"]["entry-points"].values()
        for name in group
    }
    words = ("-P", "-m", "pe_host", "list-plugins", "--check", "--json")
    listed = json.loads(run(python, *words, cwd=plugins, PE_PLUGINS=",".join(names)))["plugins"]
    mine = [p for p in listed if p["distribution"].startswith("pe-plugin-my-scene-")]
    expected = sum((generator != "none") + sum(others) for generator, *others in COMBINATIONS)
    assert len(mine) == expected
    assert {p["state"] for p in mine} == {"ok"}


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["simulator", "black-box"])
def test_a_new_plugin_runs_by_name_alone(plugins, python, generator, tmp_path):
    name = f"my-scene-{COMBINATIONS.index((generator, True, True, True))}"
    small = ("--candidates", "60", "--samples", "20", "--iterations", "2", "--workers", "1")
    run(
        python,
        "-P",
        "-m",
        "pe_host",
        "generate",
        "--plugin",
        name,
        *small,
        "--out",
        "run",
        cwd=tmp_path,
    )
    assert (tmp_path / "run/release/samples.npz").is_file()


def test_folders_are_whole(plugins):
    for i, (generator, embedding, reader, exporter) in enumerate(COMBINATIONS):
        folder, package = plugins / f"plugin{i}", f"pe_my_scene_{i}"
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        expected = {
            ".copier-answers.yml",
            ".gitignore",
            "CHANGELOG.md",
            "LICENSE",
            "README.md",
            "docs/index.md",
            "pyproject.toml",
        }
        expected |= {f"src/{package}/{name}" for name in ("__init__.py", "py.typed")} | {
            f"tests/test_{package}{rules}.py" for rules in ("", "_rules")
        }
        modules = {"blossoms.py": generator == "simulator", "clouds.py": generator == "black-box"}
        modules |= {"grid.py": embedding, "arrays.py": reader, "files.py": exporter}
        expected |= {f"src/{package}/{name}" for name, wanted in modules.items() if wanted}
        expected |= {".github/workflows/ci.yml"} if i % 2 == 0 else set()
        assert {
            path for path in there if "__pycache__" not in path and ".egg" not in path
        } >= expected
        assert not [path for path in there if "{" in path or path.endswith(".jinja")]
        texts = [(folder / path).read_text() for path in expected if not path.startswith(".github")]
        assert not [text for text in texts if "{{" in text or "{%" in text]


def test_the_workflow_tests_builds_and_publishes_without_a_token(plugins):
    jobs = yaml.safe_load((plugins / "plugin0/.github/workflows/ci.yml").read_text())["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("test", "build")


def template_at(place, *versions):
    """A git repository like the project's own, with the template at its versions.

    Each version is a change of the files before it.
    """
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", place)
    place.mkdir()
    run("git", "init", "-q", place, cwd=place)
    run("cp", "-r", ROOT / "copier.yml", ROOT / "template", place, cwd=place)
    for version, change in versions:
        if change:
            change(place / "template/project")
        run(*git, "add", "-A", cwd=place)
        run(*git, "commit", "-qm", version, cwd=place)
        run(*git, "tag", version, cwd=place)
    return place


def better(project):
    for path in (project / "README.md.jinja", project / "CHANGELOG.md.jinja"):
        path.write_text(path.read_text() + "\nSomething the template has learnt.\n")


@pytest.mark.parametrize("source", ["repository", "bundled"])
def test_copier_update_brings_the_new_and_keeps_what_the_author_wrote(tmp_path, source):
    template = template_at(tmp_path / "pe", (f"v{__version__}", None), ("v9.0.0", better))
    folder = tmp_path / "mine"
    data = new_plugin.answers("my-scene", ["simulator"], "", "Ada", "MIT", True)
    if source == "repository":
        new_plugin.write(data, folder, str(template), f"v{__version__}")
    else:  # offline, from the installation; docs/new-plugin.md says how to add the address later
        new_plugin.write(data, folder)
        answers = folder / new_plugin.ANSWERS
        text = answers.read_text()
        assert f"_commit: v{__version__}\n" in text and str(ROOT) not in text
        answers.write_text(text.replace("ADDRESS-OF-THE-GIT-REPOSITORY-OF-PE", str(template)))
    blossoms, readme = folder / "src/pe_my_scene/blossoms.py", folder / "README.md"
    blossoms.write_text(blossoms.read_text().replace("Int(3, 9)", "Int(2, 12)"))
    readme.write_text(readme.read_text().replace("# pe-plugin-my-scene", "# My scene"))
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", folder)
    run("git", "init", "-q", folder, cwd=tmp_path)
    run(*git, "add", "-A", cwd=tmp_path)
    run(*git, "commit", "-qm", "mine", cwd=tmp_path)

    run_update(str(folder), defaults=True, overwrite=True, quiet=True)

    assert "Int(2, 12)" in blossoms.read_text()
    assert readme.read_text().startswith("# My scene\n")
    assert "Something the template has learnt." in readme.read_text()
    assert "Something the template has learnt." in (folder / "CHANGELOG.md").read_text()
    assert "_commit: v9.0.0" in (folder / new_plugin.ANSWERS).read_text()


def test_the_command_writes_a_folder_and_says_what_is_next(pe):
    done = pe(
        "new-plugin",
        "my-scene",
        "--kind",
        "reader",
        "--kind",
        "embedding",
        "--licence",
        "Apache-2.0",
        "--no-ci",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["name"], made["folder"]) == ("my-scene", "pe-plugin-my-scene")
    assert (
        "src/pe_my_scene/grid.py" in made["files"]
        and ".github/workflows/ci.yml" not in made["files"]
    )
    assert "Apache License" in (pe.folder / "pe-plugin-my-scene/LICENSE").read_text()
    again = pe("new-plugin", "my-scene")
    assert (again.returncode, "already exists" in again.stderr) == (5, True)


def test_a_name_that_is_taken_is_a_warning(pe):
    done = pe("new-plugin", "echo")
    assert (done.returncode, "taken by pe-plugin-echo (generator)" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["Bad_Name"], 2),
        (["a--b"], 2),
        (["../up"], 2),
        (["a" * 31], 2),
        (["host"], 2),
        (["x", "--kind", "film"], 2),
        (["x", "--kind", "simulator", "--kind", "generator"], 2),
        (["x", "--licence", "mine"], 2),
        (["x", "--summary", "two\nlines"], 2),
        (["x", "--author", "a" * 101], 2),
        (["x", "--template", "nowhere"], 5),
        (["x", "--template", "."], 5),
    ],
)
def test_what_cannot_be_made_is_one_clear_error_and_leaves_nothing(pe, words, code):
    done = pe("new-plugin", *words)
    assert done.returncode == code, done.stderr
    assert (
        done.stderr.startswith("error: ")
        and "  next: " in done.stderr
        and "Traceback" not in done.stderr
    )
    assert done.stdout == "" and not list(pe.folder.glob("pe-plugin-*"))


def test_without_copier_the_line_that_installs_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "copier", None)
    with pytest.raises(DataError) as caught:
        new_plugin.write({"plugin_name": "x"}, tmp_path / "x")
    assert caught.value.fix == "`pip install 'pe-host[new-plugin]'`"


def test_the_questions_of_the_template_refuse_what_the_command_refuses(tmp_path):
    """`copier copy` asks them without the command."""
    good = {"plugin_name": "my-scene"}
    for wrong in (
        {"plugin_name": "Bad_Name"},
        {"plugin_name": "host"},
        {"plugin_name": "a" * 31},
        {"summary": "x" * 71},
    ):
        with pytest.raises(ValueError, match="Validation error"):
            run_copy(
                str(ROOT / "template"),
                tmp_path / "x",
                data={**good, **wrong},
                defaults=True,
                quiet=True,
            )
