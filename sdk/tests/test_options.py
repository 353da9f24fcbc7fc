"""Options are read from strings, described and written back."""

from dataclasses import dataclass

import pytest

from pe_sdk import (
    NoOptions,
    OptionError,
    describe_options,
    option,
    option_values,
    parse_options,
    path_options,
)


@dataclass(frozen=True)
class Options:
    size: int = option(3, "how large")
    rate: float = option(0.5, "how often")
    loud: bool = option(False, "or not")
    names: tuple[str, ...] = option(("a", "b"), "which")
    texts: dict[str, str] = option({}, "by label")

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("size is at least 0")


def test_values_are_read_by_type():
    given = {
        "size": "7",
        "rate": "1e-3",
        "loud": "yes",
        "names": "x, y",
        "texts.1": "one",
        "texts.a.b": "dot",
    }
    assert parse_options(Options, given) == Options(
        7, 1e-3, True, ("x", "y"), {"1": "one", "a.b": "dot"}
    )


def test_everything_has_a_default():
    assert parse_options(Options, {}) == Options()
    assert parse_options(NoOptions, {}) == NoOptions()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("sise", "3", "did you mean 'size'"),
        ("size", "3.5", "type int"),
        ("size", "-1", "at least 0"),
        ("loud", "maybe", "true or false"),
        ("xyzzy", "3", "unknown option 'xyzzy'. Options: size, rate, loud, names, texts.KEY$"),
        ("sise", "3", "did you mean 'size'. Options: size"),
        ("texts", "a", "unknown option 'texts'"),
        ("size.x", "1", "unknown option"),
    ],
)
def test_what_cannot_be_read_is_an_error(name, value, says):
    with pytest.raises(OptionError, match=says):
        parse_options(Options, {name: value})


def test_options_describe_themselves():
    shown = {info.name: info for info in describe_options(Options)}
    assert list(shown) == ["size", "rate", "loud", "names", "texts"]
    assert (shown["size"].type, shown["size"].default, shown["size"].help) == (
        "int",
        "3",
        "how large",
    )
    assert (shown["names"].default, shown["loud"].default) == ("a,b", "false")


@dataclass(frozen=True)
class Passing:
    size: int = option(3, "how large")
    texts: dict[str, str] = option({}, "by label")
    others: dict[str, str] = option({}, "of other generators", rest=True)


def test_what_belongs_to_no_option_goes_to_the_rest_under_its_full_name():
    given = {
        "size": "4",
        "texts.a": "x",
        "text-render.faces": "print",
        "b.c.d": "1",
        "others.x": "y",
    }
    parsed = parse_options(Passing, given)
    assert parsed == Passing(
        4, {"a": "x"}, {"text-render.faces": "print", "b.c.d": "1", "others.x": "y"}
    )
    assert parse_options(Passing, option_values(parsed)) == parsed
    assert describe_options(Passing)[2].type == "OTHER.KEY=TEXT"


@pytest.mark.parametrize("name", ["sise", "others", "size.x", "b.", "texts"])
def test_the_rest_takes_nothing_without_a_name_and_a_key(name):
    with pytest.raises(OptionError, match="unknown option"):
        parse_options(Passing, {name: "1"})


def test_options_that_are_paths_are_named():
    @dataclass(frozen=True)
    class Options:
        fonts: str = option("", "folder of fonts", path="read")
        texts: dict[str, str] = option({}, "a text")
        parts: dict[str, str] = option({}, "files", path="read")
        others: dict[str, str] = option({}, "of others", rest=True, path="read")

    given = {"fonts": "f", "texts.a": "t", "parts.a": "p", "other.model": "m"}
    assert path_options(Options, given) == ("fonts", "other.model", "parts.a")
    assert path_options(Options, {}) == path_options(NoOptions, given) == ()
    with pytest.raises(ValueError, match="path"):
        option("", "a file", path="write")
