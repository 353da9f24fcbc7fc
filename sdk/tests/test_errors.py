"""Errors of plugins carry what the host prints."""

import pe_sdk


def test_a_source_error_says_what_where_and_what_next():
    error = pe_sdk.SourceError("there is no such file", where="x.npz", fix="name one")
    assert (str(error), error.what, error.where, error.fix) == (
        "x.npz: there is no such file",
        "there is no such file",
        "x.npz",
        "name one",
    )
    assert str(pe_sdk.SourceError("empty")) == "empty"
