"""Examples in docstrings are executed."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import pe_sdk

MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(pe_sdk.__path__, "pe_sdk.")
    if not module.name.endswith("__main__")
]
DOCTESTS = [
    test
    for module in MODULES
    for test in doctest.DocTestFinder(exclude_empty=True).find(module)
    if test.examples
]


@pytest.mark.parametrize("test", DOCTESTS, ids=lambda test: test.name)
def test_the_examples_of_a_docstring_run(test):
    printed = []
    outcome = doctest.DocTestRunner().run(test, out=printed.append)
    assert outcome.failed == 0, "".join(printed)


@pytest.mark.parametrize(
    "name", ["Simulator", "Generator", "GeneratorSpec", "EmbeddingSpec", "ReaderSpec"]
)
def test_a_contract_shows_an_example(name):
    contract = getattr(pe_sdk, name)
    assert "\nExamples:\n" in inspect.cleandoc(contract.__doc__)
    assert f"{contract.__module__}.{name}" in {test.name for test in DOCTESTS}
