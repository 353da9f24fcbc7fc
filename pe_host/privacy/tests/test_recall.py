"""What the cache holds saves time; it never decides about the guarantee."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pe_host.privacy import accountant, recall
from pe_host.privacy.accountant import (
    calibrate,
    epsilon_of,
    gaussian_mu,
    plan_releases,
)
from pe_host.privacy.recall import recalled

BUDGET = (2.0, 1e-6, 3, 4)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "pe" / "accounting"


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The compositions that take dp-accounting."""
    asked: list[object] = []
    compose = accountant._compose.__wrapped__

    def counted(groups: object) -> object:
        asked.append(groups)
        return compose(groups)

    monkeypatch.setattr(accountant, "_compose", counted)
    return asked


def _numbers() -> tuple[object, ...]:
    scales = calibrate(*BUDGET)
    releases = plan_releases(scales, *BUDGET[2:])
    return scales, gaussian_mu(releases), epsilon_of(releases, BUDGET[1])


def _forge(folder: Path, change: Callable[[float], object]) -> None:
    for path in folder.iterdir():
        document = json.loads(path.read_text())
        value = change(float.fromhex(document["value"]))
        document["value"] = value.hex() if isinstance(value, float) else value
        path.write_text(json.dumps(document))


def test_the_second_time_nothing_is_composed(composed: list[object]) -> None:
    first = _numbers()
    assert composed
    composed.clear()
    assert _numbers() == first and not composed


# A calibrated cost that grows, and claims of μ and ε that shrink, would weaken what is promised.
@pytest.mark.parametrize("factor", [1.01, 2.0, 1e300, 0.98, 0.5, 1e-300, 0.0, -1.0])
def test_a_forged_number_never_weakens_the_guarantee(cache: Path, factor: float) -> None:
    scales, mu, epsilon = _numbers()
    _forge(cache, lambda value: value * factor)
    again = calibrate(*BUDGET)
    releases = plan_releases(again, *BUDGET[2:])
    assert accountant.delta_of(releases, BUDGET[0]) <= BUDGET[1]
    if factor > 1 or factor <= 0:
        assert again == scales
    calibrated = plan_releases(scales, *BUDGET[2:])  # type: ignore[arg-type]  # tests pass objects
    assert gaussian_mu(calibrated) >= mu  # type: ignore[operator]
    assert epsilon_of(calibrated, BUDGET[1]) >= epsilon  # type: ignore[operator]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "x", None, [], {"a": 1}])
def test_a_number_that_is_none_is_computed(cache: Path, value: object) -> None:
    first = _numbers()
    _forge(cache, lambda _: value)
    assert _numbers() == first


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 4096, b"null", b"{}"])
def test_a_damaged_file_is_computed_and_written_again(cache: Path, content: bytes) -> None:
    first = _numbers()
    for path in cache.iterdir():
        path.write_bytes(content)
    assert _numbers() == first
    assert all(path.read_bytes() != content for path in cache.iterdir())


def test_a_number_of_other_inputs_or_versions_is_not_taken(cache: Path) -> None:
    assert recalled("x", [1.0], lambda: 1.0, lambda _: True) == 1.0
    assert recalled("x", [2.0], lambda: 2.0, lambda _: True) == 2.0
    (one, other) = sorted(cache.iterdir())
    one.write_bytes(other.read_bytes())  # under the name of the first, the number of the second
    assert recalled("x", [1.0], lambda: 1.0, lambda _: True) == 1.0
    assert recalled("x", [2.0], lambda: 2.0, lambda _: True) == 2.0


def test_a_cache_that_cannot_be_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert recalled("x", [1.0], lambda: 3.0, lambda _: True) == 3.0


def test_a_pipe_in_place_of_a_kept_number_does_not_block(tmp_path: Path) -> None:
    """Fails by never ending if whatever lies at the path is opened."""
    path = tmp_path / "number.json"
    os.mkfifo(path)
    assert recall._read(path, "key") is None
