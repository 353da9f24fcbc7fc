import json

import pytest

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins import PluginEntry, PluginRef, resolve, resolve_any
from pe_host.plugins.find import CONFLICT, DISABLED
from pe_host.plugins.names import KINDS


def plugin(name, distribution="pe-plugin-x", kind="generator", **more):
    return PluginEntry(name, kind, distribution, "1.0", "", "module_of_" + distribution, **more)


def test_a_name_gives_a_reference_that_survives_json():
    ref = resolve("generator", "My_Gen", [plugin("my-gen")])
    assert ref == PluginRef("generator", "my-gen", "module_of_pe-plugin-x", "pe-plugin-x", "1.0")
    assert PluginRef.from_json(json.loads(json.dumps(ref.to_json()))) == ref


@pytest.mark.parametrize("change", [{"module": 3}, {"more": "x"}, {"dev": 1}])
def test_a_reference_with_other_keys_or_values_is_refused(change):
    document = resolve("generator", "x", [plugin("x")]).to_json()
    with pytest.raises(ValueError, match="plugin reference"):
        PluginRef.from_json({**document, **change})


def test_an_unknown_name_gets_a_suggestion_and_a_way_on():
    with pytest.raises(PluginFailure, match="did you mean 'text-render'") as caught:
        resolve(
            "generator", "text-rendre", [plugin("text-render"), plugin("text-rendr", kind="reader")]
        )
    assert caught.value.exit_code == 3
    assert "pe list-plugins" in caught.value.fix
    assert "install " not in caught.value.fix


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["my-own", "unheard-of", "x; rm -rf", "--index-url=evil", ""])
def test_no_installation_is_suggested_for_an_unknown_name(kind, name):
    """A made-up package name may belong to anyone: only those of the table are ever suggested."""
    with pytest.raises(PluginFailure, match=f"no {kind} ") as caught:
        resolve(kind, name, [plugin("a")])
    assert "pip" not in f"{caught.value.what} {caught.value.fix}"
    assert "pe-plugin" not in f"{caught.value.what} {caught.value.fix}"


def test_a_conflict_names_both_and_distribution_slash_name_resolves_it():
    both = [plugin("x", "dist-a", state=CONFLICT), plugin("x", "dist-b", state=CONFLICT)]
    with pytest.raises(PluginFailure, match="dist-a and by dist-b") as caught:
        resolve("generator", "x", both)
    assert "dist-a/x or dist-b/x" in caught.value.fix
    assert resolve("generator", "Dist_B/x", both).distribution == "dist-b"


def test_one_distribution_that_offers_a_name_twice_is_reported_to_its_authors():
    twice = [
        PluginEntry("x", "generator", "dist-a", "1.0", "", module, CONFLICT)
        for module in ("m", "n")
    ]
    with pytest.raises(PluginFailure) as caught:
        resolve("generator", "dist-a/x", twice)
    assert "authors of dist-a" in caught.value.fix


def test_a_plugin_that_cannot_be_used_says_why():
    reason = "not listed in PE_PLUGINS=a"
    with pytest.raises(PluginFailure, match=reason):
        resolve("generator", "x", [plugin("x", state=DISABLED, reason=reason)])


def test_a_distribution_without_that_plugin_lists_what_it_has():
    with pytest.raises(PluginFailure, match="it has: x"):
        resolve("generator", "pe-plugin-x/y", [plugin("x")])


def test_any_kind_is_found_and_an_ambiguous_name_asks_for_the_kind():
    plugins = [plugin("a"), plugin("b", kind="reader"), plugin("c"), plugin("c", kind="embedding")]
    assert resolve_any("b", plugins=plugins).kind == "reader"
    assert resolve_any("c", "embedding", plugins).kind == "embedding"
    with pytest.raises(UsageError, match="several kinds"):
        resolve_any("c", plugins=plugins)
    with pytest.raises(UsageError, match="unknown kind of plugin 'x'"):
        resolve_any("a", "x", plugins)
    with pytest.raises(PluginFailure, match="no generator 'zzz'"):
        resolve_any("zzz", plugins=plugins)
