"""Known plugins that are not installed: only the command that installs them is shown."""

import importlib.util
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pe_host.cli import _app
from pe_host.cli import list_plugins as command
from pe_host.errors import PluginFailure
from pe_host.plugins import PluginEntry, resolve
from pe_host.plugins.known import known, not_installed
from pe_host.plugins.names import DOCTOR, GROUPS, HOST

ROOT = Path(__file__).resolve().parents[3]


def plugin(name, distribution="pe-plugin-x", kind="generator", **more):
    return PluginEntry(name, kind, distribution, "1.0", "", "module", **more)


def test_the_table_holds_the_plugins_of_this_repository():
    """Fails if a plugin or an entry point is added, renamed or removed, but not in the table."""
    there = set()
    for path in ROOT.glob("plugins/*/pyproject.toml"):
        project = tomllib.loads(path.read_text())["project"]
        for group, entries in project["entry-points"].items():
            there |= {
                (GROUPS[group], name, project["name"])
                for name in entries
                if GROUPS[group] != DOCTOR
            }
    own = {
        (k.kind, k.name, k.distribution)
        for k in known()
        if (ROOT / "plugins" / k.distribution[10:]).is_dir()
    }
    assert own == there
    assert all(entry.summary and entry.distribution != HOST for entry in known())


def test_page_and_table_are_made_from_the_list():
    """`python docs/make_catalogue.py` makes them."""
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "docs/make_catalogue.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    entries = script.entries()
    assert script.table(entries) == script.TABLE.read_text(encoding="utf-8")
    assert script.page(entries) == script.PAGE.read_text(encoding="utf-8")


def test_what_is_installed_in_any_state_is_not_offered_and_the_rest_is():
    installed = [plugin("echo", "pe-plugin-echo", state="incompatible")]
    names = {entry.name for entry in not_installed(installed)}
    assert "echo" not in names and {"avatars", "demo"} <= names


def test_a_name_that_another_distribution_offers_does_not_hide_the_known_one():
    assert "echo" in {entry.name for entry in not_installed([plugin("echo")])}


@pytest.mark.parametrize("restriction", ["echo", "pe-plugin-echo/echo", "Echo, other"])
def test_what_pe_plugins_leaves_out_is_not_offered(restriction):
    assert [entry.name for entry in not_installed([], restriction)] == ["echo"]


def test_asking_for_a_known_one_says_how_to_install_it():
    with pytest.raises(PluginFailure, match="generator 'Text_Render' is not installed") as caught:
        resolve("generator", "Text_Render", [plugin("a")])
    assert caught.value.fix == "`pip install pe-plugin-text-render`"
    with pytest.raises(PluginFailure) as caught:
        resolve("reader", "demo", [])
    assert "pip install pe-plugin-pyrender-faces" in caught.value.fix


def test_the_distribution_that_was_typed_counts():
    with pytest.raises(PluginFailure, match="no generator 'pe-plugin-y/echo' is installed"):
        resolve("generator", "pe-plugin-y/echo", [plugin("a")])


def test_did_you_mean_knows_those_that_are_not_installed():
    with pytest.raises(PluginFailure, match="did you mean 'text-render'") as caught:
        resolve("generator", "text-rendre", [plugin("a")])
    assert "`pip install pe-plugin-text-render`" in caught.value.fix
    assert "pe-plugin-text-rendre" not in caught.value.fix


def listing(monkeypatch, *words, restriction=""):
    monkeypatch.setattr(command, "find", lambda: [plugin("x")])
    monkeypatch.setenv("PE_PLUGINS", restriction)
    done = CliRunner().invoke(_app(), ["list-plugins", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_list_ends_with_them_and_json_keeps_them_apart(monkeypatch):
    lines = listing(monkeypatch).splitlines()
    assert lines[1].split()[:3] == ["generator", "x", "found"]
    (echo,) = [line for line in lines if " echo " in line]
    assert "not installed" in echo and "`pip install pe-plugin-echo`" in echo
    document = json.loads(listing(monkeypatch, "--json"))
    assert [p["name"] for p in document["plugins"]] == ["x"]
    (echo,) = [k for k in document["not_installed"] if k["name"] == "echo"]
    assert (echo["state"], echo["install"]) == ("not installed", "pip install pe-plugin-echo")
    assert json.loads(listing(monkeypatch, "--json", restriction="x"))["not_installed"] == []
