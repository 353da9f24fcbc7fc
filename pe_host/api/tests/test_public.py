"""`import pe_host as pe`: the names that it promises, and errors that keep their kind."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pe_host as pe
from pe_host.api.process import _document, _error, call, make_config

NAMES = """
    DataError PeError PluginFailure PrivacyRefusal Run UsageError generate inspect open_run
"""


def test_the_public_names_are_exactly_these():
    assert sorted(pe.PUBLIC) == sorted(NAMES.split())
    assert all(getattr(pe, name) for name in pe.PUBLIC)
    assert set(pe.PUBLIC) <= set(dir(pe))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pe.nothing  # noqa: B018


def test_the_import_loads_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import pe_host; "
        "print(*sorted(m for m in set(sys.modules) - before if 'site' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pe_host"]


def test_settings_are_checked_before_a_process_is_started():
    with pytest.raises(pe.UsageError, match="no setting 'epsilom'") as caught:
        make_config("generate", {"epsilom": 1})
    assert caught.value.fix == "did you mean epsilon?"
    with pytest.raises(pe.DataError, match="epsilon: got -1"):
        pe.generate(plugin="echo", epsilon=-1)


def test_a_command_takes_no_setting_of_another():
    """`pe.inspect` spends nothing, so an ε given to it would be passed over without a word."""
    with pytest.raises(pe.UsageError, match="inspect: there is no setting 'epsilon'") as caught:
        pe.inspect("digits.npz", epsilon=3)
    assert caught.value.fix == "leave it out: it is a setting of `pe generate`"
    with pytest.raises(pe.UsageError, match="no setting 'siz'") as caught:
        pe.inspect("digits.npz", siz=3)
    assert caught.value.fix == "did you mean size?"
    with pytest.raises(pe.UsageError, match="continue: there is no setting 'start'"):
        make_config("continue", {"start": "run"})
    assert make_config("inspect", {"size": 8, "classes": "a,b"}).classes == ("a", "b")


def test_numbers_and_paths_of_other_libraries_are_settings():
    given = {"samples": np.int64(30), "epsilon": np.float64(2), "data": Path("d.npz")}
    given |= {"degrees": np.array([0.5, 0.25]), "retrain": np.bool_(True)}
    config = make_config("generate", given | {"size": [np.int32(8), 9], "set": {"a": np.int8(3)}})
    assert (config.samples, config.epsilon, config.data) == (30, 2.0, "d.npz")
    assert (config.degrees, config.size, config.retrain) == ((0.5, 0.25), (8, 9), True)
    assert config.set == {"a": "3"}
    assert all(type(number) is int for number in (config.samples, *config.size))


def test_an_answer_that_is_not_json_is_an_error_of_pe():
    assert _document('{"a": 1}') == {"a": 1}
    with pytest.raises(pe.PeError, match="its answer is not JSON"):
        _document("Usage: pe inspect")


def test_an_error_calls_a_setting_by_its_name():
    """Fails if it says where the command read it: the caller gave it as an argument."""
    assert str(_error(5, ["error: size in /dev/stdin: no\n"])) == "size: no"


def test_what_a_command_says_as_it_goes_calls_a_setting_by_its_name(capsys):
    with pytest.raises(pe.DataError, match="^samples: "):
        call(["generate"], settings="samples = 'many'\n", progress=True)
    assert "error: samples: " in (said := capsys.readouterr().err) and "stdin" not in said


@pytest.mark.parametrize(
    ("code", "kind"),
    [(2, pe.UsageError), (3, pe.PluginFailure), (4, pe.PrivacyRefusal), (5, pe.DataError)],
)
def test_an_error_keeps_its_kind_and_its_words(code, kind):
    error = _error(code, ["iteration 1\n", "error: --data: no\n", "  next: do this\n"])
    assert type(error) is kind and str(error) == "--data: no" and error.fix == "do this"


def test_a_command_that_dies_without_a_word_is_an_error_too():
    error = _error(-9, [])
    assert type(error) is pe.PeError and str(error) == "pe was killed by signal 9 and said nothing"


def test_the_last_words_of_a_command_that_dies_stand_in_the_error():
    error = _error(1, ["early\n", "a\n", "\n", "b\x1b[2J\n", "ImportError: no torch\n"])
    assert str(error) == (
        r"pe ended with code 1, after these words: a; b\x1b[2J; ImportError: no torch"
    )
