"""Bad readers: each is found by exactly the check meant for it."""

import re
from dataclasses import replace

import numpy as np
import pytest

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table
from pe_sdk.testing import check_reader, checks

FRESH = {"import_budget", "forbidden_imports"}  # the same for all kinds: bad generators prove them


def describe(location):
    if location != "here":
        raise SourceError("there is no such source")
    return SourceInfo(OutputSpec.image(2, 2), ("0", "1"), public=True)


def read(location, output, labels):
    return Table(np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1]))


def given(location, options):
    return describe(location)


def given_read(location, output, labels, options):
    return read(location, output, labels)


class Twice:
    """Returns different records each time."""

    calls = 0

    def __call__(self, location, output, labels):
        self.calls += 1
        return replace(
            read(location, output, labels), data=np.full((4, 2, 2, 1), self.calls, np.uint8)
        )


GOOD_READER = ReaderSpec("zeros", "four zeros", describe, read)

BAD_READERS = {
    "metadata": replace(GOOD_READER, name="Zeros"),
    "takes_options": replace(GOOD_READER, takes=("colours",), describe=given, read=given_read),
    "refuses_missing": replace(GOOD_READER, describe=lambda location: describe("here")),
    "describes_publicly": replace(
        GOOD_READER, describe=lambda location: replace(describe(location), public=1)
    ),
    "read_agrees": replace(
        GOOD_READER, read=lambda *a: replace(read(*a), data=np.zeros((4, 3, 2, 1), np.uint8))
    ),
    "labels_in_range": replace(
        GOOD_READER, read=lambda *a: replace(read(*a), labels=np.array([0, 1, 0, 2]))
    ),
    "reads_deterministically": replace(GOOD_READER, read=Twice()),
}


@pytest.mark.parametrize("name", sorted({c.name for c in checks("reader")} - FRESH))
def test_only_the_check_meant_for_it_finds_a_bad_reader(name):
    report = check_reader(BAD_READERS[name], location="here")
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


@pytest.mark.parametrize(
    ("takes", "says"),
    [
        (("colour", "sizes"), "SourceOptions has no sizes"),
        ("size", "takes is 'size', not a tuple"),
        (["size"], "takes is .'size'., not a tuple"),
        ((3,), "takes is .3,., not a tuple"),
    ],
)
def test_what_a_reader_takes_must_be_options(takes, says):
    spec = replace(GOOD_READER, takes=takes, describe=given, read=given_read)
    (failure,) = check_reader(spec, location="here").failures
    assert failure.name == "takes_options" and re.search(says, failure.detail)
    good = replace(spec, takes=("size", "colour"))
    check_reader(good, location="here").raise_for_failures()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clients", 0),
        ("public_ranges", None),
        ("counted", 1),
        ("layout", None),
        ("names_from", ("a file",)),
        ("clients_from", b"column"),
        ("label_names", ["0", "1"]),
        ("preparation", "RGB"),
        ("preparation", ["RGB"]),
        ("passed_over", (1,)),
        ("options", {}),
    ],
)
def test_a_value_of_another_type_is_found(name, value):
    def wrong(location):
        return replace(describe(location), **{name: value})

    report = check_reader(replace(GOOD_READER, describe=wrong), location="here")
    (found,) = [r for r in report.failures if r.name == "describes_publicly"]
    assert found.detail.startswith(f"{name} is {value!r}")


def test_what_a_reader_raises_is_not_quoted():
    def raising(location, output, labels):
        raise ValueError("could not convert 'Jane Doe' to a number")

    spec = replace(BAD_READERS["metadata"], summary="one line", read=raising)
    report = check_reader(spec, location="here")
    assert report.failures and not [r for r in report.results if "Jane" in r.detail]


def test_a_good_reader_breaks_no_rule():
    check_reader(GOOD_READER, location="here").raise_for_failures()
