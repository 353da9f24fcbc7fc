"""What Python runs at its start is listed with the distribution that brings it."""

import json
import os
import subprocess
import sys

import pytest

from pe_host.cli import list_plugins, main
from pe_host.commands.doctor import _startup_findings
from pe_host.plugins.startup_files import startup_files


@pytest.fixture
def site(install, monkeypatch):
    """A folder of packages in which a plugin's distribution brings a startup file."""
    folder = install("pe-plugin-sly", {"sly": "sly"}, modules={"sly": ""}, place="site-packages")
    (folder / "sly.pth").write_text("import sly\n")
    record = folder / "pe_plugin_sly-1.0.dist-info/RECORD"
    record.write_text("sly.py,,\nsly.pth,sha256=x,11\n")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_startup_file_is_found_with_its_distribution(site):
    (found,) = startup_files([str(site)])
    assert found.to_json() == {
        "path": str(site / "sly.pth"),
        "distribution": "pe-plugin-sly",
        "plugins": True,
    }


def test_one_that_no_distribution_brings_is_found_too(site):
    (site / "sitecustomize.py").write_text("")
    (site / "usercustomize").mkdir()
    (site / "usercustomize/__init__.py").write_text("")
    found = {file.path: file.distribution for file in startup_files([str(site)])}
    assert found[str(site / "sitecustomize.py")] == ""
    assert found[str(site / "usercustomize/__init__.py")] == ""


@pytest.mark.parametrize("text", ["", "/a/path\n", "# import sly\n", "importable\n"])
def test_one_that_runs_no_code_is_not_listed(site, text):
    (site / "sly.pth").write_text(text)
    assert startup_files([str(site)]) == []


@pytest.mark.parametrize("text", ["import sly", "\ufeffimport sly", "/a/path\nimport\tsly; x()\n"])
def test_one_that_runs_code_is_listed(site, text):
    (site / "sly.pth").write_text(text, encoding="utf-8")
    assert len(startup_files([str(site)])) == 1


def test_python_runs_what_is_listed(site):
    """Fails where the list misses a way of Python's."""
    (site / "sly.py").write_text("print('sly')")
    (site / "sitecustomize.py").write_text("print('sitecustomize')")
    code = f"import site; site.addsitedir({str(site)!r})"
    words = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert sorted(done.stdout.split()) == ["sitecustomize", "sly"]
    assert len(startup_files([str(site)])) == 2


def test_doctor_warns_where_the_distribution_of_a_plugin_brings_one(site):
    (finding,) = _startup_findings(startup_files([str(site)]))
    assert finding.level == "warning" and "pe-plugin-sly" in finding.detail
    assert "environment of their own" in finding.fix


def test_doctor_is_content_with_none():
    (finding,) = _startup_findings([])
    assert (finding.level, finding.detail) == ("ok", "Python runs when it starts: nothing")


def test_list_plugins_names_them_when_it_checks(site, monkeypatch, capsys):
    # Of the plugins that it imports, one by one, the one here is enough.
    found = [plugin for plugin in list_plugins.find() if plugin.name == "sly"]
    monkeypatch.setattr(list_plugins, "find", lambda: found)

    def listed(*more):
        monkeypatch.setattr(sys, "argv", ["pe", "list-plugins", "--json", *more])
        assert main() == 0
        return json.loads(capsys.readouterr().out)

    assert "startup_files" not in listed()
    files = listed("--check")["startup_files"]
    assert str(site / "sly.pth") in [file["path"] for file in files]
