"""Bounds on attacks, against closed forms."""

import math

import pytest

from pe_host.report.attack import attack_bounds


def test_attack_bounds_against_closed_forms():
    gaussian = attack_bounds(math.inf, 0.0, 1.0)
    assert [b.detection for b in gaussian] == [0.093, 0.26, 0.39]  # Φ(Φ⁻¹(α) + 1) rounded up
    pure = attack_bounds(math.log(2), 0.0, None)
    assert [b.detection for b in pure] == pytest.approx([0.02, 0.1, 0.2], abs=0.0011)
    assert all(b.detection == 1.0 for b in attack_bounds(1000.0, 1e-6, None))
    assert all(b.detection == pytest.approx(b.false_alarms) for b in attack_bounds(0.0, 0.0, 0.0))


def test_the_tighter_of_two_bounds_is_given():
    for epsilon, mu in [(0.1, 5.0), (8.0, 0.1), (1.0, 0.25)]:
        both = attack_bounds(epsilon, 1e-6, mu)
        one, other = attack_bounds(epsilon, 1e-6, None), attack_bounds(1e9, 1e-6, mu)
        assert [b.detection for b in both] == [
            min(a.detection, b.detection) for a, b in zip(one, other, strict=True)
        ]
