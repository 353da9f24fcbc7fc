"""The embeddings and readers of the host and of the plugins keep the contract."""

import pytest

from pe_sdk.testing import check_embedding, check_reader


@pytest.mark.parametrize("name", ["pixels", "simulator-features", "face-parameters"])
def test_embeddings_keep_the_contract(name):
    options = {"steps": "20"} if name == "simulator-features" else None
    check_embedding(name, options=options).raise_for_failures()


@pytest.mark.parametrize(
    ("name", "location"),
    [("sklearn", "digits"), ("npz", ""), ("idx", ""), ("folder", ""), ("demo", ""), ("demo-shapes", "")],
)
def test_readers_keep_the_contract(name, location):
    # Those without a location here have records in tests of their own.
    check_reader(name, location=location).raise_for_failures()
