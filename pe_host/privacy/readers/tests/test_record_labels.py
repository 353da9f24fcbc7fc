"""Labels as texts: classes are found as for arrays, and each record is placed by itself."""

import pytest

from pe_host.formats import patterns
from pe_host.privacy.readers.record_labels import (
    by_regex,
    classes_of,
    clients_in,
    ids_of,
    positions_of,
)
from pe_sdk import SourceError, SourceOptions

NAMES = ("p1/cat_01.png", "p1/dog_02.png", "p2/cat_03.png", "p2/04.png")


def test_a_pattern_is_searched_for_in_the_name_or_in_the_path() -> None:
    assert by_regex("name:^([a-z]+)_", NAMES, "--labels", "x") == {0: "cat", 1: "dog", 2: "cat"}
    assert by_regex("path:^p[0-9]", NAMES, "--client", "x") == dict(
        enumerate(("p1", "p1", "p2", "p2"))
    )
    assert by_regex("path:p(?:1|2)/(cat)?", NAMES, "--labels", "x") == {0: "cat", 2: "cat"}
    with pytest.raises(SourceError, match="no name of a file matches") as caught:
        by_regex("name:^bird", NAMES, "--labels", "x")
    assert "--labels 'name:" in caught.value.fix
    with pytest.raises(SourceError, match="not a regular expression"):
        by_regex("name:(", NAMES, "--client", "x")


def test_a_pattern_that_takes_for_ever_is_an_error_of_its_option(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 1)
    with pytest.raises(SourceError, match="--client: the pattern takes more than 1 s") as caught:
        by_regex("name:^(a|a)*$", ("a" * 60 + "!",), "--client", "x")
    assert "without repetitions of repetitions" in caught.value.fix


def test_numbers_are_counted_and_names_are_private() -> None:
    found = classes_of({0: "2", 1: "0.0", 2: "1"}, SourceOptions(), "x")
    assert found.names == ("0", "1", "2") and found.counted
    with pytest.raises(SourceError, match="private") as caught:
        classes_of({0: "cat", 1: "2"}, SourceOptions(), "x")
    assert "--public-classes" in caught.value.fix
    public = SourceOptions(public_classes=True)
    assert classes_of({0: "b", 1: "a10", 2: "a9"}, public, "x").names == ("a9", "a10", "b")


def test_one_odd_label_changes_nothing_for_other_records() -> None:
    given = SourceOptions(classes=("cat", "dog"), labels_from=1)
    texts = {0: "1", 1: "2", 2: "1"}
    for odd in ({}, {3: "?"}):
        options = classes_of({**texts, **odd}, given, "x").options
        placed = positions_of({**texts, **odd}, 5, ("cat", "dog"), options)
        assert placed.tolist() == [0, 1, 0, -1, -1]
        with pytest.raises(SourceError, match="labels count from 0") as caught:
            classes_of({**texts, **odd}, SourceOptions(classes=("cat", "dog")), "x")
        assert "--labels-from 1" in caught.value.fix


def test_a_number_is_one_class_however_it_is_written_and_whatever_others_are() -> None:
    public = SourceOptions(public_classes=True)
    for odd in ({}, {3: "?"}):
        texts = {0: "1", 1: "01", 2: "1.0", **odd}
        names = classes_of(texts, public, "x").names
        assert set(names) == {"1", *odd.values()}
        placed = positions_of(texts, 4, names, public)
        assert {names[place] for place in placed[:3]} == {"1"}


def test_a_label_is_a_name_or_a_number() -> None:
    none = SourceOptions()
    assert positions_of({0: "dog", 1: "0", 2: "7"}, 3, ("cat", "dog"), none).tolist() == [1, 0, -1]
    assert positions_of({0: "3", 1: "03", 2: "2"}, 3, ("3", "5"), none).tolist() == [0, 0, -1]
    first = SourceOptions(labels_from=1)
    assert positions_of({0: "1", 1: "2", 2: "0"}, 3, ("2", "1"), first).tolist() == [0, 1, -1]
    assert positions_of({0: "1", 1: "2", 2: "x"}, 3, ("1", "2", "x"), none).tolist() == [0, 1, 2]
    assert positions_of({0: "00", 1: "01"}, 2, ("00", "01"), none).tolist() == [0, 1]


def test_equal_texts_are_one_client() -> None:
    assert ids_of({0: "b", 1: "a", 3: "b"}, 4).tolist() == [0, 1, 0, 0]


def test_a_client_is_one_however_its_number_is_written() -> None:
    """Fails if the texts themselves are the clients: one person would then be protected as two."""
    clients = clients_in({0: "7", 1: "7.0", 2: "ann", 3: "nan", 4: "?", 5: "7"})
    assert sorted(clients) == [0, 1, 2, 5]
    ids = ids_of(clients, 6)
    assert ids[0] == ids[1] == ids[5] != ids[2]
