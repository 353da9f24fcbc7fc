"""Answers as a hostile plugin writes them: each is one clear failure that names the plugin."""

import io
import json

import pytest

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.answers import (
    MOST_BYTES,
    InvalidAnswer,
    check_description,
    check_exporter,
    check_findings,
    check_loaded,
    check_report,
    parse,
    result_of,
    shown,
)
from pe_host.plugins.ref import PluginRef
from pe_sdk import Categorical, Float, OutputSpec, ParameterSpace

REF = PluginRef("generator", "theirs", "their_module", "pe-plugin-theirs", "1.0")
OUTPUT = OutputSpec.image(8, 8).to_json()
SPACE = ParameterSpace({"size": Float(0, 1), "part": Categorical(("a", "b"))}).to_json()
GOOD = {
    "kind": "generator",
    "name": "theirs",
    "distribution": "pe-plugin-theirs",
    "version": "1.0",
    "summary": "makes things",
    "options": [{"name": "depth", "type": "int", "default": "3", "help": "how deep"}],
    "labels": ["a", "b"],
    "default_data": "",
    "embedding": "",
    "exact": True,
    "gpu": False,
    "block": 256,
    "makes": {"output": OUTPUT, "shape": [8, 8, 1], "space": SPACE},
}


def test_a_good_description_is_what_it_was():
    assert check_description(GOOD, REF) == GOOD
    for flag in ("network", "output_is_example"):
        assert check_description({**GOOD, flag: True}, REF) == {**GOOD, flag: True}
        assert check_description({**GOOD, flag: 1}, REF) == GOOD
    cannot = {**GOOD, "makes": {"output": OUTPUT, "shape": [8, 8, 1], "cannot": "too small"}}
    assert check_description(cannot, REF) == cannot


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b'{"block": NaN}', "holds NaN"),
        (b'{"block": -Infinity}', "holds -Infinity"),
        (b'{"block": 1e999}', "too large"),
        (b'{"block": 1' + b"0" * 5_000 + b"}", "not JSON"),
        (b'{"a": "' + b"x" * MOST_BYTES + b'"}', "longer than 4 MiB"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_what_is_no_bounded_json_is_refused(content, says):
    with pytest.raises(InvalidAnswer, match=says):
        parse(io.BytesIO(content))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"summary": 3}, "summary is not text"),
        ({"options": {}}, "options is not a list"),
        ({"options": [3]}, "an option is not an object"),
        ({"options": [{**GOOD["options"][0], "name": "a\nb"}]}, r"U\+000A"),
        ({"options": [{**GOOD["options"][0], "help": None}]}, "help is not text"),
        ({"options": [GOOD["options"][0]] * 10_001}, "has 10,001 items"),
        ({"labels": "ab"}, "labels is not a list"),
        ({"labels": [1]}, "a label is int, not text"),
        ({"labels": ["\x1b[2J"]}, r"a label holds the character U\+001B"),
        ({"labels": ["\ud800"]}, r"U\+D800"),
        ({"labels": None}, "labels is not a list"),
        ({"exact": "yes"}, "exact is not true or false"),
        ({"gpu": 1}, "gpu is not true or false"),
        ({"block": True}, "block is not a whole number"),
        ({"block": 0}, "block is not a whole number"),
        ({"block": 10**9}, "block is not a whole number"),
        ({"block": 1.5}, "block is not a whole number"),
        ({"default_data": 3}, "default_data is int"),
        ({"default_data": "x\ry"}, r"U\+000D"),
        ({"embedding": ["a"]}, "embedding is list"),
        ({"makes": None}, "makes is not an object"),
        ({"makes": {}}, "output is not what it should be"),
        ({"makes": {"output": {"kind": "image"}}}, "output is not what"),
        ({"makes": {"output": {**OUTPUT, "shape": [10**400] * 3}}}, "output is not what"),
        ({"makes": {"output": OUTPUT, "space": {"schema": 9}}}, "space is not what"),
        ({"makes": {"output": OUTPUT, "space": 3}}, "space is not what"),
        ({"makes": {"output": OUTPUT, "cannot": 3}}, "cannot is not text"),
        (
            {"makes": {"output": OUTPUT, "space": ParameterSpace({"a\tb": Float(0, 1)}).to_json()}},
            r"the name of a parameter holds the character U\+0009",
        ),
        (
            {
                "makes": {
                    "output": OUTPUT,
                    "space": ParameterSpace({"a": Categorical(("\x07",))}).to_json(),
                }
            },
            r"a choice of a parameter holds the character U\+0007",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(change, says):
    with pytest.raises(InvalidAnswer, match=says) as caught:
        check_description({**GOOD, **change}, REF)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"kind", "name", "distribution", "version"}))
def test_a_missing_value_is_refused(name):
    with pytest.raises(InvalidAnswer):
        check_description({key: value for key, value in GOOD.items() if key != name}, REF)


def test_texts_that_are_shown_become_one_visible_line():
    document = {**GOOD, "summary": "a\x1b[31m\nsummary", "name": "other"}
    checked = check_description(document, REF)
    assert checked["summary"] == "a[31m summary" and checked["name"] == "theirs"
    assert len(shown("x" * 10**6, "it")) < 3_000


def test_an_error_is_raised_as_one_visible_line():
    error = {"kind": "usage", "what": "no\nsuch\x1b[2J option", "where": "x", "fix": "y"}
    with pytest.raises(UsageError) as caught:
        result_of({"error": error})
    assert caught.value.what == "no such[2J option"
    with pytest.raises(PluginFailure):
        result_of({"error": {**error, "kind": ["x"]}})
    for answer in ({"error": 3}, {"error": {}}, {}, {"result": [1]}):
        with pytest.raises(InvalidAnswer):
            result_of(answer)


def test_findings_and_reports_are_checked():
    finding = {"name": "x", "level": "ok", "detail": "fine\x1b[2J", "fix": ""}
    assert check_findings({"findings": [finding]})[0]["detail"] == "fine[2J"
    for wrong in ([], [3], [{**finding, "level": "great"}], [{**finding, "fix": 3}], {}):
        with pytest.raises(InvalidAnswer):
            check_findings({"findings": wrong})
    result = {"name": "x", "rule": "r", "status": "passed", "detail": "a\nb"}
    report = {"subject": "s", "kind": "k", "level": "full", "results": [result]}
    assert check_report(report)["results"][0]["detail"] == "a b"
    for wrong in ({}, {**report, "results": [3]}, {**report, "subject": 1}):
        with pytest.raises(InvalidAnswer):
            check_report(json.loads(json.dumps(wrong)))


WRITES = {"folder": True, "kinds": ["image"], "loses": "labels"}


def test_what_an_exporter_writes_is_checked():
    ref = PluginRef("exporter", "theirs", "their_module", "pe-plugin-theirs", "1.0")
    checked = check_description({"summary": "writes", "options": [], **WRITES, "x": 1}, ref)
    assert {name: checked[name] for name in WRITES} == WRITES and "x" not in checked
    assert check_exporter({**WRITES, "loses": "a\x1b[2J\nb"})["loses"] == "a[2J b"
    for name in WRITES:
        with pytest.raises(InvalidAnswer):
            check_description({**checked, name: None}, ref)
        with pytest.raises(InvalidAnswer):
            check_exporter({key: value for key, value in WRITES.items() if key != name})
    for change in ({"folder": 1}, {"kinds": "image"}, {"kinds": ["a\nb"]}, {"loses": ["x"]}):
        with pytest.raises(InvalidAnswer):
            check_exporter({**WRITES, **change})


LOADED = {
    "space": SPACE,
    "label_spaces": [],
    "state_only": True,
    "exact": True,
    "gpu": False,
    "adapts": False,
    "block": 256,
    "options": {"depth": "3"},
    "parts": {"pe-plugin-theirs/theirs": "1.0"},
}


def parameter(**bounds):
    return {"schema": 1, "parameters": {"a": bounds}}


def test_a_good_reply_to_load_gives_its_spaces():
    space, of_labels = check_loaded(LOADED, 2)
    assert space is not None and space.to_json() == SPACE and of_labels == ()
    space, of_labels = check_loaded({**LOADED, "label_spaces": [SPACE, SPACE]}, 2)
    assert [one.to_json() for one in of_labels] == [SPACE, SPACE]
    assert check_loaded({**LOADED, "space": None}, 2) == (None, ())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exact": 1}, "exact is not true or false"),
        ({"state_only": "no"}, "state_only is not true or false"),
        ({"adapts": None}, "adapts is not true or false"),
        ({"block": 0}, "block is not a whole number"),
        ({"block": 10**9}, "block is not a whole number"),
        ({"block": True}, "block is not a whole number"),
        ({"options": []}, "options is not an object"),
        ({"options": {"a\nb": "1"}}, r"a name in options holds the character U\+000A"),
        ({"options": {"a": 1}}, "a value in options is not text"),
        ({"parts": {"": "1"}}, "a name in parts is empty"),
        ({"parts": {"a": ["1"]}}, "a value in parts is not text"),
        ({"label_spaces": {}}, "label_spaces is not a list"),
        ({"label_spaces": [SPACE]}, "not one space for each label"),
        ({"space": None, "label_spaces": [SPACE] * 2}, "not one space for each label"),
        ({"label_spaces": [parameter(kind="int", low=0, high=1)] * 2}, "other parameters"),
        ({"space": 3}, "space is not what it should be"),
        ({"space": parameter(kind="int", low="a", high="b")}, "a bound of a parameter"),
        ({"space": parameter(kind="int", low=0.5, high=1.5)}, "a bound of a parameter"),
        ({"space": parameter(kind="int", low=False, high=True)}, "a bound of a parameter"),
        ({"space": parameter(kind="int", low=0, high=2**63)}, "a bound of a parameter"),
        ({"space": parameter(kind="float", low=0, high=1, log=0)}, "log of a parameter"),
        ({"space": parameter(kind="categorical", choices=["\x1b"])}, r"U\+001B"),
        ({"space": parameter(kind="categorical", choices=[1, 2])}, "a choice of a parameter is"),
    ],
)
def test_a_wrong_reply_to_load_is_refused_by_its_name(change, says):
    with pytest.raises(InvalidAnswer, match=says):
        check_loaded({**LOADED, **change}, 2)
    for name in LOADED.keys() - {"space"}:
        with pytest.raises(InvalidAnswer):
            check_loaded({key: value for key, value in LOADED.items() if key != name}, 2)


def test_what_is_nested_too_deeply_is_refused_though_it_can_be_parsed():
    """Comparing and writing such a document would fail."""
    deep = b'{"a":' * 100 + b"1" + b"}" * 100
    with pytest.raises(InvalidAnswer, match="nested too deeply"):
        parse(io.BytesIO(deep))
    assert parse(io.BytesIO(b'{"a": [[{"b": 1}]]}')) == {"a": [[{"b": 1}]]}


def test_a_description_holds_nothing_that_was_not_checked():
    checked = check_description({**GOOD, "x": "\x1b[2J", "network": "yes"}, REF)
    assert checked == GOOD
    assert check_description({**GOOD, "network": True}, REF)["network"] is True
