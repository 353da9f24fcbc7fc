import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pe_host.cli.account import _SCALE
from pe_host.errors import DataError, PeError, UsageError
from pe_host.job.config import RunConfig, resolve_config, settings
from pe_host.job.setting import environment_name, option_name
from pe_host.privacy.accountant import MAX_EPSILON, MAX_SCALE, MIN_SCALE, check_budget, check_scale


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "given.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_command_line_goes_before_the_environment_before_the_file_before_defaults(toml):
    file = toml('plugin = "file"\nseed = 1\nsamples = 10\nepsilon = 5\n')
    environ = {"PE_SEED": "2", "PE_SAMPLES": "20", "PE_CANDIDATES": ""}
    config = resolve_config({"samples": "30", "votes": None, "set": []}, file, environ)
    assert (config.plugin, config.seed, config.samples, config.delta) == ("file", 1 + 1, 30, 1e-6)
    assert (config.epsilon, config.votes, config.candidates) == (5.0, None, None)
    assert isinstance(config.epsilon, float)
    assert [config.origin(name) for name in ("plugin", "seed", "samples")] == [
        f"plugin in {file}",
        "PE_SEED",
        "--samples",
    ]


def test_tables_are_merged_key_by_key(toml):
    file = toml("[set]\na = 1\nb = true\nc = [1, 2.5]\nd = 'x=y'\n")
    config = resolve_config({"set": ["a=9", "e="]}, file, {"PE_SET": "b=no; f=2"})
    assert config.set == {"a": "9", "b": "no", "c": "1,2.5", "d": "x=y", "e": "", "f": "2"}


# One bad value per line: setting, text or typed value, and a part of the message.
BAD = [
    ("epsilon", "nan", "number > 0"),
    ("epsilon", math.nan, "number > 0"),
    ("epsilon", "0", "number > 0"),
    ("epsilon", -1.0, "number > 0"),
    ("epsilon", "-inf", "number > 0"),
    ("epsilon", "much", "number > 0"),
    ("epsilon", True, "number > 0"),
    ("epsilon", [1.0], "number > 0"),
    ("epsilon", "1e9", "<= 10000, or inf"),
    ("delta", "nan", "from 1e-10 to 0.5"),
    ("delta", "0", "from 1e-10 to 0.5"),
    ("delta", 0.6, "from 1e-10 to 0.5"),
    ("samples", "0", "whole number from 1"),
    ("samples", "2.5", "whole number from 1"),
    ("samples", 2.0, "whole number from 1"),
    ("samples", True, "whole number from 1"),
    ("samples", 2**63, "whole number from 1"),
    ("candidates", -3, "whole number from 1"),
    ("iterations", "0", "whole number from 1"),
    ("lookahead", "-1", "whole number from 0"),
    ("votes", "0", "whole number from 1"),
    ("degrees", "0.5,1.5", "each item a number from 0 to 1"),
    ("degrees", [0.5, math.nan], "each item a number from 0 to 1"),
    ("degrees", 0.5, "a list"),
    ("final_degree", "1.5", "from 0 to 1"),
    ("threshold", "nan", ">= 0"),
    ("threshold", "inf", ">= 0"),
    ("threshold", "-1", ">= 0"),
    ("selection", "best", "sample, rank"),
    ("selection", 3, "sample, rank"),
    ("keep_parents", "perhaps", "true or false"),
    ("retrain", 1, "true or false"),
    ("bad_records", "ignore", "refuse, drop"),
    ("public_ranges", "perhaps", "true or false"),
    ("allow_large_delta", "2", "true or false"),
    ("workers", "-1", "from 0 to 4096"),
    ("workers", "100000", "from 0 to 4096"),
    ("seed", "-1", "whole number from 0"),
    ("classes", "a,b,a", "without duplicates"),
    ("classes", [1, 2], "each item a string"),
    ("classes", ",", "at least one"),
    ("classes", "", "at least one"),
    ("degrees", ",,", "at least one"),
    ("public_size", "0", "whole number from 1"),
    ("public_size", str(10**16), "whole number from 1"),
    ("plugin", 3, "a string"),
    ("set", ["novalue"], "name=value"),
    ("set", ["=x"], "name=value"),
    ("set", {"a": {"b": 1}}, "strings, numbers"),
    ("embedding_options", 3, "a table"),
    ("allow_network", ",", "at least one"),
    ("allow_unconfined", "maybe", "true or false"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_a_bad_value_is_one_clear_error_that_names_its_origin(name, value, message):
    with pytest.raises(DataError, match=message) as caught:
        RunConfig(**{name: value})
    assert caught.value.where == name
    option = "--" + name.replace("_", "-")
    with pytest.raises(UsageError, match=message) as caught:
        resolve_config({name: value})
    assert caught.value.where == option


def test_the_text_of_the_user_is_shown_as_it_was_typed():
    with pytest.raises(UsageError, match=r"--set: got 'foo', expected name=value"):
        resolve_config({"set": ["foo"]})


@pytest.mark.parametrize("epsilon", [MAX_EPSILON, MAX_EPSILON * 1.001])
def test_the_bounds_are_those_of_the_accountant(epsilon):
    for check, error in (
        (lambda: RunConfig(epsilon=epsilon), DataError),
        (lambda: check_budget(epsilon, 0.1), PeError),
    ):
        if epsilon <= MAX_EPSILON:
            check()
        else:
            with pytest.raises(error):
                check()
    for scale in (MIN_SCALE, MAX_SCALE):
        assert _SCALE(scale) == scale
        check_scale(scale)
    for scale in (MIN_SCALE * 0.999, MAX_SCALE * 1.001):
        with pytest.raises(ValueError, match="number from"):
            _SCALE(scale)
        with pytest.raises(PeError):
            check_scale(scale)


def test_every_setting_is_tried_with_a_bad_value():
    # These are read as they are; `plugin` is an example of them.
    free_text = {"data", "embedding", "class_shares", "out"}
    assert {item.name for item in settings()} - free_text == {name for name, _, _ in BAD}


def test_a_bad_value_of_the_environment_or_the_file_names_it(toml):
    with pytest.raises(DataError, match="PE_EPSILON: got 'x'"):
        resolve_config({}, None, {"PE_EPSILON": "x"})
    with pytest.raises(DataError, match=r"epsilon in .*given\.toml: got nan"):
        resolve_config({}, toml("epsilon = nan"))


def test_degrees_must_be_as_many_as_iterations():
    with pytest.raises(DataError, match="2 degrees for 3 iterations"):
        RunConfig(degrees=(0.5, 0.2), iterations=3)
    assert RunConfig(degrees=(0.5, 0.2), iterations=2).degrees == (0.5, 0.2)
    with pytest.raises(UsageError, match="2 degrees for 3 iterations"):
        resolve_config({"degrees": "0.5,0.2"}, None, {"PE_ITERATIONS": "3"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epsilom = 1", "unknown setting 'epsilom'; did you mean 'epsilon'?"),
        ("xyzzy = 1", "unknown setting 'xyzzy'"),
        ("resume = true", "unknown setting 'resume'"),
        ("epsilon = ", "not a TOML file"),
        ("seed = " + "9" * 5_000, "a number in it is too long"),
        ("seed = " + "[" * 5_000, "its values are nested too deeply"),
        ("seed = 0x" + "f" * 5_000, "got a value of type int that is too long to show"),
        ("plugin = ['" + "x" * 5_000 + "']", "got '" + "x" * 199 + "…, expected a string"),
    ],
)
def test_a_file_with_something_unknown_is_refused(toml, text, message):
    with pytest.raises(DataError) as caught:
        resolve_config({}, toml(text))
    assert message in str(caught.value)
    assert str(toml(text)) in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        resolve_config({}, tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'plugin = "\xe9"')
    with pytest.raises(DataError, match="not UTF-8"):
        resolve_config({}, tmp_path / "latin.toml")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
tables = st.dictionaries(texts, texts, max_size=3)
configs = st.builds(
    RunConfig,
    plugin=texts,
    data=texts,
    epsilon=st.none() | st.just(math.inf) | st.floats(1e-300, 1e4),
    delta=st.floats(1e-10, 0.5),
    samples=st.none() | st.integers(1, 2**63 - 1),
    degrees=st.none() | st.lists(st.floats(0, 1), min_size=1, max_size=3).map(tuple),
    threshold=st.none() | st.floats(0, 1e300),
    selection=st.sampled_from([None, "sample", "rank"]),
    keep_parents=st.sampled_from([None, True, False]),
    classes=st.lists(texts, unique=True, max_size=3).map(tuple),
    seed=st.integers(0, 2**63 - 1),
    set=tables,
    embedding_options=tables,
)


@given(configs)
def test_a_saved_configuration_reads_back_equal(tmp_path_factory, config):
    path = tmp_path_factory.mktemp("saved") / "config.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert resolve_config({}, path) == config


def test_the_folder_of_the_run_is_not_saved_with_it():
    config = RunConfig(plugin="echo", out="runs/demo")
    assert "runs/demo" not in config.to_toml()
    assert replace(config, samples=5).out == "runs/demo"


def test_every_setting_can_be_given_in_every_way(toml):
    for item in settings():
        assert item.metadata["help"].endswith((".", "…"))
        assert (environment_name(item), option_name(item)) == (
            "PE_" + item.name.upper(),
            "--" + item.name.replace("_", "-"),
        )
    environ = {
        "PE_KEEP_PARENTS": "yes",
        "PE_DEGREES": "0.4, 0.2",
        "PE_CLASSES": "a, b",
        "PE_SELECTION": "rank",
    }
    config = resolve_config({}, None, environ)
    assert (config.keep_parents, config.degrees, config.classes) == (True, (0.4, 0.2), ("a", "b"))
