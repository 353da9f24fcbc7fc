"""The plugins of the host are imported in one process, unless one of them fails."""

from dataclasses import replace

import pytest

from pe_host.plugins import isolated
from pe_host.plugins.find import find
from pe_host.plugins.isolated import BROKEN, OK, check_all
from pe_host.plugins.names import HOST


@pytest.fixture
def own():
    return [plugin for plugin in find({}) if plugin.distribution == HOST][:3]


@pytest.fixture
def asked(monkeypatch):
    """The names of the plugins that have a process of their own."""
    names = []
    ask_each = isolated.ask_each

    def noted(refs, *words):
        names.extend(ref.name for ref in refs)
        return ask_each(refs, *words)

    monkeypatch.setattr(isolated, "ask_each", noted)
    return names


def test_those_that_work_share_a_process(own, asked):
    results = check_all(own)
    assert [result.state for result in results] == [OK] * 3
    assert all(result.summary for result in results)
    assert asked == []


def test_one_that_fails_is_found_among_them(own, asked):
    own[1] = replace(own[1], module="pe_host.nowhere")
    results = check_all(own)
    assert [result.state for result in results] == [OK, BROKEN, OK]
    assert "pe_host.nowhere" in results[1].reason
    assert asked == [plugin.name for plugin in own]
