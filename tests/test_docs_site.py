"""The site: it builds without a warning and holds every page.

Its reference holds every exported name, hook and option.
"""

import importlib
import importlib.util
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pluggy
import pytest
import typer
import yaml

import pe_sdk
import pe_sdk.testing
from pe_host.cli import _app
from pe_sdk import hookspecs

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GROUPS = {
    "pe_generators": "pe.plugins",
    "pe_embeddings": "pe.embeddings",
    "pe_readers": "pe.readers",
    "pe_exporters": "pe.exporters",
    "pe_doctor": "pe.doctor",
}
IMPLEMENTED_BY = {
    "pe_generators": ("pe_echo", pe_sdk.GeneratorSpec),
    "pe_embeddings": ("pe_host.embeddings.pixels", pe_sdk.EmbeddingSpec),
    "pe_readers": ("pe_host.privacy.readers.npz", pe_sdk.ReaderSpec),
    "pe_exporters": ("pe_host.export.npz", pe_sdk.ExporterSpec),
    "pe_doctor": ("pe_pyrender_faces.doctor", pe_sdk.DoctorSpec),
}
HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("pe_")}


def site_script():
    spec = importlib.util.spec_from_file_location("site_pages", DOCS / "site/pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nav() -> list[str]:
    def leaves(entry):
        if isinstance(entry, str):
            return [entry]
        return [
            leaf
            for part in (entry.values() if isinstance(entry, dict) else entry)
            for leaf in leaves(part)
        ]

    return leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    words = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"(https?://[^\"]*)", page.read_text()
        )
        assert not loaded, f"{page.name}: {loaded}"


def test_every_page_is_in_the_navigation_and_there():
    made = {*site_script().TEXTS, site_script().COMMANDS}
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert sorted(nav()) == sorted(there | made)
    assert not there & made


@pytest.mark.parametrize(
    ("page", "module"),
    [("sdk", pe_sdk), ("testing", pe_sdk.testing)],
    ids=["pe_sdk", "pe_sdk.testing"],
)
def test_the_reference_holds_exactly_the_exported_names(page, module):
    text = (DOCS / f"reference/{page}.md").read_text()
    named = re.findall(rf"^::: {re.escape(module.__name__)}\.(\w+)$", text, re.MULTILINE)
    extra = {"pytest_plugin"} if module is pe_sdk.testing else set()
    assert len(named) == len(set(named)) and set(named) - extra == set(module.__all__)


def test_each_hook_is_documented_with_its_exact_arguments():
    rows = re.findall(
        r"^\| [^|]+ \| `(pe\.\w+)` \| `(\w+)\((.*?)\)` \|",
        (DOCS / "reference/hooks.md").read_text(),
        re.M,
    )
    assert {(hook, group) for group, hook, _ in rows} == set(GROUPS.items()) and set(GROUPS) == set(
        HOOKS
    )
    for _, hook, arguments in rows:
        wanted = [name.strip() for name in arguments.split(",") if name.strip()]
        assert list(inspect.signature(HOOKS[hook]).parameters) == wanted


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_each_hook_is_called_with_exactly_its_arguments(hook):
    # A new hook fails here until a module of this repository implements it. A new argument fails
    # until all implementations take it.
    module, kind = IMPLEMENTED_BY[hook]
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module(module))
    manager.check_pending()  # nothing is marked as a hook that there is not
    caller, names = getattr(manager.hook, hook), list(inspect.signature(HOOKS[hook]).parameters)
    (implementation,) = caller.get_hookimpls()
    assert list(caller.spec.argnames) == list(implementation.argnames) == names
    (specs,) = caller(**dict.fromkeys(names))
    assert len(list(specs)) >= 1 and all(isinstance(spec, kind) for spec in specs)


def test_every_command_and_option_is_on_its_page_with_a_text():
    page = site_script().commands_page()
    group = typer.main.get_command(_app())
    for name, command in group.commands.items():
        section = page.split(f"## pe {name}\n", 1)[1].split("\n## ", 1)[0]
        assert (command.help or "").split("\n")[0] in section
        rows = re.findall(r"^\| `(.*?)` \| (.*?) \|$", section, re.MULTILINE)
        assert len(rows) == len(command.params)
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert (
                    sum(
                        max(parameter.opts, key=len) in re.split(r"[ ,/]+", names)
                        for names, _ in rows
                    )
                    == 1
                )
        assert all(len(text) > 5 for _, text in rows), f"an option of pe {name} has no help text"


@pytest.mark.parametrize(
    "path",
    sorted(
        str(p.relative_to(ROOT))
        for p in (*ROOT.glob("*.md"), *ROOT.glob("plugins/*/README.md"), *DOCS.rglob("*.md"))
    ),
)
def test_links_to_files_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", (ROOT / path).read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"[a-z]+:", target):
            made = Path(path).parent / target in {
                Path("docs") / name for name in site_script().TEXTS
            }
            assert made or (ROOT / path).parent.joinpath(target).exists(), f"{path}: {target}"
