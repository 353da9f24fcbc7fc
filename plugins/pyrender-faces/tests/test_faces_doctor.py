import pytest

from pe_pyrender_faces import backends, doctor


def findings(monkeypatch, *tried):
    monkeypatch.setattr(backends, "probe", lambda: tried)
    return [(finding.name, finding.level) for finding in doctor.check()]


def test_one_renderer_is_enough(monkeypatch):
    assert findings(monkeypatch, ("pyrender", True, "Mesa"), ("numba", True, "0.6")) == [
        ("pyrender", "ok"),
        ("numba", "ok"),
    ]
    without = findings(monkeypatch, ("pyrender", False, "no EGL"), ("numba", True, "0.6"))
    assert without == [("pyrender", "warning"), ("numba", "ok")]


def test_none_is_bad(monkeypatch):
    assert {
        level for _, level in findings(monkeypatch, ("pyrender", False, ""), ("numba", False, ""))
    } == {"bad"}


def test_a_busy_machine_is_no_broken_installation(monkeypatch):
    """Neither was ready in time: another run of `pe doctor` says more, not an installation."""
    late = backends.too_slow()
    found = findings(monkeypatch, ("pyrender", False, late), ("numba", False, late))
    assert found == [("pyrender", "warning"), ("numba", "warning")]
    assert all("again" in finding.fix for finding in doctor.check())


@pytest.mark.slow
def test_it_draws_for_real():
    found = {finding.name: finding for finding in doctor.check()}
    assert found["numba"].level == "ok" and set(found) == {"pyrender", "numba"}
