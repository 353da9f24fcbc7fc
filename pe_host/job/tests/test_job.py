"""`resolve`: what it finds out about sources, readers and class names before a record is read."""

import sys

import numpy as np
import pytest

from pe_host.errors import DataError, PluginFailure, PrivacyRefusal, UsageError
from pe_host.job import job
from pe_host.job.config import resolve_config
from pe_host.plugins.permissions import Needs
from pe_sdk import OutputSpec

READER = """
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo

def describe(location):
    {body}

def read(*_):
    raise AssertionError("records were read")

def make():
    return ReaderSpec("theirs", "a reader of somebody else", describe, read)
"""

ABOUT = {
    "default_data": "",
    "embedding": "",
    "labels": [],
    "makes": {"output": OutputSpec.image(28, 28).to_json(), "space": None},
    "needs": Needs().to_json(),
}


@pytest.fixture
def resolve(monkeypatch):
    """Returns `resolve` for settings of the command line, with echo and a fixed description."""
    monkeypatch.setattr(job, "describe", lambda *_, **__: ABOUT)

    def run(**given):
        return job.resolve(
            resolve_config(
                {"plugin": "echo", "epsilon": "1", "iterations": "1", "votes": "1", **given}
            )
        )

    return run


@pytest.fixture
def theirs(monkeypatch, tmp_path):
    """Returns a function that installs a third-party reader `theirs` with this `describe`."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(body):
        (tmp_path / "their_reader.py").write_text(READER.format(body=body))
        monkeypatch.setenv("PE_DEV_PLUGIN", "reader/theirs=their_reader:make")

    yield write
    sys.modules.pop("their_reader", None)


def test_a_reader_under_development_is_used(resolve, theirs):
    theirs("return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'))")
    assert resolve(data="theirs:x").labels == ("a", "b")


def test_what_a_reader_says_of_its_source_is_a_data_error(resolve, theirs):
    theirs("raise SourceError('there is no such table', where='the base', fix='name one')")
    with pytest.raises(DataError, match="^the base: there is no such table$") as caught:
        resolve(data="theirs:x")
    assert caught.value.fix == "name one"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("open('/there/is/none')", "FileNotFoundError"),
        ("raise KeyError('x')", "KeyError"),
        ("return None", "NoneType, not SourceInfo"),
        ("return {'output': 1}", "dict, not SourceInfo"),
        (
            "return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'), public='false')",
            "public = str, not True or False",
        ),
        (
            "return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'), public=1)",
            "public = int, not True or False",
        ),
        (
            "return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'), clients='no')",
            "clients = str, not True or False",
        ),
    ],
)
def test_a_reader_that_fails_is_a_plugin_failure_that_names_it(resolve, theirs, body, says):
    theirs(body)
    with pytest.raises(PluginFailure, match=says) as caught:
        resolve(data="theirs:x")
    assert "reader 'theirs'" in caught.value.where and caught.value.fix


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return SourceInfo((28, 28), ('a', 'b'))", "tuple, not OutputSpec"),
        ("return SourceInfo(OutputSpec.image(28, 28), 'ab')", "not a tuple of strings"),
        ("return SourceInfo(OutputSpec.image(28, 28), (1, 2))", "not a tuple of strings"),
    ],
)
def test_a_reader_that_describes_with_wrong_types_is_named(resolve, theirs, body, says):
    theirs(body)
    with pytest.raises(PluginFailure, match=says):
        resolve(data="theirs:x")


NAMES = {
    "'a\\nb'": "U\\+000A",
    "'\\x1b[2Jb'": "U\\+001B",
    "'\\ud800'": "U\\+D800",
    "'a\\u2028b'": "U\\+2028",
    "'a\\u202eb'": "U\\+202E",
    "' '": "is empty",
    "'x' * 201": "has 201 characters",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_class_name_that_cannot_be_shown_is_one_clear_error(resolve, theirs, name):
    theirs(f"return SourceInfo(OutputSpec.image(28, 28), ('a', {name}))")
    with pytest.raises(DataError, match=f"the name of class 1 .*{NAMES[name]}") as caught:
        resolve(data="theirs:x")
    assert str(caught.value).isprintable() and caught.value.fix


def test_the_error_of_a_class_name_is_that_of_its_origin(resolve, theirs, monkeypatch):
    theirs("return SourceInfo(OutputSpec.image(28, 28), public=location == 'public')")
    with pytest.raises(UsageError, match="--classes: the name of class 0 holds"):
        resolve(data="theirs:x", classes="a\tb,c")
    monkeypatch.setattr(job, "describe", lambda *_, **__: {**ABOUT, "labels": ["a\tb"]})
    with pytest.raises(PluginFailure, match="the name of class 0 holds"):
        resolve(data="theirs:public")
    # What a generator calls its classes says nothing about somebody's data.
    with pytest.raises(DataError, match="does not name its classes"):
        resolve(data="theirs:x")
    theirs("return SourceInfo(OutputSpec.image(28, 28), tuple(map(str, range(10_001))))")
    sys.modules.pop("their_reader")
    with pytest.raises(DataError, match="10,001 classes are too many"):
        resolve(data="theirs:x")


def test_names_of_other_scripts_are_fine(resolve, theirs):
    names = ("Größe, klein", "日本語", "می‌خواهم", "👩‍🔬", "x" * 200)
    theirs(f"return SourceInfo(OutputSpec.image(28, 28), {names!r})")
    assert resolve(data="theirs:x").labels == names


RANGED = "[Feature('x', 'mV', -1.5, 2.5)]"
DECLARED = {
    f"OutputSpec.series(4, {RANGED})": "ranges of its features",
    "OutputSpec.series(4, ['x'], step=0.25, step_unit='s')": "a step",
    f"OutputSpec.series(4, {RANGED}, step=2)": "ranges of its features and a step",
}


@pytest.mark.parametrize("output", DECLARED)
def test_ranges_of_a_private_source_need_a_declaration(resolve, theirs, output):
    """The smallest and the largest private value would be published exactly."""
    theirs(f"from pe_sdk import Feature; return SourceInfo({output}, ('a', 'b'))")
    with pytest.raises(PrivacyRefusal, match=f"declares {DECLARED[output]}, which") as caught:
        resolve(data="theirs:x")
    assert "--public-ranges" in caught.value.fix
    plan = resolve(data="theirs:x", public_ranges=True).plan
    assert plan.public_ranges and "which the operator declares public" in " ".join(plan.sentences())
    assert plan.output.features[0].low in (-1.5, None)
    ignored = resolve(data="theirs:x", public_ranges=False).plan
    assert not ignored.public_ranges and ignored.output.step == 1.0
    assert ignored.output.features[0].low is None and ignored.output.features[0].name == "x"


def test_ranges_of_public_data_and_names_and_units_need_none(resolve, theirs):
    theirs(
        f"from pe_sdk import Feature; "
        f"return SourceInfo(OutputSpec.series(4, {RANGED}), ('a', 'b'), public=True)"
    )
    plan = resolve(data="theirs:x").plan
    assert plan.output.features[0].high == 2.5 and not plan.public_ranges
    sys.modules.pop("their_reader")
    theirs(
        f"from pe_sdk import Feature; "
        f"return SourceInfo(OutputSpec.series(4, {RANGED}), ('a', 'b'), public_ranges=True)"
    )
    plan = resolve(data="theirs:x").plan
    assert plan.output.features[0].high == 2.5 and not plan.public_ranges, "constants of a format"
    sys.modules.pop("their_reader")
    theirs(
        "from pe_sdk import Feature; "
        "return SourceInfo(OutputSpec.series(4, [Feature('x', 'mV')]), ('a', 'b'))"
    )
    assert resolve(data="theirs:x").plan.output.features[0].unit == "mV"


def test_a_large_delta_for_a_declared_number_is_refused_before_anything_is_opened(resolve, theirs):
    theirs("return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'))")
    shares = {"class_shares": "uniform", "public_size": "1000"}
    with pytest.raises(PrivacyRefusal, match="δ = 0.001 is not below 1/n for n = 1,000 records"):
        resolve(data="theirs:x", delta="0.001", **shares)
    assert resolve(data="theirs:x", delta="0.0009", **shares).plan.delta == 0.0009
    allowed = resolve(data="theirs:x", delta="0.001", allow_large_delta=True, **shares).plan
    assert "NOT below 1/n" in " ".join(allowed.sentences())


def test_bad_records_are_in_the_plan_and_the_configuration(resolve, theirs):
    theirs("return SourceInfo(OutputSpec.image(28, 28), ('a', 'b'))")
    default = resolve(data="theirs:x")
    assert resolve(data="theirs:x", bad_records="refuse").config == default.config
    dropping = resolve(data="theirs:x", bad_records="drop")
    assert dropping.plan.bad_records == "drop" and dropping.plan.digest != default.plan.digest
    assert 'bad_records = "drop"' in dropping.config.to_toml()
    assert "bad_records" not in default.config.to_toml()


@pytest.mark.parametrize("data", ["folder:", "npz:", "sklearn:"])
def test_a_source_without_a_location_is_a_usage_error(resolve, data, tmp_path, monkeypatch):
    """An empty path is the current directory, which nobody asked for."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="has no location") as caught:
        resolve(data=data)
    assert caught.value.where == "--data" and caught.value.fix


def test_label_names_that_are_left_out_are_named_before_records_are_read(resolve, tmp_path):
    names = np.array(["a", "b", "c"])
    np.savez(
        tmp_path / "d.npz",
        images=np.zeros((3, 28, 28), np.uint8),
        labels=np.arange(3),
        label_names=names,
    )
    with pytest.raises(
        DataError, match="--classes: these classes of the data are missing: a, c$"
    ) as caught:
        resolve(data=str(tmp_path / "d.npz"), classes="x,b,z")
    assert "--classes a,b,c" in caught.value.fix
    assert resolve(data=str(tmp_path / "d.npz"), classes="c,b,a,d").labels == ("c", "b", "a", "d")


@pytest.mark.parametrize(("where", "error"), [("command line", UsageError), ("file", DataError)])
def test_an_unknown_option_of_the_embedding_or_generator_is_of_where_it_was_given(
    tmp_path, where, error, monkeypatch
):
    monkeypatch.setattr(job, "describe", lambda *_, **__: ABOUT)
    common = {"plugin": "echo", "epsilon": "1", "embedding": "pixels", "data": "sklearn:digits"}
    (tmp_path / "c.toml").write_text("[embedding_options]\nxyzzy = 1\n")
    given, file = (
        ({"embedding_options": ["xyzzy=1"]}, None)
        if where == "command line"
        else ({}, tmp_path / "c.toml")
    )
    with pytest.raises(error, match=r"unknown option 'xyzzy'\. Options: ") as caught:
        job.resolve(resolve_config({**common, **given}, file))
    assert "pe describe pixels" in caught.value.fix

    def refuse(*_, **__):
        raise UsageError(
            "unknown option 'xyzzy'. Options: x", where="generator 'echo'", fix="`pe describe echo`"
        )

    monkeypatch.setattr(job, "describe", refuse)
    (tmp_path / "c.toml").write_text("[set]\nxyzzy = 1\n")
    given = {"set": ["xyzzy=1"]} if where == "command line" else {}
    with pytest.raises(error, match="unknown option 'xyzzy'") as caught:
        job.resolve(resolve_config({**common, **given}, file))
    assert (
        caught.value.where == ("--set" if where == "command line" else f"set in {file}")
        and caught.value.fix
    )
