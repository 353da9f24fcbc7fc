import itertools
import sys

import pytest

from pe_host.errors import PluginFailure
from pe_host.plugins import PluginRef
from pe_host.plugins.load import load_embedding, load_generator, load_reader
from pe_sdk import GeneratorSpec, ReaderSpec

_numbers = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes an importable module and returns its name, which no other test uses."""
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(source):
        name = f"load_test_module_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(
            "from pe_sdk import *\nfrom pe_sdk import hookimpl\n" + source
        )
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def ref(module, kind="generator", name="my-x", **more):
    return PluginRef(kind, name, module, "pe-plugin-x", "1.0", **more)


SPEC = "GeneratorSpec(name={!r}, summary='made up', factory=None)"
HOOK = "@hookimpl\ndef pe_generators():\n    return [{}]\n"


def test_the_spec_of_the_name_is_picked(module):
    name = module(HOOK.format(SPEC.format("other") + ", " + SPEC.format("my_x")))
    spec = load_generator(ref(name))
    assert isinstance(spec, GeneratorSpec)
    assert spec.name == "my_x"


def test_readers_and_embeddings_have_hooks_of_their_own(module):
    reader = "@hookimpl\ndef pe_readers():\n    return [ReaderSpec('my-x', 's', None, None)]\n"
    embedding = "@hookimpl\ndef pe_embeddings():\n    return [EmbeddingSpec('my-x', 's', None)]\n"
    name = module(reader + embedding + HOOK.format(SPEC.format("my-x")))
    assert isinstance(load_reader(ref(name, "reader")), ReaderSpec)
    assert load_embedding(ref(name, "embedding")).summary == "s"
    with pytest.raises(ValueError, match="is no generator"):
        load_generator(ref(name, "reader"))


BROKEN = {
    "exits": ("raise SystemExit(3)", "tried to end the process .*3"),
    "import error": ("import module_that_is_nowhere", "No module named 'module_that_is_nowhere'"),
    "syntax": ("def (", "SyntaxError"),
    "raises": ("raise RuntimeError('first line\\nsecond line')", "RuntimeError: first line$"),
    "base exception": ("raise BaseException('odd')", "BaseException: odd"),
    "no hook": ("", "no spec of that name; no hook pe_generators returned any"),
    "hook raises": (
        "@hookimpl\ndef pe_generators():\n    raise KeyError('gone')",
        "KeyError: 'gone'",
    ),
    "hook exits": ("@hookimpl\ndef pe_generators():\n    exit()", "tried to end the process"),
    "hook of nothing": (
        "@hookimpl\ndef pe_generators():\n    return [None]",
        "returned NoneType, not GeneratorSpec",
    ),
    "no list": (HOOK.replace("[{}]", "{}").format(SPEC.format("my-x")), "TypeError"),
    "unknown argument": (
        "@hookimpl\ndef pe_generators(unknown):\n    return []",
        "PluginValidationError",
    ),
    "other name": (HOOK.format(SPEC.format("other")), "no spec of that name; it returned 'other'"),
    "twice": (HOOK.format(SPEC.format("my-x") + "," + SPEC.format("my_x")), "2 specs of that name"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_whatever_is_wrong_is_one_line_with_the_plugin_and_its_distribution(module, case):
    source, message = BROKEN[case]
    with pytest.raises(PluginFailure, match=message) as caught:
        load_generator(ref(module(source)))
    assert "generator 'my-x' of pe-plugin-x 1.0" in caught.value.where
    assert "\n" not in str(caught.value)


def test_an_interruption_is_not_taken_for_a_broken_plugin(module):
    with pytest.raises(KeyboardInterrupt):
        load_generator(ref(module("raise KeyboardInterrupt")))


def test_what_a_plugin_prints_at_import_does_not_mix_with_results(module, capsys):
    load_generator(ref(module("print('hello')\n" + HOOK.format(SPEC.format("my-x")))))
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize("target", ["spec", "make", "Nested.make"])
def test_a_development_plugin_is_a_spec_or_makes_one(module, target):
    source = (
        f"spec = {SPEC.format('my-x')}\n"
        "def make():\n    return spec\n"
        "class Nested:\n    make = make\n"
    )
    name = module(source)
    assert load_generator(ref(name, dev=f"{name}:{target}")).name == "my-x"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("gone", "no attribute 'gone'"),
        ("number", "returned int"),
        ("other", "no spec of that name"),
    ],
)
def test_a_development_plugin_that_is_none_says_so(module, target, message):
    name = module(f"number = 3\nother = {SPEC.format('other')}\n")
    with pytest.raises(PluginFailure, match=message):
        load_generator(ref(name, dev=f"{name}:{target}"))
