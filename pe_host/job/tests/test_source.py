"""`read_source`: what the user says about a source reaches its reader."""

import pytest

from pe_host.errors import UsageError
from pe_host.job.source import read_source
from pe_host.plugins import find
from pe_sdk import SourceOptions

READER = """
from pe_sdk import OutputSpec, ReaderSpec, SourceInfo

def describe(location, options):
    height, width = options.size or (28, 28)
    chosen = None if options.split else type(options)(**{**options.given(), "split": "train"})
    return SourceInfo(OutputSpec.image(height, width), ("a", "b"), options=chosen)

def make():
    return ReaderSpec("theirs", "a reader of somebody else", describe, None, ("size", "split"))
"""


@pytest.fixture
def read(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "reader_with_options.py").write_text(READER)
    monkeypatch.setenv("PE_DEV_PLUGIN", "reader/theirs=reader_with_options:make")
    return lambda **options: read_source("theirs:x", "SOURCE", find(), SourceOptions(**options))


def test_a_reader_gets_the_options_that_it_takes(read):
    assert read(size=(8, 4)).info.output.shape == (8, 4, 1)
    assert read(size=(8, 4), classes=("b", "a")).options.classes == ("b", "a")


def test_what_the_reader_decides_is_kept(read):
    assert read(size=(8, 4)).options == SourceOptions(size=(8, 4), split="train")
    assert read(split="test").options == SourceOptions(split="test")


def test_an_option_that_would_do_nothing_is_refused(read):
    with pytest.raises(UsageError, match="--fit: the reader theirs does not take") as caught:
        read(fit="crop")
    assert caught.value.fix == "it takes --size, --split"
    with pytest.raises(UsageError, match="--split: the reader sklearn does not take") as caught:
        read_source("sklearn:digits", "SOURCE", find(), SourceOptions(split="train"))
    assert "takes no options" in caught.value.fix
