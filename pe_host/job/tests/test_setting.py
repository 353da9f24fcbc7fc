import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pe_host.job.setting import list_of, string, typed_list

read = list_of(string)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a", ("a",)),
        (" a , b c,, d ", ("a", "b c", "d")),
        ('"a,b",c', ("a,b", "c")),
        ('c, "a,b" ', ("c", "a,b")),
        ('"say ""hi""",5" pipe', ('say "hi"', '5" pipe')),
        ("Größe 1 – ähnlich,日本 語", ("Größe 1 – ähnlich", "日本 語")),
    ],
)
def test_a_list_is_read_as_a_row_of_a_csv_file(text, items):
    assert read(text) == items
    assert read(read(text)) == items


@pytest.mark.parametrize("text", ['"a,b', '"a"b,c', "a\nb"])
def test_quotes_that_do_not_match_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match='"a,b",c'):
        read(text)


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_an_empty_list_is_refused(text):
    with pytest.raises(ValueError, match="at least one item"):
        read(text)


names = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda name: name == name.strip())


@given(st.lists(names, min_size=1, max_size=5))
def test_what_a_hint_shows_reads_back_when_it_is_copied_into_a_shell(items):
    (word,) = shlex.split(typed_list(items))
    assert read(word) == tuple(items)


def test_a_plain_hint_stays_plain():
    assert typed_list(["a", "b-1", "c.d"]) == "a,b-1,c.d"
    assert typed_list(["a,b", "c"]) == """'"a,b",c'"""
