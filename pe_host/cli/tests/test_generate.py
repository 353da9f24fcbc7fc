"""The calls that the commands over runs make; the functions that do the work are replaced."""

import contextlib
import json
import sys
import types
from pathlib import Path

import pytest

from pe_host.cli import _confined, main


class Done:
    def to_json(self):
        return {"done": True}

    def lines(self):
        return ["it is done"]


@contextlib.contextmanager
def not_confined(config, installed, *, resume, dry_run):
    yield _confined.Place(Path(config.out) if config.out else None)


@pytest.fixture
def call(monkeypatch, capsys):
    """Returns a function that runs `pe` in this process with one function of a module replaced.

    That function returns the exit code, the calls, stdout and stderr.
    """

    # It would confine the process of the tests.
    monkeypatch.setattr(_confined, "confined", not_confined)

    def run(where, *arguments):
        calls = []

        def replacement(*given, **named):
            calls.append((given, named))
            return Done()

        module, _, name = where.rpartition(".")
        fake = types.ModuleType(module)
        setattr(fake, name, replacement)
        monkeypatch.setitem(sys.modules, module, fake)
        monkeypatch.setattr(sys, "argv", ["pe", *arguments])
        code = main()
        return code, calls, *capsys.readouterr()

    return run


def test_generate_builds_the_configuration_from_all_its_sources(call, monkeypatch, tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("epsilon = 2.0\nseed = 7\n[set]\nfonts = 'here'\n")
    monkeypatch.setenv("PE_SEED", "8")
    arguments = [
        "--plugin",
        "echo",
        "--config",
        str(file),
        "--samples",
        "100",
        "--set",
        "texts=0,1",
        "--set",
        "a=b=c",
    ]
    more = [
        "--no-retrain",
        "--degrees",
        "0.4,0.2",
        "--out",
        "runs/x",
        "--resume",
        "--dry-run",
        "--classes",
        "a,b",
    ]
    code, [(given, named)], out, _ = call(
        "pe_host.commands.generate.generate", "generate", *arguments, *more
    )
    (config,) = given
    assert (code, out) == (0, "it is done\n")
    assert (config.plugin, config.epsilon, config.seed, config.samples) == ("echo", 2.0, 8, 100)
    assert config.set == {"fonts": "here", "texts": "0,1", "a": "b=c"}
    assert (config.retrain, config.keep_parents) == (False, None)
    assert (config.degrees, config.classes) == ((0.4, 0.2), ("a", "b"))
    assert (named["out"], named["resume"], named["dry_run"]) == (Path("runs/x"), True, True)
    assert callable(named["reporter"].iteration)


def test_generate_with_a_plugin_and_nothing_else_leaves_the_rest_to_the_host(call):
    _, [((config,), named)], out, _ = call(
        "pe_host.commands.generate.generate", "generate", "--plugin", "echo", "--json"
    )
    assert (config.epsilon, config.samples, config.data, config.set) == (None, None, "", {})
    assert (named["out"], named["resume"], named["dry_run"]) == (None, False, False)
    assert json.loads(out) == {"done": True}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--epsilon", "1"], 2, "error: --plugin: no generator was given"),
        (["--plugin", "echo", "--epsilon", "nan"], 2, "error: --epsilon: got 'nan'"),
        (["--plugin", "echo", "--resume"], 2, "--resume needs --out RUN"),
        (["--plugin", "echo", "--config", "none.toml"], 5, "error: none.toml: cannot read"),
    ],
)
def test_generate_refuses_before_any_work(call, arguments, code, message):
    got, calls, out, err = call("pe_host.commands.generate.generate", "generate", *arguments)
    assert (got, calls, out) == (code, [], "")
    assert message in err


@pytest.mark.parametrize(
    ("where", "arguments", "expected"),
    [
        ("pe_host.commands.replay.replay", ["replay", "r"], (Path("r"),)),
        ("pe_host.commands.report.build_reports", ["report", "r"], (Path("r"),)),
        (
            "pe_host.commands.export.export",
            ["export", "r", "--to", "npz", "--out", "o"],
            (Path("r"), "npz", Path("o")),
        ),
    ],
)
def test_the_other_commands_hand_over_what_was_typed(call, where, arguments, expected):
    code, [(given, named)], out, err = call(where, *arguments)
    assert (code, given, named, out, err) == (0, expected, {}, "it is done\n", "")
    assert json.loads(call(where, *arguments, "--json")[2]) == {"done": True}
