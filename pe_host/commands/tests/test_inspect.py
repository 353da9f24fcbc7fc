"""`pe inspect`: what pe takes a source for; counts only for those who ask for private ones."""

import json

import numpy as np
import pytest

from pe_host.commands.inspect import PRIVATE, inspect
from pe_host.errors import DataError
from pe_sdk import SourceOptions


@pytest.fixture
def source(tmp_path):
    """Returns a function that saves an npz file of 17 + 25 images of two classes."""

    def save(**arrays):
        labels = np.repeat([0, 1], [17, 25])
        images = np.zeros((len(labels), 6, 5), np.uint8)
        np.savez(tmp_path / "data.npz", **{"images": images, "labels": labels, **arrays})
        return str(tmp_path / "data.npz")

    return save


def test_only_what_is_public_is_shown(source):
    done = inspect(source(label_names=np.array(["ill", "well"])), SourceOptions())
    assert done.document["classes"] == ["ill", "well"]
    assert done.document["output"]["shape"] == [6, 5, 1]
    text = "\n".join(done.lines())
    assert "classes       2: ill, well (label_names in the file)" in text
    assert "privacy unit  one record" in text
    for shown in (text, json.dumps(done.to_json())):
        shown = shown.replace(done.document["source"], "")  # a path may hold any number
        assert not any(count in shown for count in ("17", "25", "42"))


def test_private_counts_are_shown_on_demand_and_called_private(source):
    path = source(clients=np.arange(42) // 2)
    done = inspect(path, SourceOptions(), private=True)
    assert done.document["private"] == {
        "records": 42,
        "clients": 21,
        "of_classes": {"0": 17, "1": 25},
    }
    assert f"PRIVATE: {PRIVATE}" in done.lines()
    assert "one client with all its records" in "\n".join(done.lines())


def test_declared_names_are_those_that_count(source):
    done = inspect(source(), SourceOptions(classes=("cat", "dog")), private=True)
    assert "2: cat, dog (--classes)" in "\n".join(done.lines())
    assert done.document["private"]["of_classes"] == {"cat": 17, "dog": 25}


def test_records_with_a_fault_are_refused_or_dropped(source):
    path = source(labels=np.repeat([0, 5], [17, 25]))
    with pytest.raises(DataError, match="labels count from 0, and one is larger"):
        inspect(path, SourceOptions(classes=("cat", "dog")))
    two = SourceOptions(classes=("cat", "dog"), labels_from=0)
    with pytest.raises(DataError, match="label in row 17 is not one of the 2 classes"):
        inspect(path, two, private=True)
    done = inspect(path, two, private=True, bad_records="drop")
    assert done.document["private"]["records"] == 17
