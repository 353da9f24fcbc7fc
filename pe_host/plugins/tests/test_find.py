import sys

import pytest

from pe_host.plugins import find
from pe_host.plugins.built_in import SUMMARIES
from pe_host.plugins.find import CONFLICT, DISABLED, FOUND, INCOMPATIBLE, UNREADABLE
from pe_host.plugins.load import load


@pytest.fixture
def found(monkeypatch):
    """Call `find` with folders that come first on the path and with a given environment."""

    def run(*folders, **environ):
        for folder in reversed(folders):
            monkeypatch.syspath_prepend(folder)
        return find(environ)

    return run


def only(plugins, name):
    return [p for p in plugins if p.name == name]


def test_a_plugin_is_known_without_being_imported(install, found):
    site = install(
        "pe-plugin-x", {"x": "find_exits"}, modules={"find_exits": "raise SystemExit('no')"}
    )
    (plugin,) = only(found(site), "x")
    assert (plugin.kind, plugin.distribution, plugin.version) == ("generator", "pe-plugin-x", "1.0")
    assert (plugin.summary, plugin.state, plugin.reason) == ("a summary", FOUND, "")
    assert "find_exits" not in sys.modules


def test_the_built_in_plugins_are_there(found):
    plugins = found()
    assert {"npz", "idx", "folder", "sklearn"} <= {p.name for p in plugins if p.kind == "reader"}
    assert "pixels" in {p.name for p in plugins if p.kind == "embedding"}
    assert all(p.state == FOUND for p in plugins if p.distribution == "pe-host")


def test_the_order_is_by_kind_name_and_distribution_whatever_the_path(install, monkeypatch):
    a = install("dist-a", {"zebra": "m", "same": "m"}, place="a")
    b = install("dist-b", {"apple": "m", "same": "m"}, place="b")
    c = install("dist-c", {"aaa": "m"}, place="c", group="pe.readers")
    orders = []
    for path in ([a, b, c], [c, b, a]):
        monkeypatch.setattr(sys, "path", [*map(str, path), *sys.path])
        orders.append(
            [(p.name, p.distribution) for p in find({}) if p.distribution.startswith("dist-")]
        )
        monkeypatch.undo()
    assert orders[0] == orders[1]
    assert [name for name, _ in orders[0]] == ["apple", "same", "same", "zebra", "aaa"]


def test_underscore_dot_and_case_do_not_matter_in_names(install, found):
    site = install("Pe_Plugin.X", {"My_Gen.X": "m"})
    (plugin,) = only(found(site, PE_PLUGINS="my_gen-x"), "my-gen-x")
    assert (plugin.distribution, plugin.state) == ("pe-plugin-x", FOUND)


@pytest.mark.parametrize(
    ("requires", "state"),
    [
        (["pe-sdk>=2"], INCOMPATIBLE),
        (["pe_sdk<1"], INCOMPATIBLE),
        (["pe-sdk>=1,<2"], FOUND),
        (["pe-sdk>=2; python_version < '3'"], FOUND),
        (["pe-sdk>=2; extra == 'later'"], FOUND),
        (["numpy>=999"], FOUND),
        (["not a requirement ???"], FOUND),
        ([], FOUND),
    ],
)
def test_a_plugin_for_another_sdk_is_incompatible(install, found, requires, state):
    site = install("pe-plugin-x", {"x": "m"}, requires=tuple(requires))
    (plugin,) = only(found(site), "x")
    assert plugin.state == state
    assert (state == INCOMPATIBLE) == ("is installed" in plugin.reason)


def test_two_distributions_with_one_name_are_a_conflict_that_names_both(install, found):
    install("dist-a", {"my-x": "a"})
    site = install("dist-b", {"my_x": "b"})
    plugins = only(found(site), "my-x")
    assert [p.state for p in plugins] == [CONFLICT, CONFLICT]
    assert all("dist-a" in p.reason and "dist-b" in p.reason for p in plugins)


def test_a_built_in_is_not_overridden_silently(install, found):
    site = install("pe-plugin-x", {"idx": "m"}, group="pe.readers")
    assert [(p.distribution, p.state) for p in only(found(site), "idx")] == [
        ("pe-host", CONFLICT),
        ("pe-plugin-x", CONFLICT),
    ]


def test_the_same_name_in_another_kind_is_no_conflict(install, found):
    site = install("pe-plugin-x", {"npz": "m"})
    assert {p.state for p in only(found(site), "npz")} == {FOUND}


def test_a_plugin_that_cannot_be_used_makes_no_conflict(install, found):
    install("dist-a", {"x": "a"}, requires=("pe-sdk>=2",))
    site = install("dist-b", {"x": "b"})
    assert [p.state for p in only(found(site), "x")] == [INCOMPATIBLE, FOUND]


def test_one_distribution_seen_twice_on_the_path_is_the_first(install, found):
    first = install("pe-plugin-x", {"x": "m"}, version="1.0", place="first")
    second = install("pe-plugin-x", {"x": "m"}, version="2.0", place="second")
    assert [(p.version, p.state) for p in only(found(first, second), "x")] == [("1.0", FOUND)]


def test_of_two_versions_in_one_folder_the_newer_counts(install, found):
    install("pe-plugin-x", {"x": "old"}, version="1.9")
    site = install("pe-plugin-x", {"x": "new"}, version="1.10")
    assert [(p.module, p.state) for p in only(found(site), "x")] == [("new", FOUND)]


@pytest.mark.parametrize("allowed", ["other", "other, pe-plugin-y/x"])
def test_pe_plugins_leaves_others_out_but_no_built_in(install, found, allowed):
    site = install("pe-plugin-x", {"x": "m", "other": "m"})
    plugins = found(site, PE_PLUGINS=allowed)
    (x,), (other,) = only(plugins, "x"), only(plugins, "other")
    assert (x.state, other.state) == (DISABLED, FOUND)
    assert "PE_PLUGINS" in x.reason
    assert {p.state for p in plugins if p.distribution == "pe-host"} == {FOUND}


def test_pe_plugins_may_resolve_a_conflict(install, found):
    install("dist-a", {"x": "a"})
    site = install("dist-b", {"x": "b"})
    assert [p.state for p in only(found(site, PE_PLUGINS="dist-b/x"), "x")] == [DISABLED, FOUND]


def test_entry_points_that_cannot_be_read_are_reported_and_harm_nobody(install, found):
    install("pe-plugin-bad", "this line has no equals sign\n")
    site = install("pe-plugin-x", {"x": "m"})
    plugins = found(site)
    (bad,) = only(plugins, "pe-plugin-bad")
    assert bad.state == UNREADABLE
    assert only(plugins, "x")[0].state == FOUND


def test_the_leftovers_of_an_installation_are_passed_over(install, found, tmp_path):
    site = install("pe-plugin-x", {"x": "m"})
    leftover = site / "pe_plugin_y-1.0.dist-info"
    leftover.mkdir()
    (leftover / "entry_points.txt").write_text("[pe.plugins]\ny = m\n")
    plugins = found(site)
    assert only(plugins, "x") and not only(plugins, "y")


def test_a_summary_cannot_write_to_the_terminal(install, found):
    site = install("pe-plugin-x", {"x": "m"}, summary="red \x1b[31m text")
    assert only(found(site), "x")[0].summary == "red [31m text"


def test_pe_dev_plugin_adds_one_and_pe_plugins_leaves_it(found):
    (plugin,) = only(
        found(PE_DEV_PLUGIN="my_new=package.module:make", PE_PLUGINS="other"), "my-new"
    )
    assert (plugin.state, plugin.module, plugin.dev) == (
        FOUND,
        "package.module",
        "package.module:make",
    )
    assert plugin.ref.dev == "package.module:make"


def test_pe_dev_plugin_does_not_override_silently(install, found):
    site = install("pe-plugin-x", {"x": "m"})
    assert {p.state for p in only(found(site, PE_DEV_PLUGIN="x=m:make"), "x")} == {CONFLICT}


@pytest.mark.parametrize(
    "text", ["x", "x=", "=module:make", "thing/x=module", "/x=module", "x=module:", "x=:make"]
)
def test_a_malformed_pe_dev_plugin_is_reported(found, text):
    (plugin,) = [p for p in found(PE_DEV_PLUGIN=text) if p.distribution == "dev"]
    assert plugin.state == UNREADABLE
    assert "name=module[:object]" in plugin.reason


@pytest.mark.parametrize("kind", ["reader", "embedding", "generator"])
def test_pe_dev_plugin_may_be_of_any_kind_and_name_only_a_module(found, kind):
    (plugin,) = only(found(PE_DEV_PLUGIN=f"{kind}/my_new=package.module"), "my-new")
    assert (plugin.kind, plugin.state, plugin.module, plugin.dev) == (
        kind,
        FOUND,
        "package.module",
        None,
    )
    (plugin,) = only(found(PE_DEV_PLUGIN=f"{kind}/my_new=package.module:make"), "my-new")
    assert (plugin.kind, plugin.dev) == (kind, "package.module:make")


def test_the_summaries_of_the_built_in_are_those_of_their_specs(found):
    own = [p for p in found() if p.distribution == "pe-host"]
    assert {(p.kind, p.name): p.summary for p in own} == {
        (p.kind, p.name): load(p.ref).summary for p in own
    }
    assert {(p.kind, p.name) for p in own} == set(SUMMARIES)
